#include "tools/lists/schema_lists.h"

#include <stdlib.h>

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/mend/finding.h"
#include "proxy/admin/site_state.h"
#include "proxy/log/json_member.h"
#include "proxy/log/known_findings.h"
#include "proxy/mending/mend_tally.h"
#include "proxy/shared/counters.h"
#include "proxy/shared/site_tally.h"

/* One definition: a word of a list. */
struct word_list {
	const char *name;
	const char *description;
	size_t count;
	const char *(*word)(size_t index);
};

static const char *code_word(size_t index)
{
	return finding_code_name((enum finding_code)index);
}

static const char *severity_word(size_t index)
{
	return finding_severity_name((enum finding_severity)index);
}

static const char *action_word(size_t index)
{
	return finding_action_name((enum finding_action)index);
}

static const char *source_word(size_t index)
{
	return certificate_source_name((enum certificate_source)index);
}

static const char *subject_word(size_t index)
{
	return finding_subject_name((enum finding_subject)index);
}

static const char *event_word(size_t index)
{
	return finding_event_name((enum finding_event)index);
}

static const char *alert_word(size_t index)
{
	return tally_alert_name((enum tally_alert)index);
}

static const char *chain_state_word(size_t index)
{
	return chain_state_name((enum chain_state)index);
}

static const char *site_state_word(size_t index)
{
	return site_state_name((enum site_state)index);
}

static const char *backend_state_word(size_t index)
{
	return backend_state_name((enum backend_state)index);
}

static const char *fetch_word(size_t index)
{
	return mend_fetch_result_name((enum mend_fetch_result)index);
}

static const struct word_list finding_words[] = {
    {"code", "What a finding says; findings.md has a section for each.", FINDING_CODE_COUNT, code_word},
    {"severity", "error: no chain can repair it; fixed: it is mended; warning: look at it soon; info: good to know.",
     SEVERITY_ERROR + 1, severity_word},
    {"action", "What was done to the chain.", ACTION_REPLACED + 1, action_word},
    {"source", "Where a certificate comes from.", SOURCE_ROOTS + 1, source_word},
    {"subject", "What a finding is about.", SUBJECT_CLIENTS + 1, subject_word},
    {"event", "What became of a finding.", FINDING_RESOLVED + 1, event_word},
};

/* The alerts that are rejections stand first in their list (site_tally.h). */
static const struct word_list counter_words[] = {
    {"alert", "An alert by which a client ended a handshake.", NUM_TALLY_ALERTS, alert_word},
    {"rejection", "An alert that is about the certificate.", TALLY_UNKNOWN_CA + 1, alert_word},
    {"chain_state", "A chain in one word.", NUM_CHAIN_STATES, chain_state_word},
    {"site_state", "A site in one word.", NUM_SITE_STATES, site_state_word},
    {"backend_state", "A backend in one word.", NUM_BACKEND_STATES, backend_state_word},
};

static const struct word_list site_states = {"states", "Sites by their state.", NUM_SITE_STATES, site_state_word};
static const struct word_list fetches = {"fetches", "Fetches by their result.", NUM_MEND_FETCH_RESULTS, fetch_word};

/* One counter, a member of an object; the last one of a list has no name. */
struct counter {
	const char *name;
	const char *help;
};

static const struct counter totals[] = {
#define X(field, metric, type, help) {#field, help},
    COUNTERS(X)
#undef X
	{NULL, NULL},
};
static const struct counter site_totals[] = {
#define X(field, help) {#field, help},
    SITE_SUMS(X)
#undef X
#define X(field, metric, help) {#field, help},
	SITE_COUNTERS(X)
#undef X
	    {NULL, NULL},
};
static const struct counter backend_counts[] = {
#define X(field, metric, help) {#field, help},
    BACKEND_COUNTERS(X)
#undef X
	{NULL, NULL},
};
static const struct counter mends[] = {
#define X(id, word) {word, "Mends of chains with this result."},
    MEND_OUTCOMES(X)
#undef X
	{"issuers_fetched", "Fetched certificates that are issuers, and were kept."},
    {NULL, NULL},
};

static json_t *words_json(const struct word_list *list)
{
	json_t *object = json_object();
	json_t *words = json_array();
	bool complete = object != NULL && words != NULL;

	for (size_t i = 0; complete && i < list->count; i++)
		complete = json_array_append_new(words, json_string(list->word(i))) == 0;
	complete = complete && set_text_member(object, "description", list->description) &&
		   json_object_set(object, "enum", words) == 0;
	json_decref(words);
	return keep_if_complete(object, complete);
}

static bool add_words(json_t *defs, const struct word_list *lists, size_t count)
{
	bool complete = defs != NULL;

	for (size_t i = 0; complete && i < count; i++)
		complete = set_member(defs, lists[i].name, words_json(&lists[i]));
	return complete;
}

/* Appends the schema that has these definitions. */
static struct error print_schema(const char *title, json_t *take_defs, struct buffer *out)
{
	struct error error = error_of(ERROR_MEMORY, 0, "make a schema");
	json_t *schema = json_object();
	bool complete =
	    schema != NULL && set_text_member(schema, "$schema", "https://json-schema.org/draft/2020-12/schema") &&
	    set_text_member(schema, "title", title) &&
	    set_text_member(schema, "$comment", "Made from the lists in the code: see cmake/Texts.cmake.") &&
	    take_defs != NULL && json_object_set(schema, "$defs", take_defs) == 0;
	char *text = complete ? json_dumps(schema, JSON_INDENT(2)) : NULL;

	if (text != NULL)
		error = buffer_printf(out, "%s\n", text);
	free(text);
	json_decref(schema);
	json_decref(take_defs);
	return error;
}

struct error schema_lists_finding(struct buffer *out)
{
	json_t *defs = json_object();
	bool complete = add_words(defs, finding_words, sizeof(finding_words) / sizeof(finding_words[0]));

	return print_schema("The words of chainmend's findings", keep_if_complete(defs, complete), out);
}

/* An object with members that must all be there. */
struct object_schema {
	json_t *properties;
	json_t *required;
};

static bool add_member(const struct object_schema *object, const char *name, json_t *take_schema)
{
	return json_array_append_new(object->required, json_string(name)) == 0 &&
	       set_member(object->properties, name, take_schema);
}

static json_t *count_json(const char *help)
{
	json_t *count = json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
	return keep_if_complete(count, count != NULL && (help == NULL || set_text_member(count, "description", help)));
}

static bool add_counters(const struct object_schema *object, const struct counter *counters)
{
	bool complete = true;

	for (; complete && counters->name != NULL; counters++)
		complete = add_member(object, counters->name, count_json(counters->help));
	return complete;
}

static bool add_counts_by_word(const struct object_schema *object, const struct word_list *list)
{
	bool complete = true;

	for (size_t i = 0; complete && i < list->count; i++)
		complete = add_member(object, list->word(i), count_json(NULL));
	return complete;
}

static json_t *object_json(const char *description, struct object_schema *take_object, bool complete)
{
	json_t *schema = json_pack("{s:s, s:s, s:O, s:O}", "type", "object", "description", description, "required",
				   take_object->required, "properties", take_object->properties);

	json_decref(take_object->required);
	json_decref(take_object->properties);
	return keep_if_complete(schema, complete && schema != NULL);
}

static struct object_schema begin_object(void)
{
	return (struct object_schema){.properties = json_object(), .required = json_array()};
}

static json_t *counters_json(const char *description, const struct counter *counters)
{
	struct object_schema object = begin_object();
	return object_json(description, &object, add_counters(&object, counters));
}

static json_t *counts_by_word_json(const struct word_list *list)
{
	struct object_schema object = begin_object();
	return object_json(list->description, &object, add_counts_by_word(&object, list));
}

/* Alerts are there where they occurred. */
static json_t *alerts_json(void)
{
	return json_pack("{s:s, s:s, s:{s:s}, s:o}", "type", "object", "description", "Alerts by their name.",
			 "propertyNames", "$ref", "#/$defs/alert", "additionalProperties", count_json(NULL));
}

static json_t *mends_json(void)
{
	struct object_schema object = begin_object();
	json_t *seconds = json_pack("{s:s, s:s, s:i}", "type", "number", "description",
				    "How long all mends took together, fetching included.", "minimum", 0);
	bool complete = add_counters(&object, mends) && add_member(&object, "fetches", counts_by_word_json(&fetches));

	return object_json("What was mended, and fetched for it.", &object,
			   add_member(&object, "seconds", seconds) && complete);
}

static json_t *site_totals_json(void)
{
	struct object_schema object = begin_object();
	bool complete = add_counters(&object, site_totals);

	return object_json("What was counted for a site.", &object,
			   add_member(&object, "alerts", alerts_json()) && complete);
}

struct error schema_lists_counters(struct buffer *out)
{
	json_t *defs = json_object();
	bool complete =
	    add_words(defs, counter_words, sizeof(counter_words) / sizeof(counter_words[0])) &&
	    set_member(defs, "totals", counters_json("What all workers have counted.", totals)) &&
	    set_member(defs, "site_totals", site_totals_json()) &&
	    set_member(defs, "backend_counts", counters_json("What was counted for a backend.", backend_counts)) &&
	    set_member(defs, "mends", mends_json()) &&
	    set_member(defs, site_states.name, counts_by_word_json(&site_states));

	return print_schema("What chainmend counts, and the words by which it does", keep_if_complete(defs, complete),
			    out);
}
