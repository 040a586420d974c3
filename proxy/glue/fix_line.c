#include "proxy/glue/fix_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/sha.h>

#include "proxy/glue/finding_json.h"
#include "proxy/glue/fix_json.h"
#include "proxy/glue/json_member.h"
#include "proxy/glue/time_text.h"

static bool is_fetch(enum finding_code code)
{
	return code == FINDING_FETCH_FAILED || code == FINDING_FETCH_REFUSED ||
	       code == FINDING_FETCH_NOT_A_CERTIFICATE || code == FINDING_FETCH_WRONG_ISSUER;
}

/* With its zero byte, so that no two rows of texts give the same bytes. */
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
	snprintf(part, sizeof part, "%u", group->part);
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
	const struct finding *finding = facts->told->finding;
	return facts->report != NULL && facts->report->result != NULL && facts->told->event != FINDING_RESOLVED &&
	       (finding->action != ACTION_NONE || finding->severity == SEVERITY_FIXED);
}

static bool set_head(json_t *object, const struct fix_line_facts *facts, const char *id)
{
	char now[TIME_TEXT_MAX];
	char since[TIME_TEXT_MAX];
	const struct told_finding *told = facts->told;
	const struct finding_group *group = facts->group;
	bool complete = set_text_member(object, "time", time_text_print_ms(facts->now_ms, now)) &&
			set_text_member(object, "event", finding_event_name(told->event)) &&
			set_text_member(object, "since", time_text_print_ms(told->since_ms, since)) &&
			set_text_member(object, "site", group->site) &&
			set_text_member(object, "subject_of", finding_subject_name(group->subject));
	if (complete && group->part != KNOWN_FINDINGS_WHOLE_SITE)
		complete = set_member(object, "part", json_integer(group->part));
	return complete && set_text_member(object, "id", id) && set_text_member(object, "run", facts->run);
}

/* True where there is nothing to add. */
static bool set_further_members(json_t *object, const struct fix_line_facts *facts)
{
	const struct fix_report *report = facts->report;

	if (report == NULL || report->members_of == NULL || facts->told->event == FINDING_RESOLVED)
		return true;
	json_t *members = report->members_of(report->context, facts->told->finding);
	bool complete = members != NULL && json_object_update(object, members) == 0;
	json_decref(members);
	return complete;
}

static json_t *line_json(const struct fix_line_facts *facts, const char *id, bool with_chains)
{
	json_t *object = json_object();
	json_t *fields = finding_json(facts->told->finding);
	bool complete = object != NULL && fields != NULL && set_head(object, facts, id) &&
			json_object_update(object, fields) == 0 && set_further_members(object, facts) &&
			(!with_chains || fix_json_set(object, facts->report->result, facts->report->applied));

	json_decref(fields);
	return keep_if_complete(object, complete);
}

static char *print_json(const struct fix_line_facts *facts, const char *id, bool with_chains)
{
	json_t *object = line_json(facts, id, with_chains);
	char *text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static bool print_text(struct fix_line *line, const struct fix_line_facts *facts)
{
	bool with_chains = is_fix(facts);
	char *json = print_json(facts, line->id, with_chains);

	if (json != NULL && with_chains && strlen(json) > FIX_LINE_MAX_BYTES) {
		free(json);
		json = print_json(facts, line->id, false);
	}
	if (json == NULL)
		return false;
	line->len = FIX_LINE_PREFIX_CHARS + strlen(json) + 1;
	line->text = malloc(line->len + 1);
	if (line->text != NULL)
		snprintf(line->text, line->len + 1, "<%d>%s\n", fix_line_priority(line), json);
	free(json);
	return line->text != NULL;
}

struct fix_line *fix_line_new(const struct fix_line_facts *facts)
{
	struct fix_line *line = calloc(1, sizeof *line);

	if (line == NULL)
		return NULL;
	line->event = facts->told->event;
	line->code = facts->told->finding->code;
	line->severity = facts->told->finding->severity;
	line->site = strdup(facts->group->site);
	fix_line_id(facts->group, facts->told->finding, line->id);
	if (line->site == NULL || !print_text(line, facts)) {
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
