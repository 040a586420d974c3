#include "proxy/log/fix_log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "proxy/log/fix_log_sink.h"
#include "proxy/log/former_findings.h"
#include "proxy/log/recent_lines.h"
#include "proxy/log/time_text.h"
#include "proxy/system/privileges.h"

struct fix_log {
	struct fix_log_sink sink;
	struct known_findings *known;
	struct former_findings *former; /* NULL: the run before left nothing open */
	const struct program_log *log;
	const char *journal; /* NULL: stderr is not the journal's */
	char run[TIME_TEXT_MAX];
	struct fix_line *first_waiting; /* owned; in order */
	struct fix_line *last_waiting;
	size_t num_waiting;
	size_t waiting_bytes;
	uint64_t num_lost; /* since it could not be written */
	bool for_a_person; /* it goes to a terminal: sentences in place of JSON */
	bool broken; /* it cannot be written, and that was reported */
	bool logged_moved;
	bool logged_full;
	struct recent_lines recent;
};

/* One report under way, for the finding_reporter. */
struct reporting {
	struct fix_log *fix_log;
	const struct fix_report *report; /* NULL: no chains */
	int64_t now_ms;
	bool (*is_kept)(void *context, const struct finding_group *group);
	void *context;
};

static bool is_for_a_person(const char *path)
{
	return strcmp(path, "stderr") == 0 && isatty(STDERR_FILENO) == 1;
}

struct error fix_log_open(const struct fix_log_options *options, struct fix_log **out)
{
	struct fix_log *fix_log = calloc(1, sizeof(*fix_log));
	*out = NULL;
	if (fix_log == NULL)
		return error_of(ERROR_MEMORY, 0, "open the fix log");
	fix_log->log = options->log;
	fix_log->journal = options->log->journal ? options->journal : NULL;
	time_text_print_ms(options->now_ms, fix_log->run);
	fix_log->known = known_findings_new();
	struct error error = fix_log_sink_init(&fix_log->sink, options->path, fix_log->journal);
	if (!failed(error) && fix_log->known == NULL)
		error = error_of(ERROR_MEMORY, 0, "open the fix log");
	if (failed(error)) {
		fix_log_close(fix_log);
		return error;
	}
	fix_log->for_a_person = is_for_a_person(options->path);
	if (strcmp(options->path, "stderr") != 0)
		fix_log->former = former_findings_read(options->path);
	fix_log_reopen(fix_log);
	*out = fix_log;
	return error_none();
}

static const char *path_of(const struct fix_log *fix_log)
{
	return fix_log->sink.file.path;
}

/* Logs the first of several failures in a row. */
static void note_failure(struct fix_log *fix_log, struct error error)
{
	char text[ERROR_MAX_TEXT];
	char user[PRIVILEGES_MAX_NAME];

	if (!fix_log->broken)
		program_log_write(
		    fix_log->log, LOG_LEVEL_ERROR, path_of(fix_log),
		    "the fix log cannot be written (as the user %s): %s; the proxy goes on, its lines wait "
		    "and are written when they can be",
		    privileges_user_name(user), error_print(error, text, sizeof(text)));
	fix_log->broken = true;
}

static void note_success(struct fix_log *fix_log, size_t num_late)
{
	if (!fix_log->broken)
		return;
	program_log_write(fix_log->log, LOG_LEVEL_WARNING, path_of(fix_log),
			  "the fix log can be written again: %zu line%s had to wait, %llu %s lost", num_late,
			  num_late == 1 ? "" : "s", (unsigned long long)fix_log->num_lost,
			  fix_log->num_lost == 1 ? "was" : "were");
	fix_log->broken = false;
	fix_log->num_lost = 0;
}

static void drop_first(struct fix_log *fix_log)
{
	struct fix_line *line = fix_log->first_waiting;

	fix_log->first_waiting = line->next;
	if (line->next == NULL)
		fix_log->last_waiting = NULL;
	fix_log->num_waiting--;
	fix_log->waiting_bytes -= line->len;
	fix_line_free(line);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* Writes the sentence of a line, whatever log_level is. */
static void write_sentence(const struct fix_log *fix_log, const struct fix_line *line)
{
	json_t *object = json_loadb(line->text + FIX_LINE_PREFIX_CHARS, line->len - FIX_LINE_PREFIX_CHARS, 0, NULL);
	bool resolved = line->event == FINDING_RESOLVED;
	bool of_backend = strcmp(text_of(object, "subject_of"), "backend") == 0;

	program_log_write(fix_log->log, LOG_LEVEL_ERROR, line->site, "%s %s: %s%s",
			  resolved ? "resolved" : finding_severity_name(line->severity), finding_code_name(line->code),
			  of_backend ? "on the backend: " : "", text_of(object, "message"));
	json_decref(object);
}

static struct error write_line(struct fix_log *fix_log, const struct fix_line *line)
{
	if (!fix_log->for_a_person)
		return fix_log_sink_write(&fix_log->sink, line);
	write_sentence(fix_log, line);
	return error_none();
}

/* Writes the lines that wait, in order, up to the first that cannot be written; true when none is left. */
static bool flush(struct fix_log *fix_log)
{
	size_t num_written = 0;

	while (fix_log->first_waiting != NULL) {
		struct error error = write_line(fix_log, fix_log->first_waiting);
		if (failed(error)) {
			note_failure(fix_log, error);
			return false;
		}
		drop_first(fix_log);
		num_written++;
	}
	if (num_written > 0)
		note_success(fix_log, num_written);
	return true;
}

/* The path may have another file than the one that is open. */
static void follow(struct fix_log *fix_log)
{
	char text[ERROR_MAX_TEXT];
	struct error error = line_file_follow(&fix_log->sink.file);

	if (failed(error) && !fix_log->logged_moved)
		program_log_write(fix_log->log, LOG_LEVEL_ERROR, path_of(fix_log),
				  "the fix log was moved away and its path gives no new one: %s; lines go on in the "
				  "file that was moved",
				  error_print(error, text, sizeof(text)));
	fix_log->logged_moved = failed(error);
}

void fix_log_close(struct fix_log *fix_log)
{
	if (fix_log == NULL)
		return;
	if (fix_log->known != NULL && !flush(fix_log))
		program_log_write(fix_log->log, LOG_LEVEL_ERROR, path_of(fix_log),
				  "the fix log could not be written to the end: %llu of its lines are lost",
				  (unsigned long long)fix_log->num_waiting + fix_log->num_lost);
	while (fix_log->first_waiting != NULL)
		drop_first(fix_log);
	known_findings_free(fix_log->known);
	former_findings_free(fix_log->former);
	recent_lines_cleanup(&fix_log->recent);
	fix_log_sink_cleanup(&fix_log->sink);
	free(fix_log);
}

void fix_log_reopen(struct fix_log *fix_log)
{
	struct error error = fix_log_sink_reopen(&fix_log->sink);

	if (failed(error))
		note_failure(fix_log, error);
	else if (fix_log->first_waiting == NULL)
		note_success(fix_log, 0);
	else
		flush(fix_log);
}

void fix_log_set_path(struct fix_log *fix_log, const char *path)
{
	struct fix_log_sink sink;

	if (strcmp(path_of(fix_log), path) == 0)
		return;
	struct error error = fix_log_sink_init(&sink, path, fix_log->journal);
	if (failed(error)) {
		note_failure(fix_log, error);
		return;
	}
	fix_log_sink_cleanup(&fix_log->sink);
	fix_log->sink = sink;
	fix_log->for_a_person = is_for_a_person(path);
	fix_log_reopen(fix_log);
}

void fix_log_tick(struct fix_log *fix_log)
{
	follow(fix_log);
	flush(fix_log);
}

static bool has_room(const struct fix_log *fix_log, const struct fix_line *line)
{
	return fix_log->num_waiting < FIX_LOG_MAX_WAITING &&
	       line->len <= FIX_LOG_MAX_WAITING_BYTES - fix_log->waiting_bytes;
}

static void wait_in_line(struct fix_log *fix_log, struct fix_line *take_line)
{
	if (fix_log->last_waiting != NULL)
		fix_log->last_waiting->next = take_line;
	else
		fix_log->first_waiting = take_line;
	fix_log->last_waiting = take_line;
	fix_log->num_waiting++;
	fix_log->waiting_bytes += take_line->len;
}

/* Writes the line, or keeps it until it can be written; false when it is lost. */
static bool deliver(struct fix_log *fix_log, struct fix_line *take_line)
{
	follow(fix_log);
	if (flush(fix_log)) {
		struct error error = write_line(fix_log, take_line);
		if (!failed(error)) {
			note_success(fix_log, 0);
			fix_line_free(take_line);
			return true;
		}
		note_failure(fix_log, error);
	}
	if (has_room(fix_log, take_line)) {
		wait_in_line(fix_log, take_line);
		return true;
	}
	fix_log->num_lost++;
	fix_line_free(take_line);
	return false;
}

static bool write_change(void *context, const struct finding_group *group, const struct finding_change *change)
{
	const struct reporting *reporting = context;
	struct fix_log *fix_log = reporting->fix_log;
	struct fix_line_facts facts = {fix_log->run, reporting->now_ms, group, change, reporting->report};
	struct fix_line *line = fix_line_new(&facts);

	recent_lines_add(&fix_log->recent, group, change, reporting->now_ms);

	if (line != NULL)
		return deliver(fix_log, line);
	fix_log->num_lost++;
	note_failure(fix_log, error_of(ERROR_MEMORY, 0, "write a line"));
	return false;
}

/* Digests the served chain, the mended one, and which stores accept each. */
static void digest_fix(const struct fix_report *report, uint8_t out[SHA256_BYTES])
{
	const struct mend_result *result = report->result;
	const struct certificate_list *chains[] = {&result->served, &result->mended};
	SHA256_CTX context;

	SHA256_Init(&context);
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		SHA256_Update(&context, &chains[i]->count, sizeof(chains[i]->count));
		for (size_t k = 0; k < chains[i]->count; k++)
			SHA256_Update(&context, chains[i]->items[k].certificate->sha256, SHA256_BYTES);
	}
	for (size_t i = 0; i < result->num_stores; i++) {
		const struct store_verdict *store = &result->stores[i];
		const uint8_t verdicts[] = {store->served_trusted, store->mended_trusted};
		SHA256_Update(&context, store->name, strlen(store->name) + 1);
		SHA256_Update(&context, verdicts, sizeof(verdicts));
	}
	SHA256_Update(&context, &report->applied, sizeof(report->applied));
	SHA256_Final(out, &context);
}

/* Resolves what the run before left open and this one's first look does not find. */
static void write_gone(void *context, const json_t *former)
{
	const struct reporting *reporting = context;
	struct fix_line *line = fix_line_resolve(former, reporting->fix_log->run, reporting->now_ms);

	if (line != NULL)
		(void)deliver(reporting->fix_log, line);
}

void fix_log_report(struct fix_log *fix_log, const struct fix_report *report, int64_t now_ms)
{
	struct reporting reporting = {.fix_log = fix_log, .report = report, .now_ms = now_ms};
	uint8_t fix_sha256[SHA256_BYTES];
	char text[ERROR_MAX_TEXT];

	former_findings_settle(fix_log->former, &report->group, report->findings, write_gone, &reporting);
	if (report->result != NULL)
		digest_fix(report, fix_sha256);
	struct error error =
	    known_findings_look(fix_log->known, &report->group, report->findings,
				report->result != NULL ? fix_sha256 : NULL, now_ms, write_change, &reporting);
	if (!failed(error) && report->findings->num_dropped > 0)
		error = error_of(ERROR_LIMIT, 0, "one look found more than are kept of it");
	if (failed(error) && !fix_log->logged_full)
		program_log_write(fix_log->log, LOG_LEVEL_ERROR, report->group.site,
				  "findings are missing from the fix log: %s", error_print(error, text, sizeof(text)));
	fix_log->logged_full = failed(error);
}

const struct known_findings *fix_log_known(const struct fix_log *fix_log)
{
	return fix_log->known;
}

const struct recent_lines *fix_log_recent(const struct fix_log *fix_log)
{
	return &fix_log->recent;
}

static bool ask_is_kept(void *context, const struct finding_group *group)
{
	struct reporting *reporting = context;
	return reporting->is_kept(reporting->context, group);
}

void fix_log_keep(struct fix_log *fix_log, bool (*is_kept)(void *context, const struct finding_group *group),
		  void *context, int64_t now_ms)
{
	struct reporting reporting = {.fix_log = fix_log, .now_ms = now_ms, .is_kept = is_kept, .context = context};

	known_findings_keep(fix_log->known, ask_is_kept, write_change, &reporting);
}
