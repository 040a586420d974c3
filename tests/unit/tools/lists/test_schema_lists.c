#include "tools/lists/schema_lists.h"

#include <jansson.h>

#include "chaincache/mend/finding.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)100000)

static json_t *definitions_of(struct error (*print)(struct buffer *out))
{
	struct buffer text;
	json_error_t why;
	buffer_init(&text, MAX_BYTES);
	assert_ok(print(&text));
	json_t *schema = json_loadb(buffer_text(&text), text.len, JSON_REJECT_DUPLICATES, &why);
	if (schema == NULL)
		fail_msg("%s, line %d", why.text, why.line);
	json_t *definitions = json_incref(json_object_get(schema, "$defs"));
	assert_true(json_is_object(definitions));
	json_decref(schema);
	buffer_cleanup(&text);
	return definitions;
}

/* A definition has these words first and last, and none twice. */
static void check_words(const json_t *definitions, const char *name, const char *first, const char *last)
{
	const json_t *words = json_object_get(json_object_get(definitions, name), "enum");
	size_t count = json_array_size(words);
	assert_true(count > 1);
	assert_string_equal(json_string_value(json_array_get(words, 0)), first);
	assert_string_equal(json_string_value(json_array_get(words, count - 1)), last);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++)
			assert_false(json_equal(json_array_get(words, i), json_array_get(words, k)));
	}
}

static void test_the_words_of_findings(void **state)
{
	json_t *definitions = definitions_of(schema_lists_finding);
	(void)state;
	check_words(definitions, "code", "missing_intermediate", finding_code_name(FINDING_CODE_COUNT - 1));
	check_words(definitions, "severity", "info", "error");
	check_words(definitions, "action", "none", "replaced");
	check_words(definitions, "source", "served", "roots");
	check_words(definitions, "subject", "certificate", "clients");
	check_words(definitions, "event", "appeared", "resolved");
	json_decref(definitions);
}

/* How many members an object of this definition must have; each of them has its own schema. */
static size_t check_members(const json_t *definitions, const char *name, const char *member, const char *type)
{
	const json_t *definition = json_object_get(definitions, name);
	const json_t *required = json_object_get(definition, "required");
	const json_t *properties = json_object_get(definition, "properties");
	assert_int_equal(json_object_size(properties), json_array_size(required));
	for (size_t i = 0; i < json_array_size(required); i++)
		assert_non_null(json_object_get(properties, json_string_value(json_array_get(required, i))));
	assert_string_equal(json_string_value(json_object_get(json_object_get(properties, member), "type")), type);
	return json_array_size(required);
}

static void test_what_is_counted(void **state)
{
	json_t *definitions = definitions_of(schema_lists_counters);
	(void)state;
	check_words(definitions, "alert", "bad_certificate", "other");
	check_words(definitions, "rejection", "bad_certificate", "unknown_ca");
	check_words(definitions, "chain_state", "waiting", "broken");
	check_words(definitions, "site_state", "good", "broken");
	check_words(definitions, "backend_state", "unknown", "down");
	assert_true(check_members(definitions, "totals", "connections_open", "integer") > 10);
	assert_true(check_members(definitions, "site_totals", "alerts", "object") > 5);
	assert_true(check_members(definitions, "backend_counts", "failures", "integer") > 1);
	assert_true(check_members(definitions, "mends", "seconds", "number") > 3);
	assert_true(check_members(definitions, "states", "attention", "integer") > 3);
	json_decref(definitions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_words_of_findings),
	    cmocka_unit_test(test_what_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
