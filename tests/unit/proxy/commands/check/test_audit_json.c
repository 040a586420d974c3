#include "proxy/commands/check/audit_json.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "tests/support/mend_world.h"

#define MAX_TEXT 100000

/* Parses the printed document. */
static json_t *read_again(const char *text)
{
	json_error_t why;
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &why);
	if (object == NULL)
		fail_msg("%s in %s", why.text, text);
	return object;
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
	const char *got = json_string_value(json_object_get(object, key));
	assert_non_null(got);
	assert_string_equal(got, text);
}

static void test_the_document_has_what_the_contract_promises(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .issuer = root, .ca = true);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"));
	struct audit_json_facts facts = {
	    .target = "a.example", .address = "192.0.2.1:443", .time = PKI_NOW, .exit_status = 2};
	struct mend_world world = {0};
	static char text[MAX_TEXT];
	FILE *file = fmemopen(text, sizeof(text), "w");
	(void)state;
	WORLD_SERVE(&world, leaf);
	WORLD_CACHE(&world, issuing);
	WORLD_TRUST(&world, "store", root);
	world_name(&world, "a.example");
	world_name(&world, "x.example");
	assert_true(audit_json_print(&facts, world_mend(&world), file));
	fclose(file);
	assert_int_equal(text[strlen(text) - 1], '\n');
	json_t *object = read_again(text);
	expect_text(object, "target", "a.example");
	expect_text(object, "address", "192.0.2.1:443");
	expect_text(object, "time", "2026-01-01T00:00:00Z");
	assert_null(json_object_get(object, "tls_version"));
	assert_null(json_object_get(object, "pem"));
	assert_int_equal(json_array_size(json_object_get(object, "served")), 1);
	assert_int_equal(json_array_size(json_object_get(object, "mended")), 2);
	expect_text(json_object_get(object, "anchor"), "subject", "CN=Root");
	assert_true(json_is_false(json_object_get(object, "served_trusted")));
	assert_true(json_is_true(json_object_get(object, "mended_trusted")));
	assert_true(json_is_true(json_object_get(object, "changed")));
	const json_t *store = json_array_get(json_object_get(object, "stores"), 0);
	expect_text(store, "name", "store");
	assert_true(json_is_false(json_object_get(store, "served_trusted")));
	assert_true(json_is_true(json_object_get(store, "mended_trusted")));
	const json_t *covered = json_array_get(json_object_get(object, "names"), 0);
	const json_t *other = json_array_get(json_object_get(object, "names"), 1);
	expect_text(covered, "matched_by", "a.example");
	assert_true(json_is_true(json_object_get(covered, "covered")));
	assert_true(json_is_false(json_object_get(other, "covered")));
	assert_true(json_is_null(json_object_get(other, "matched_by")));
	assert_non_null(json_string_value(json_object_get(other, "why")));
	assert_int_equal(json_array_size(json_object_get(object, "findings")), 2);
	assert_int_equal(json_integer_value(json_object_get(object, "exit_status")), 2);
	json_decref(object);
	world_cleanup(&world);
}

static void test_without_a_result_it_says_why(void **state)
{
	struct audit_json_facts facts = {.target = "bad \xff name", .time = PKI_NOW, .exit_status = 3};
	static const char *const lists[] = {"names", "served", "mended", "stores", "findings"};
	static char text[MAX_TEXT];
	FILE *file = fmemopen(text, sizeof(text), "w");
	(void)state;
	assert_true(audit_json_print_error(&facts, "connection refused", file));
	fclose(file);
	json_t *object = read_again(text);
	expect_text(object, "target", "bad \xef\xbf\xbd name");
	expect_text(object, "error", "connection refused");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_true(json_is_array(json_object_get(object, lists[i])));
		assert_int_equal(json_array_size(json_object_get(object, lists[i])), 0);
	}
	assert_true(json_is_false(json_object_get(object, "served_trusted")));
	assert_true(json_is_false(json_object_get(object, "mended_trusted")));
	assert_int_equal(json_integer_value(json_object_get(object, "exit_status")), 3);
	json_decref(object);
}

static void test_a_full_disk_is_told(void **state)
{
	struct audit_json_facts facts = {.target = "a", .exit_status = 3};
	FILE *file = fopen("/dev/full", "w");
	(void)state;
	assert_non_null(file);
	setvbuf(file, NULL, _IONBF, 0);
	assert_false(audit_json_print_error(&facts, "why", file));
	fclose(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_document_has_what_the_contract_promises),
	    cmocka_unit_test(test_without_a_result_it_says_why),
	    cmocka_unit_test(test_a_full_disk_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
