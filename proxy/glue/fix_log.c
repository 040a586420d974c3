#include "proxy/glue/fix_log.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/sha.h>

#include "proxy/glue/finding_json.h"
#include "proxy/glue/json_member.h"
#include "proxy/glue/line_file.h"
#include "proxy/glue/time_text.h"

struct fix_log {
	struct line_file file;
	struct known_findings *known;
	const struct program_log *log;
	uint64_t num_lost; /* lines that could not be written since it was last told */
	bool told_full;
};

/* One report under way: what the teller needs beside the finding. */
struct telling {
	struct fix_log *fix_log;
	const struct fix_report *report; /* NULL: no chains */
	int64_t now_ms;
	bool (*is_kept)(void *context, const struct finding_group *group);
	void *context;
};

struct error fix_log_open(const char *path, const struct program_log *log, struct fix_log **out)
{
	struct fix_log *fix_log = calloc(1, sizeof *fix_log);
	*out = NULL;
	if (fix_log == NULL)
		return error_of(ERROR_MEMORY, 0, "open the fix log");
	fix_log->log = log;
	fix_log->known = known_findings_new();
	struct error error = line_file_init(&fix_log->file, path);
	if (!failed(error) && fix_log->known == NULL)
		error = error_of(ERROR_MEMORY, 0, "open the fix log");
	if (failed(error)) {
		fix_log_close(fix_log);
		return error;
	}
	fix_log_reopen(fix_log);
	*out = fix_log;
	return error_none();
}

void fix_log_close(struct fix_log *fix_log)
{
	if (fix_log == NULL)
		return;
	known_findings_free(fix_log->known);
	line_file_close(&fix_log->file);
	free(fix_log);
}

/* Tells the first of a row of failures; num_lost counts until a line gets through again. */
static void note_failure(struct fix_log *fix_log, struct error error)
{
	char text[ERROR_MAX_TEXT];

	if (fix_log->num_lost++ > 0)
		return;
	program_log_write(fix_log->log, LOG_LEVEL_ERROR, fix_log->file.path,
			  "the fix log cannot be written: %s; the proxy goes on without it and tries again",
			  error_print(error, text, sizeof text));
}

static void note_success(struct fix_log *fix_log)
{
	if (fix_log->num_lost == 0)
		return;
	program_log_write(fix_log->log, LOG_LEVEL_WARNING, fix_log->file.path, "the fix log can be written again");
	fix_log->num_lost = 0;
}

void fix_log_reopen(struct fix_log *fix_log)
{
	struct error error = line_file_reopen(&fix_log->file);
	if (failed(error))
		note_failure(fix_log, error);
	else
		note_success(fix_log);
}

void fix_log_set_path(struct fix_log *fix_log, const char *path)
{
	struct line_file file;

	if (strcmp(fix_log->file.path, path) == 0)
		return;
	struct error error = line_file_init(&file, path);
	if (failed(error)) {
		note_failure(fix_log, error);
		return;
	}
	line_file_close(&fix_log->file);
	fix_log->file = file;
	fix_log->num_lost = 0;
	fix_log_reopen(fix_log);
}

static bool set_chains(json_t *object, const struct fix_report *report)
{
	const struct mend_result *result = report->result;

	return set_member(object, "applied", json_boolean(report->applied)) &&
	       set_member(object, "before", chain_json_short(&result->served)) &&
	       set_member(object, "after", chain_json_short(&result->mended)) &&
	       set_member(object, "runners_up", runners_up_json(result));
}

static json_t *line_json(const struct telling *telling, const struct finding_group *group, enum finding_event event,
			 const struct finding *finding, bool with_chains)
{
	char time[TIME_TEXT_MAX];
	json_t *object = json_object();
	json_t *fields = finding_json(finding);
	bool complete = object != NULL && fields != NULL &&
			set_member(object, "time", json_string(time_text_print_ms(telling->now_ms, time))) &&
			set_member(object, "event", json_string(finding_event_name(event))) &&
			set_member(object, "site", text_json(group->site)) &&
			set_member(object, "subject_of", json_string(finding_subject_name(group->subject))) &&
			json_object_update(object, fields) == 0 &&
			(!with_chains || set_chains(object, telling->report));

	json_decref(fields);
	return keep_if_complete(object, complete);
}

static bool is_fix(const struct telling *telling, enum finding_event event, const struct finding *finding)
{
	return telling->report != NULL && telling->report->result != NULL && event != FINDING_RESOLVED &&
	       (finding->action != ACTION_NONE || finding->severity == SEVERITY_FIXED);
}

/* The line with its newline, to be freed; NULL when out of memory. */
static char *print_line(const struct telling *telling, const struct finding_group *group, enum finding_event event,
			const struct finding *finding)
{
	bool with_chains = is_fix(telling, event, finding);

	for (;;) {
		json_t *object = line_json(telling, group, event, finding, with_chains);
		char *text = json_dumps(object, JSON_COMPACT);
		json_decref(object);
		if (text == NULL)
			return NULL;
		size_t len = strlen(text);
		if (len < FIX_LOG_MAX_LINE || !with_chains) {
			char *line = realloc(text, len + 2);
			if (line == NULL) {
				free(text);
				return NULL;
			}
			memcpy(line + len, "\n", 2);
			return line;
		}
		free(text);
		with_chains = false;
	}
}

static bool tell(void *context, const struct finding_group *group, enum finding_event event,
		 const struct finding *finding)
{
	struct telling *telling = context;
	struct fix_log *fix_log = telling->fix_log;
	char *line = print_line(telling, group, event, finding);
	struct error error = error_of(ERROR_MEMORY, 0, "write a line");

	if (line != NULL)
		error = line_file_write(&fix_log->file, bytes_of_string(line));
	free(line);
	if (failed(error)) {
		note_failure(fix_log, error);
		return false;
	}
	note_success(fix_log);
	return true;
}

/* Stands for what was served and what is served in its place. */
static void digest_fix(const struct fix_report *report, uint8_t out[SHA256_BYTES])
{
	const struct certificate_list *chains[] = {&report->result->served, &report->result->mended};
	SHA256_CTX context;

	SHA256_Init(&context);
	for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
		SHA256_Update(&context, &chains[i]->count, sizeof chains[i]->count);
		for (size_t k = 0; k < chains[i]->count; k++)
			SHA256_Update(&context, chains[i]->items[k].certificate->sha256, SHA256_BYTES);
	}
	SHA256_Update(&context, &report->applied, sizeof report->applied);
	SHA256_Final(out, &context);
}

void fix_log_report(struct fix_log *fix_log, const struct fix_report *report, int64_t now_ms)
{
	struct telling telling = {.fix_log = fix_log, .report = report, .now_ms = now_ms};
	uint8_t fix_sha256[SHA256_BYTES];
	char text[ERROR_MAX_TEXT];

	if (report->result != NULL)
		digest_fix(report, fix_sha256);
	struct error error = known_findings_look(fix_log->known, &report->group, report->findings,
						 report->result != NULL ? fix_sha256 : NULL, tell, &telling);
	if (failed(error) && !fix_log->told_full)
		program_log_write(fix_log->log, LOG_LEVEL_ERROR, report->group.site,
				  "findings are missing from the fix log: %s", error_print(error, text, sizeof text));
	fix_log->told_full = failed(error);
}

static bool ask_is_kept(void *context, const struct finding_group *group)
{
	struct telling *telling = context;
	return telling->is_kept(telling->context, group);
}

void fix_log_keep(struct fix_log *fix_log, bool (*is_kept)(void *context, const struct finding_group *group),
		  void *context, int64_t now_ms)
{
	struct telling telling = {.fix_log = fix_log, .now_ms = now_ms, .is_kept = is_kept, .context = context};

	known_findings_keep(fix_log->known, ask_is_kept, tell, &telling);
}
