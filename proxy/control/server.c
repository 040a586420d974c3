#include "proxy/control/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "proxy/control/reload.h"
#include "proxy/control/server_log.h"
#include "proxy/control/server_questions.h"
#include "proxy/control/server_state.h"
#include "proxy/control/worker_count.h"
#include "proxy/io/alarm.h"
#include "proxy/io/clock.h"
#include "proxy/io/loop.h"
#include "proxy/io/resolver.h"
#include "proxy/io/thread_pool.h"
#include "proxy/log/time_text.h"
#include "proxy/system/journal.h"
#include "proxy/system/privileges.h"

static const struct thread_pool_options mending_threads = {
    .name = "mending",
    .num_threads = SERVER_MENDING_THREADS,
    .max_running_a_share = SERVER_MENDING_THREADS - 1, /* so that no site has them all */
};

enum { MAX_WHAT = 120 };

enum { NUM_EARLY_SIGNALS = 2 }; /* the others end a start that waits for a file */

static const int watched_signals[SERVER_NUM_SIGNALS] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};

static uint64_t monotonic_s(void)
{
	return clock_now_ns() / 1000000000U;
}

static void log_error(const struct server *server, const char *what, struct error error)
{
	char text[ERROR_MAX_TEXT];
	program_log_write(&server->log, LOG_LEVEL_ERROR, what, "%s", error_print(error, text, sizeof(text)));
}

static struct error make_snapshot(struct server *server, struct snapshot **out)
{
	return site_set_snapshot(server->set, server->listeners.sockets, server->listeners.count,
				 server->ticket_rotation.keys, out);
}

/* Returns how many workers could not be given the snapshot. */
static unsigned publish_to_workers(struct server *server, struct snapshot *snapshot, struct error *out)
{
	unsigned num_failed = 0;

	for (unsigned i = 0; i < server->num_workers; i++) {
		struct error error = worker_publish(server->workers[i], snapshot);
		if (!failed(error))
			continue;
		*out = error;
		num_failed++;
	}
	return num_failed;
}

static bool publish_sites(struct server *server)
{
	struct snapshot *snapshot = NULL;
	char what[MAX_WHAT];
	struct error error = make_snapshot(server, &snapshot);

	if (failed(error)) {
		log_error(server, "a change cannot be published, what is served stays as it is", error);
		return false;
	}
	unsigned num_failed = publish_to_workers(server, snapshot, &error);
	snapshot_unref(snapshot);
	if (num_failed == 0)
		return true;
	snprintf(what, sizeof(what), "%u of %u workers could not be given a change and serve what was before it",
		 num_failed, server->num_workers);
	log_error(server, what, error);
	return false;
}

static bool publish(void *context)
{
	struct server *server = context;

	if (server->state != SERVER_RUNNING)
		return true;
	/* First, so that every handshake that shows a new chain is counted for it. */
	bool is_watched = site_set_notify_watch(server->set, time_text_now_ms());
	if (!publish_sites(server))
		return false;
	if (!is_watched)
		log_error(server, "what clients make of a change cannot be counted yet",
			  error_of(ERROR_MEMORY, 0, "watch a chain"));
	client_findings_drop_covered(server->events.clients, server_is_covered, server, time_text_now_ms());
	return is_watched;
}

static void stop(struct server *server)
{
	uint64_t timeout_ms = SERVER_STOP_GRACE_MS;

	if (server->state == SERVER_RUNNING) {
		timeout_ms = site_set_config(server->set)->drain_timeout_ms;
		server->state = SERVER_DRAINING;
		program_log_write(&server->log, LOG_LEVEL_INFO, "stop",
				  "no new connections; open ones have %llu ms to end", (unsigned long long)timeout_ms);
	}
	for (unsigned i = 0; i < server->num_workers; i++) {
		if (server->workers[i] != NULL)
			worker_drain(server->workers[i], timeout_ms);
	}
}

static void on_signal(void *context, int number)
{
	struct server *server = context;

	if (server->state == SERVER_STARTING || server->state == SERVER_STOPPED)
		return;
	switch (number) {
	case SIGHUP:
		reload_by_operator(server->reload);
		break;
	case SIGUSR1:
		fix_log_reopen(server->fix_log);
		program_log_write(&server->log, LOG_LEVEL_INFO, "SIGUSR1", "the log files are opened anew");
		break;
	default:
		stop(server);
		break;
	}
}

static void on_tick(void *context)
{
	struct server *server = context;
	bool rotated = false;

	alarm_set(server->ticker, SERVER_TICK_MS);
	site_set_tick(server->set, time_text_now_ms());
	chain_watch_tick(server->events.watch, time_text_now_ms());
	client_findings_tick(server->events.clients, time_text_now_ms());
	fix_log_tick(server->fix_log);
	struct error error = ticket_rotation_step(&server->ticket_rotation, monotonic_s(), &rotated);
	admin_tick(server->admin, monotonic_s());
	if (failed(error))
		log_error(server, "session tickets", error);
	if (rotated)
		publisher_change(server->publisher);
	reload_tick(server->reload);
}

/* From here on the process ends by itself, with a status of its own: a signal must not take its place. */
static void unwatch_signals(struct server *server)
{
	sigset_t all, former;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &former);
	for (size_t i = 0; i < server->num_signals; i++) {
		signal_watch_free(server->signals[i]); /* which restores the default */
		signal(watched_signals[i], SIG_IGN);
	}
	pthread_sigmask(SIG_SETMASK, &former, NULL);
}

/* Frees everything that uses the loop, and stops it: a name that is still looked up would keep it alive. */
static void close_all(struct server *server)
{
	server->state = SERVER_STOPPED;
	admin_free(server->admin);
	admin_listener_close(server->admin_listener);
	backend_trust_free(server->events.trust);
	site_set_free(server->set);
	reload_free(server->reload);
	server->is_held = !thread_pool_close(server->threads);
	listeners_cleanup(&server->listeners);
	publisher_free(server->publisher);
	alarm_free(server->ticker);
	unwatch_signals(server);
	if (server->mailbox != NULL)
		mailbox_close(server->mailbox);
	loop_stop(server->loop);
}

static void on_worker_stopped(struct server *server, unsigned index)
{
	server->num_cut +=
	    atomic_load_explicit(&worker_counters(server->workers[index])->connections_cut, memory_order_relaxed);
	worker_join(server->workers[index]);
	server->workers[index] = NULL;
	server->num_running--;
	if (server->num_running == 0)
		close_all(server);
}

/* Passes the event on to its site, which probes a backend again that sent another chain or failed: it may speak another
 * protocol by now. */
static void pass_to_site(const struct server *server, const struct worker_event *event)
{
	struct managed_site *site = event->snapshot != NULL
					? site_set_find(server->set, event->snapshot->sites[event->site].config->name)
					: NULL;

	if (site == NULL)
		return;
	if (event->kind == WORKER_VERIFY_BACKEND)
		managed_site_saw_chain(site, &event->chain);
	else if (event->kind == WORKER_BACKEND_FAILED)
		managed_site_saw_failure(site);
	else if (event->kind == WORKER_NAME_ASKED)
		managed_site_saw_name(site, event->text, time_text_now_ms());
}

static void on_mail(void *context, struct mail *take_mail)
{
	struct server *server = context;
	struct worker_event *event = (struct worker_event *)take_mail;
	unsigned worker = event->worker;
	bool stopped = event->kind == WORKER_STOPPED;

	if (server->state != SERVER_STOPPED && !stopped)
		worker_events_take(&server->events, event);
	if (server->state == SERVER_RUNNING)
		pass_to_site(server, event);
	worker_event_free(event);
	if (stopped)
		on_worker_stopped(server, worker);
}

static bool make_parts(struct server *server)
{
	struct backend_trust_options trust_options = {
	    .loop = server->loop,
	    .log = &server->log,
	    .tally = &server->mends,
	    .context = server,
	    .find_terms = server_find_terms,
	    .give = server_give_verdict,
	};
	struct fix_log_options log_options = {.path = site_set_config(server->set)->fix_log,
					      .journal = JOURNAL_SOCKET_PATH,
					      .log = &server->log,
					      .now_ms = time_text_now_ms()};
	struct error error = fix_log_open(&log_options, &server->fix_log);

	if (!failed(error))
		error = thread_pool_open(server->loop, &mending_threads, &server->threads);
	if (!failed(error))
		error = mailbox_open(server->loop, on_mail, server, &server->mailbox);
	if (!failed(error))
		error = ticket_rotation_init(&server->ticket_rotation, monotonic_s());
	if (failed(error)) {
		log_error(server, "start", error);
		return false;
	}
	struct chain_watch_options watch_options = {
	    .fix_log = server->fix_log,
	    .log = &server->log,
	    .num_workers = server->num_workers,
	    .context = server,
	    .roll_back = server_roll_back,
	};
	server->publisher = publisher_new(server->loop, server, publish);
	server->ticker = alarm_new(server->loop, server, on_tick);
	server->reload = reload_new(server);
	server->events = (struct worker_events){
	    .loop = server->loop,
	    .log = &server->log,
	    .watch = chain_watch_new(&watch_options),
	    .lines = event_lines_new(),
	    .trust = backend_trust_new(&trust_options),
	};
	server->events.clients = client_findings_new(server->fix_log, server->events.watch);
	struct admin_options admin_options = {
	    .loop = server->loop, .log = &server->log, .context = server, .look = server_look};
	server->admin = admin_new(&admin_options);
	bool good = server->publisher != NULL && server->events.watch != NULL && server->admin != NULL &&
		    server->ticker != NULL && server->reload != NULL && server->events.clients != NULL &&
		    server->events.lines != NULL && server->events.trust != NULL;
	if (!good)
		log_error(server, "start", error_of(ERROR_MEMORY, 0, "set up the control thread"));
	return good;
}

/* A signal that is watched during the start is acted on once the loop runs. */
static bool watch_signals(struct server *server, size_t num_signals)
{
	while (server->num_signals < num_signals) {
		struct signal_watch *watch =
		    signal_watch_new(server->loop, watched_signals[server->num_signals], server, on_signal);
		if (watch == NULL) {
			log_error(server, "start", error_of(ERROR_MEMORY, 0, "watch for signals"));
			return false;
		}
		server->signals[server->num_signals++] = watch;
	}
	return true;
}

/* Opens ports below 1024 and reads keys before it gives up root's rights. The cache and the log belong to the
 * configured user: they are opened afterwards. */
static bool read_and_listen(struct server *server, struct buffer *errors)
{
	struct config *config = server->config;

	server->config = NULL;
	bool known = privileges_check(config->user, config->group, errors);
	struct site_files *files = site_files_read(config, NULL, time(NULL), errors);
	if (files == NULL)
		return false;
	site_files_print_faults(files, errors);
	bool none = site_files_num_unusable(files) == site_files_config(files)->num_sites;
	server->set = site_set_new(files);
	if (server->set == NULL)
		log_error(server, "start", error_of(ERROR_MEMORY, 0, "keep the sites"));
	if (none || server->set == NULL || !known)
		return false; /* as a proxy of one site whose certificate is wrong */
	const struct config *set_config = site_set_config(server->set);
	/* Before anything can be seen from outside. */
	return watch_signals(server, SERVER_NUM_SIGNALS) &&
	       listeners_open(set_config, server->num_workers, NULL, &server->listeners, errors) &&
	       admin_listener_open(set_config, NULL, &server->admin_listener, errors) &&
	       privileges_drop(set_config->user, set_config->group, errors);
}

static bool build_sites(struct server *server, struct buffer *errors)
{
	struct site_set_options options = reload_set_options(server);
	if (!site_set_build(server->set, &options, NULL, errors))
		return false;
	site_set_await_first(server->set, SERVER_FIRST_MENDS_MS);
	return true;
}

/* Admits no more clients than there are descriptors: each needs one for its backend too. */
static struct error make_admission(struct server *server)
{
	uint64_t wanted = site_set_config(server->set)->max_connections;
	uint64_t fixed = server->num_workers * (server->listeners.count + SERVER_FILES_A_WORKER);
	uint64_t most = admission_most(wanted, server->max_files, fixed);

	server_log_max_connections(&server->log, wanted, most, server->max_files);
	return admission_new(most, server->num_workers, &server->admission);
}

static bool start_workers(struct server *server)
{
	struct snapshot *snapshot = NULL;
	struct error error = make_snapshot(server, &snapshot);

	if (!failed(error))
		error = make_admission(server);

	for (unsigned i = 0; !failed(error) && i < server->num_workers; i++) {
		struct worker_options options = {
		    .index = i,
		    .admission = server->admission,
		    .control = server->mailbox,
		};
		error = worker_start(&options, snapshot, &server->workers[i]);
		if (!failed(error))
			server->num_running++;
	}
	snapshot_unref(snapshot);
	if (failed(error))
		log_error(server, "start the workers", error);
	return !failed(error);
}

static bool start(struct server *server)
{
	struct buffer errors;

	buffer_init(&errors, SERVER_MAX_ERROR_BYTES);
	struct error error = privileges_harden();
	if (failed(error))
		log_error(server, "a core dump could show keys", error);
	error = privileges_raise_files(&server->max_files);
	if (failed(error))
		log_error(server, "open files", error);
	bool good = watch_signals(server, NUM_EARLY_SIGNALS) && read_and_listen(server, &errors) &&
		    make_parts(server) && build_sites(server, &errors);
	program_log_lines(&server->log, LOG_LEVEL_ERROR, buffer_text(&errors));
	buffer_cleanup(&errors);
	bool is_watched = good && site_set_notify_watch(server->set, time_text_now_ms());
	if (!good || !start_workers(server))
		return false;
	server->state = SERVER_RUNNING;
	if (!is_watched)
		publisher_change(server->publisher); /* notifies it again */
	admin_use(server->admin, server->admin_listener);
	server->admin_listener = NULL;
	reload_begin(server->reload);
	site_set_begin(server->set);
	alarm_set(server->ticker, SERVER_TICK_MS);
	server_log_start(&server->log, &server->listeners, site_set_count(server->set), server->num_workers);
	return true;
}

/* Workers that have started are stopped as always, and the last one closes the rest. */
static void give_up(struct server *server)
{
	if (server->num_running > 0)
		stop(server);
	else
		close_all(server);
}

static void refuse_start(struct config *take_config, struct error error)
{
	struct program_log log;
	char text[ERROR_MAX_TEXT];

	program_log_init(&log, STDERR_FILENO, take_config->log_level);
	program_log_write(&log, LOG_LEVEL_ERROR, "start", "%s", error_print(error, text, sizeof(text)));
	config_free(take_config);
}

int server_run(const struct server_options *options, bool *out_held)
{
	struct server *server = calloc(1, sizeof(*server));
	*out_held = false;
	struct error error = server != NULL ? loop_new(&server->loop) : error_of(ERROR_MEMORY, 0, "run a server");
	if (failed(error)) {
		refuse_start(options->take_config, error);
		free(server);
		return EXIT_FAILURE;
	}
	resolver_prepare();
	server->options = options;
	server->config = options->take_config;
	server->num_workers = worker_count_of(options->take_config);
	program_log_init(&server->log, STDERR_FILENO, options->take_config->log_level);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a log that meets a limit is a log that cannot be written, no more */

	bool started = start(server);
	if (!started)
		give_up(server);
	loop_run(server->loop);
	*out_held = !loop_free(server->loop) || server->is_held;
	config_free(server->config);
	client_findings_free(server->events.clients);
	chain_watch_free(server->events.watch);
	event_lines_free(server->events.lines);
	ticket_rotation_cleanup(&server->ticket_rotation);
	admission_free(server->admission);
	if (started)
		server_log_stopped(&server->log, server->num_cut);
	fix_log_close(server->fix_log);
	free(server);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
