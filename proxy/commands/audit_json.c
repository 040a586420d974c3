#include "proxy/commands/audit_json.h"

#include "proxy/glue/finding_json.h"
#include "proxy/glue/time_text.h"

#define JSON_INDENT_BLANKS 2

static bool set(json_t *object, const char *key, json_t *take_value)
{
	return json_object_set_new(object, key, take_value) == 0;
}

static bool set_text(json_t *object, const char *key, const char *text)
{
	return text == NULL || set(object, key, text_json(text));
}

static bool set_time(json_t *object, const char *key, int64_t seconds)
{
	char text[TIME_TEXT_MAX];
	return set_text(object, key, time_text_print(seconds, text));
}

/* `complete` says whether every member could be made. */
static json_t *keep_if(json_t *value, bool complete)
{
	if (complete)
		return value;
	json_decref(value);
	return NULL;
}

static json_t *name_json(const struct name_result *name)
{
	json_t *object = json_object();
	bool covered = name->match.verdict == NAME_COVERED;
	return keep_if(object,
		       object != NULL && set_text(object, "name", name->name.text) &&
			   set(object, "covered", json_boolean(covered)) &&
			   set(object, "matched_by", covered ? text_json(name->match.matched_by) : json_null()) &&
			   set_text(object, "why", name->match.why));
}

static json_t *names_json(const struct mend_result *result)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < result->num_names; i++)
		complete = json_array_append_new(array, name_json(&result->names[i])) == 0;
	return keep_if(array, complete);
}

static json_t *store_json(const struct store_verdict *store)
{
	json_t *object = json_object();
	return keep_if(object, object != NULL && set_text(object, "name", store->name) &&
				   set(object, "served_trusted", json_boolean(store->served_trusted)) &&
				   set(object, "mended_trusted", json_boolean(store->mended_trusted)));
}

static json_t *stores_json(const struct mend_result *result)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < result->num_stores; i++)
		complete = json_array_append_new(array, store_json(&result->stores[i])) == 0;
	return keep_if(array, complete);
}

static json_t *runner_up_json(const struct runner_up *runner_up)
{
	json_t *object = json_object();
	return keep_if(object, object != NULL && set(object, "path", chain_json_short(&runner_up->path)) &&
				   set_text(object, "why", runner_up->why));
}

static json_t *runners_up_json(const struct mend_result *result)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < result->num_runners_up; i++)
		complete = json_array_append_new(array, runner_up_json(&result->runners_up[i])) == 0;
	return keep_if(array, complete);
}

static json_t *anchor_json(const struct mend_result *result)
{
	if (result->anchor == NULL)
		return json_null();
	struct certificate_entry entry = {result->anchor, SOURCE_ROOTS};
	return certificate_json(&entry);
}

static bool set_facts(json_t *object, const struct audit_json_facts *facts)
{
	return set_text(object, "target", facts->target) && set_text(object, "address", facts->address) &&
	       set_text(object, "tls_version", facts->tls_version) && set_text(object, "cipher", facts->cipher) &&
	       set_time(object, "time", facts->time);
}

static bool set_result(json_t *object, const struct mend_result *result)
{
	return set(object, "names", names_json(result)) && set(object, "served", chain_json(&result->served)) &&
	       set(object, "mended", chain_json(&result->mended)) && set(object, "anchor", anchor_json(result)) &&
	       set(object, "changed", json_boolean(result->changed)) && set(object, "stores", stores_json(result)) &&
	       set(object, "served_trusted", json_boolean(result->served_trusted)) &&
	       set(object, "mended_trusted", json_boolean(result->mended_trusted)) &&
	       set_time(object, "first_expiry", result->first_expiry) &&
	       set(object, "findings", finding_list_json(&result->findings)) &&
	       set(object, "findings_dropped", json_integer((json_int_t)result->findings.num_dropped)) &&
	       set(object, "runners_up", runners_up_json(result));
}

static bool print(json_t *take_object, bool complete, FILE *file)
{
	bool good =
	    complete && json_dumpf(take_object, file, JSON_INDENT(JSON_INDENT_BLANKS)) == 0 && fputc('\n', file) != EOF;
	json_decref(take_object);
	return good;
}

bool audit_json_print(const struct audit_json_facts *facts, const struct mend_result *result, FILE *file)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_facts(object, facts) && set_result(object, result) &&
			set_text(object, "pem", facts->pem) &&
			set(object, "exit_status", json_integer(facts->exit_status));
	return print(object, complete, file);
}

bool audit_json_print_error(const struct audit_json_facts *facts, const char *error, FILE *file)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_facts(object, facts) && set_text(object, "error", error) &&
			set(object, "exit_status", json_integer(facts->exit_status));
	return print(object, complete, file);
}
