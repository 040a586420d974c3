#include "proxy/log/fix_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/sha.h>

#include "proxy/log/finding_json.h"
#include "proxy/log/fix_json.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

static bool is_fetch(enum finding_code code)
{
	return code == FINDING_FETCH_FAILED || code == FINDING_FETCH_REFUSED ||
	       code == FINDING_FETCH_NOT_A_CERTIFICATE || code == FINDING_FETCH_WRONG_ISSUER;
}

/* Hashes the zero byte too, so that no two rows of texts give the same bytes. */
static void hash_text(SHA256_CTX *context, const char *text)
{
	const char *hashed = text != NULL ? text : "";
	SHA256_Update(context, hashed, strlen(hashed) + 1);
}

const char *fix_line_id(const struct finding_group *group, const struct finding *finding,
			char out[FIX_LINE_ID_CHARS + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char part[32];
	SHA256_CTX context;

	SHA256_Init(&context);
	snprintf(part, sizeof(part), "%u", group->part);
	hash_text(&context, group->site);
	hash_text(&context, finding_subject_name(group->subject));
	hash_text(&context, part);
	hash_text(&context, finding_code_name(finding->code));
	hash_text(&context, finding->certificate != NULL ? finding->certificate->sha256_hex : NULL);
	hash_text(&context, finding->name);
	hash_text(&context, is_fetch(finding->code) ? finding->url : NULL);
	SHA256_Final(digest, &context);
	for (size_t i = 0; i < FIX_LINE_ID_CHARS / 2; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 0xf];
	}
	out[FIX_LINE_ID_CHARS] = '\0';
	return out;
}

static bool is_fix(const struct fix_line_facts *facts)
{
	const struct finding *finding = facts->change->finding;
	return facts->report != NULL && facts->report->result != NULL && facts->change->event != FINDING_RESOLVED &&
	       (finding->action != ACTION_NONE || finding->severity == SEVERITY_FIXED);
}

static bool set_head(json_t *object, const struct fix_line_facts *facts, const char *id)
{
	char now[TIME_TEXT_MAX];
	char since[TIME_TEXT_MAX];
	const struct finding_change *change = facts->change;
	const struct finding_group *group = facts->group;
	bool complete = set_text_member(object, "time", time_text_print_ms(facts->now_ms, now)) &&
			set_text_member(object, "event", finding_event_name(change->event)) &&
			set_text_member(object, "since", time_text_print_ms(change->since_ms, since)) &&
			set_text_member(object, "site", group->site) &&
			set_text_member(object, "subject_of", finding_subject_name(group->subject));
	if (complete && group->part != KNOWN_FINDINGS_WHOLE_SITE)
		complete = set_member(object, "part", json_integer(group->part));
	return complete && set_text_member(object, "id", id) && set_text_member(object, "run", facts->run);
}

/* True also where there is nothing to add. */
static bool set_further_members(json_t *object, const struct fix_line_facts *facts)
{
	const struct fix_report *report = facts->report;

	if (report == NULL || report->members_of == NULL || facts->change->event == FINDING_RESOLVED)
		return true;
	json_t *members = report->members_of(report->context, facts->change->finding);
	bool complete = members != NULL && json_object_update(object, members) == 0;
	json_decref(members);
	return complete;
}

static json_t *line_json(const struct fix_line_facts *facts, const char *id, bool with_chains)
{
	json_t *object = json_object();
	json_t *fields = finding_json(facts->change->finding);
	bool complete = object != NULL && fields != NULL && set_head(object, facts, id) &&
			json_object_update(object, fields) == 0 && set_further_members(object, facts) &&
			(!with_chains || fix_json_set(object, facts->report->result, facts->report->applied));

	json_decref(fields);
	return keep_if_complete(object, complete);
}

static char *print_json(const struct fix_line_facts *facts, const char *id, bool with_chains)
{
	json_t *object = line_json(facts, id, with_chains);
	char *text = json_dump_whole(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

/* `take_json` is NULL when out of memory. */
static bool set_text(struct fix_line *line, char *take_json)
{
	if (take_json == NULL)
		return false;
	line->len = FIX_LINE_PREFIX_CHARS + strlen(take_json) + 1;
	line->text = malloc(line->len + 1);
	if (line->text != NULL)
		snprintf(line->text, line->len + 1, "<%d>%s\n", fix_line_priority(line), take_json);
	free(take_json);
	return line->text != NULL;
}

static bool print_text(struct fix_line *line, const struct fix_line_facts *facts)
{
	bool with_chains = is_fix(facts);
	char *json = print_json(facts, line->id, with_chains);

	if (json != NULL && with_chains && strlen(json) > FIX_LINE_MAX_BYTES) {
		free(json);
		json = print_json(facts, line->id, false);
	}
	return set_text(line, json);
}

struct fix_line *fix_line_new(const struct fix_line_facts *facts)
{
	struct fix_line *line = calloc(1, sizeof(*line));

	if (line == NULL)
		return NULL;
	line->event = facts->change->event;
	line->code = facts->change->finding->code;
	line->severity = facts->change->finding->severity;
	line->site = strdup(facts->group->site);
	fix_line_id(facts->group, facts->change->finding, line->id);
	if (line->site == NULL || !print_text(line, facts)) {
		fix_line_free(line);
		return NULL;
	}
	return line;
}

static bool read_words(const json_t *former, struct fix_line *line)
{
	const char *code = json_string_value(json_object_get(former, "code"));
	const char *severity = json_string_value(json_object_get(former, "severity"));
	int found_code = 0;
	int found_severity = 0;

	if (code == NULL || severity == NULL)
		return false;
	while (found_code < FINDING_CODE_COUNT && strcmp(finding_code_name((enum finding_code)found_code), code) != 0)
		found_code++;
	while (found_severity <= SEVERITY_ERROR &&
	       strcmp(finding_severity_name((enum finding_severity)found_severity), severity) != 0)
		found_severity++;
	line->code = (enum finding_code)found_code;
	line->severity = (enum finding_severity)found_severity;
	return found_code < FINDING_CODE_COUNT && found_severity <= SEVERITY_ERROR;
}

/* Prints the members of a line about a resolved finding: no chains, no counts. */
static char *print_resolved(const json_t *former, const char *run, int64_t now_ms)
{
	static const char *const kept[] = {"since",       "site",     "subject_of", "part",    "id",
					   "code",        "severity", "action",     "message", "advice",
					   "certificate", "name",     "source",     "url"};
	char now[TIME_TEXT_MAX];
	json_t *object = json_object();
	bool complete = object != NULL && set_text_member(object, "time", time_text_print_ms(now_ms, now)) &&
			set_text_member(object, "event", finding_event_name(FINDING_RESOLVED)) &&
			set_text_member(object, "run", run);
	for (size_t i = 0; complete && i < sizeof(kept) / sizeof(kept[0]); i++) {
		json_t *value = json_object_get(former, kept[i]);
		complete = value == NULL || json_object_set(object, kept[i], value) == 0;
	}
	char *text = complete ? json_dump_whole(object, JSON_COMPACT) : NULL;
	json_decref(object);
	return text;
}

struct fix_line *fix_line_resolve(const json_t *former, const char *run, int64_t now_ms)
{
	const char *site = json_string_value(json_object_get(former, "site"));
	const char *id = json_string_value(json_object_get(former, "id"));
	struct fix_line *line = site != NULL && id != NULL ? calloc(1, sizeof(*line)) : NULL;

	if (line == NULL)
		return NULL;
	line->event = FINDING_RESOLVED;
	line->site = strdup(site);
	snprintf(line->id, sizeof(line->id), "%s", id);
	if (line->site == NULL || !read_words(former, line) || !set_text(line, print_resolved(former, run, now_ms))) {
		fix_line_free(line);
		return NULL;
	}
	return line;
}

void fix_line_free(struct fix_line *line)
{
	if (line == NULL)
		return;
	free(line->text);
	free(line->site);
	free(line);
}

int fix_line_priority(const struct fix_line *line)
{
	static const int priorities[] = {
	    [SEVERITY_ERROR] = 3, [SEVERITY_WARNING] = 4, [SEVERITY_FIXED] = 5, [SEVERITY_INFO] = 6};
	return line->event == FINDING_RESOLVED ? 5 : priorities[line->severity];
}
