#include "proxy/control/reload.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proxy/control/file_rights.h"
#include "proxy/control/server_log.h"
#include "proxy/control/server_options.h"
#include "proxy/control/server_questions.h"
#include "proxy/control/server_state.h"
#include "proxy/control/worker_count.h"
#include "proxy/io/alarm.h"
#include "proxy/io/loop.h"
#include "proxy/io/thread_pool.h"
#include "proxy/log/time_text.h"
#include "proxy/sites/site_paths.h"
#include "proxy/system/file_watch.h"
#include "proxy/system/privileges.h"
#include "proxy/system/retry.h"

enum reload_cause { BY_OPERATOR, BY_FILES, BY_VALIDITY, BY_RETRY, NO_CAUSE };

struct reload {
	struct server *server;
	struct file_watch *watch;
	struct alarm *alarm; /* to look again at files that are wrong */
	struct retry retry;
	bool unwatched; /* there was no memory to watch the files */
	struct reading *reading; /* under way in a thread; NULL: none */
	enum reload_cause next; /* came meanwhile */
	int64_t changed_at; /* the last moment for which files were read because another leaf is valid; 0: none */
};

/* The configuration and the files, read beside the loop: some thousand sites, or a password's hash, take their time. */
struct reading {
	struct pool_job job;
	struct reload *reload;
	const struct server_options *options;
	enum reload_cause cause;
	uint64_t begun_ms;
	bool is_told_slow;
	struct site_files *former;
	struct site_files *files; /* what was read; NULL: it is refused, `errors` has the reasons */
	struct buffer errors;
};

/* The state that a reload builds; none of it is used before all of it is complete. */
struct prospect {
	struct site_set *set;
	struct listeners listeners;
	struct admin_listener *page;
	bool keeps_page; /* as it was: the token cannot be read */
	struct buffer *errors; /* why nothing is taken over */
	struct buffer faults; /* what is wrong with files */
	struct buffer certificates; /* what is served, for the log */
};

static const char *const cause_words[] = {
    [BY_OPERATOR] = "SIGHUP",
    [BY_FILES] = "a certificate or key file has changed",
    [BY_VALIDITY] = "a file holds a leaf and its renewal, and another of them is the valid one now",
    [BY_RETRY] = "files that were wrong are different now",
};

static void on_change(void *context)
{
	struct server *server = context;
	if (server->state == SERVER_RUNNING)
		publisher_change(server->publisher);
}

struct site_set_options reload_set_options(struct server *server)
{
	return (struct site_set_options){
	    .loop = server->loop,
	    .log = &server->log,
	    .fix_log = server->fix_log,
	    .trust = server->events.trust,
	    .num_workers = server->num_workers,
	    .watch = server->events.watch,
	    .mend_tally = &server->mends,
	    .threads = server->threads,
	    .context = server,
	    .on_change = on_change,
	};
}

static void watch_files(struct reload *reload)
{
	size_t count = 0;
	const char **paths = site_paths_list(site_set_config(reload->server->set), &count);
	bool watched = paths != NULL && file_watch_set(reload->watch, paths, count);

	free(paths);
	if (!watched && !reload->unwatched)
		program_log_write(&reload->server->log, LOG_LEVEL_ERROR, "",
				  "certificate files are not watched for now: out of memory");
	reload->unwatched = !watched;
}

static void set_alarm(struct reload *reload)
{
	if (site_files_num_faulty(site_set_files(reload->server->set)) > 0)
		alarm_set(reload->alarm, retry_next(&reload->retry));
	else
		alarm_stop(reload->alarm);
}

void reload_begin(struct reload *reload)
{
	file_rights_log_unreadable(&reload->server->log, reload->server->set);
	file_rights_log_open(&reload->server->log, reload->server->set);
	watch_files(reload);
	set_alarm(reload);
}

/* The page stays as it was where it is at the same address, and the file of its token is wrong. */
static bool open_page(const struct server *server, struct prospect *prospect)
{
	const struct config *config = site_set_config(prospect->set);
	const struct admin_listener *former = admin_listener(server->admin);
	char where[CONFIG_ADDRESS_MAX];
	struct buffer errors;

	buffer_init(&errors, SERVER_MAX_ERROR_BYTES);
	bool good = admin_listener_open(config, former, &prospect->page, &errors);
	prospect->keeps_page =
	    !good && former != NULL && strcmp(former->where, config_admin_print(&config->admin, where)) == 0;
	struct error full =
	    buffer_append(prospect->keeps_page ? &prospect->faults : prospect->errors, buffer_bytes(&errors));
	(void)full;
	buffer_cleanup(&errors);
	return good || prospect->keeps_page;
}

static bool build(struct server *server, struct prospect *prospect, bool by_operator)
{
	struct site_set_options options = reload_set_options(server);
	const struct config *config = site_set_config(prospect->set);

	options.operator_decides = by_operator;
	return privileges_check(config->user, config->group, prospect->errors) &&
	       site_set_build(prospect->set, &options, server->set, prospect->errors) && open_page(server, prospect) &&
	       listeners_open(config, server->num_workers, &server->listeners, &prospect->listeners, prospect->errors);
}

/* Replaces the present sites and listeners by those that were built aside. */
static void swap(struct server *server, struct prospect *prospect)
{
	struct site_set *former = server->set;
	struct listeners former_listeners = server->listeners;
	const struct config *config = site_set_config(prospect->set);

	site_set_await_first(prospect->set, SERVER_FIRST_MENDS_MS);
	backend_trust_suspend(server->events.trust);
	server->set = prospect->set;
	server->listeners = prospect->listeners;
	server->log.level = config->log_level;
	site_set_take_over(server->set);
	site_set_free(former);
	publisher_now(server->publisher);
	listeners_cleanup(&former_listeners);
	backend_trust_resume(server->events.trust);
	fix_log_set_path(server->fix_log, config->fix_log);
	fix_log_keep(server->fix_log, server_has_group, server, time_text_now_ms());
	client_findings_keep_sites(server->events.clients, server_is_site, server);
	chain_watch_keep(server->events.watch, server_is_certificate, server, time_text_now_ms());
	if (!prospect->keeps_page)
		admin_use(server->admin, prospect->page);
}

static void take_over(struct reload *reload, struct prospect *prospect, enum reload_cause cause)
{
	struct server *server = reload->server;
	const struct config *config = site_set_config(prospect->set);
	struct reload_lines lines = {.why = cause_words[cause], .num_sites = site_set_count(prospect->set)};

	site_files_print_faults(site_set_files(prospect->set), &prospect->faults);
	server_log_fixed_keys(&server->log, site_set_config(server->set), config,
			      worker_count_of(config) != server->num_workers);
	server_log_print_certificates(server->set, prospect->set, &prospect->certificates);
	swap(server, prospect);
	reload_begin(reload);
	site_set_begin(server->set);
	lines.num_faulty = site_files_num_faulty(site_set_files(server->set)) + (prospect->keeps_page ? 1 : 0);
	reload_tally_add(&server->reloads, lines.num_faulty > 0 ? RELOAD_PARTIAL : RELOAD_DONE, time_text_now_ms());
	lines.faults = buffer_text(&prospect->faults);
	lines.certificates = buffer_text(&prospect->certificates);
	server_log_reload(&server->log, &lines);
}

static void refuse(struct server *server, struct prospect *prospect, enum reload_cause cause)
{
	admin_listener_close(prospect->page);
	site_set_free(prospect->set);
	reload_tally_add(&server->reloads, RELOAD_FAILED, time_text_now_ms());
	program_log_lines(&server->log, LOG_LEVEL_ERROR, buffer_text(prospect->errors));
	program_log_write(&server->log, LOG_LEVEL_ERROR, "reload",
			  "%s: nothing of it is taken over, what was there goes on serving", cause_words[cause]);
}

static void finish(struct reload *reload, struct reading *reading)
{
	struct server *server = reload->server;
	struct prospect prospect = {.errors = &reading->errors};

	buffer_init(&prospect.faults, SERVER_MAX_ERROR_BYTES);
	buffer_init(&prospect.certificates, SERVER_MAX_ERROR_BYTES);
	if (reading->files != NULL)
		prospect.set = site_set_new(site_files_ref(reading->files));
	if (prospect.set != NULL && build(server, &prospect, reading->cause == BY_OPERATOR))
		take_over(reload, &prospect, reading->cause);
	else
		refuse(server, &prospect, reading->cause);
	buffer_cleanup(&prospect.faults);
	buffer_cleanup(&prospect.certificates);
}

/* Says whether the retry found the same faults: then it is no reload. */
static bool is_nothing_new(const struct server *server, const struct reading *reading)
{
	return reading->cause == BY_RETRY && reading->files != NULL &&
	       site_files_same_faults(reading->files, site_set_files(server->set));
}

static struct reading *reading_of(struct pool_job *job)
{
	return (struct reading *)(void *)((char *)job - offsetof(struct reading, job));
}

static void reading_free(struct reading *reading)
{
	site_files_unref(reading->files);
	site_files_unref(reading->former);
	buffer_cleanup(&reading->errors);
	free(reading);
}

static void run_reading(struct pool_job *job)
{
	struct reading *reading = reading_of(job);
	const struct server_options *options = reading->options;
	struct config *config = NULL;

	if (reading->cause != BY_OPERATOR)
		reading->files = site_files_reread(reading->former, time(NULL), &reading->errors);
	else if (options->read_config(options->context, &config, &reading->errors))
		reading->files = site_files_read(config, reading->former, time(NULL), &reading->errors);
}

static void discard_reading(struct pool_job *job)
{
	reading_free(reading_of(job));
}

static void reload_by(struct reload *reload, enum reload_cause cause);

static void on_read(struct pool_job *job)
{
	struct reading *reading = reading_of(job);
	struct reload *reload = reading->reload;
	enum reload_cause next = reload->next;

	reload->reading = NULL;
	reload->next = NO_CAUSE;
	if (reload->server->state == SERVER_RUNNING && !is_nothing_new(reload->server, reading))
		finish(reload, reading);
	reading_free(reading);
	if (!alarm_is_set(reload->alarm))
		set_alarm(reload);
	if (next != NO_CAUSE)
		reload_by(reload, next);
}

static struct reading *reading_new(struct reload *reload, enum reload_cause cause)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (reading == NULL)
		return NULL;
	reading->job = (struct pool_job){.run = run_reading, .on_done = on_read, .discard = discard_reading};
	reading->reload = reload;
	reading->options = reload->server->options;
	reading->cause = cause;
	reading->begun_ms = loop_now_ms(reload->server->loop);
	reading->former = site_files_ref(site_set_files(reload->server->set));
	buffer_init(&reading->errors, SERVER_MAX_ERROR_BYTES);
	return reading;
}

static void begin(struct reload *reload, enum reload_cause cause)
{
	struct server *server = reload->server;

	if (cause != BY_RETRY)
		retry_reset(&reload->retry);
	alarm_stop(reload->alarm);
	/* A file that changes from here on is a change of its own. */
	(void)file_watch_look(reload->watch);
	reload->reading = reading_new(reload, cause);
	if (reload->reading != NULL) {
		thread_pool_submit(server->threads, NULL, &reload->reading->job, true);
		return;
	}
	reload_tally_add(&server->reloads, RELOAD_FAILED, time_text_now_ms());
	program_log_write(&server->log, LOG_LEVEL_ERROR, "reload", "%s: out of memory, it is tried again",
			  cause_words[cause]);
	reload->next = cause;
}

/* Begins a reading, or lets it follow the one that runs; an operator's reload goes before the others. */
static void reload_by(struct reload *reload, enum reload_cause cause)
{
	if (reload->server->state != SERVER_RUNNING)
		return;
	if (reload->reading == NULL)
		begin(reload, cause);
	else if (cause < reload->next)
		reload->next = cause;
}

void reload_by_operator(struct reload *reload)
{
	reload_by(reload, BY_OPERATOR);
}

static void on_files_changed(void *context)
{
	reload_by(context, BY_FILES);
}

static void on_alarm(void *context)
{
	reload_by(context, BY_RETRY);
}

/* Once for each moment: a reading that is refused is not repeated at each tick. */
static void look_at_validity(struct reload *reload)
{
	int64_t change_at = site_files_change_at(site_set_files(reload->server->set));

	if (reload->reading != NULL || change_at == reload->changed_at || (int64_t)time(NULL) < change_at)
		return;
	reload->changed_at = change_at;
	reload_by(reload, BY_VALIDITY);
}

/* Nothing cuts the read of a file short: what comes meanwhile waits for it. */
static void tell_slow(const struct reload *reload)
{
	struct reading *reading = reload->reading;
	const struct server *server = reload->server;

	if (reading == NULL || reading->is_told_slow || loop_now_ms(server->loop) - reading->begun_ms < RELOAD_SLOW_MS)
		return;
	reading->is_told_slow = true;
	program_log_write(
	    &server->log, LOG_LEVEL_WARNING, "reload",
	    "%s: the files are still not read after %u s: look for a pipe whose writer does not end, or a "
	    "file system that does not answer; what was there goes on serving, and no other reload begins",
	    cause_words[reading->cause], RELOAD_SLOW_MS / 1000);
}

void reload_tick(struct reload *reload)
{
	struct server *server = reload->server;

	if (server->state != SERVER_RUNNING)
		return;
	fix_log_set_path(server->fix_log, site_set_config(server->set)->fix_log);
	if (reload->unwatched)
		watch_files(reload);
	look_at_validity(reload);
	tell_slow(reload);
	if (reload->reading == NULL && reload->next != NO_CAUSE) {
		enum reload_cause next = reload->next;
		reload->next = NO_CAUSE;
		begin(reload, next);
	}
}

struct reload *reload_new(struct server *server)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	if (reload == NULL)
		return NULL;
	reload->server = server;
	reload->next = NO_CAUSE;
	retry_init(&reload->retry, RELOAD_RETRY_FIRST_MS, RELOAD_RETRY_MAX_MS);
	reload->watch = file_watch_new(server->loop, reload, on_files_changed);
	reload->alarm = alarm_new(server->loop, reload, on_alarm);
	if (reload->watch != NULL && reload->alarm != NULL)
		return reload;
	reload_free(reload);
	return NULL;
}

void reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	if (reload->reading != NULL)
		thread_pool_cancel(reload->server->threads, &reload->reading->job);
	file_watch_free(reload->watch);
	alarm_free(reload->alarm);
	free(reload);
}
