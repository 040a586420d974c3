#include "tools/lists/schema_lists.h"

#include <stdlib.h>

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/mend/finding.h"
#include "proxy/log/json_member.h"
#include "proxy/log/known_findings.h"

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

static const struct word_list finding_words[] = {
    {"code", "What a finding says; findings.md has a section for each.", FINDING_CODE_COUNT, code_word},
    {"severity", "error: no chain can repair it; fixed: it is mended; warning: look at it soon; info: good to know.", SEVERITY_ERROR + 1, severity_word},
    {"action", "What was done to the chain.", ACTION_REPLACED + 1, action_word},
    {"source", "Where a certificate comes from.", SOURCE_ROOTS + 1, source_word},
    {"subject", "What a finding is about.", SUBJECT_CLIENTS + 1, subject_word},
    {"event", "What became of a finding.", FINDING_RESOLVED + 1, event_word},
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
