#include "proxy/log/finding_json.h"

#include <string.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void test_a_certificate_has_what_the_contract_promises(void **state)
{
	struct certificate_entry entry = {PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example")), SOURCE_FETCHED};
	json_t *object = certificate_json(&entry);
	(void)state;
	assert_non_null(object);
	assert_string_equal(text_at(object, "subject"), "CN=a.example");
	assert_string_equal(text_at(object, "issuer"), "CN=a.example");
	assert_string_equal(text_at(object, "serial"), entry.certificate->serial);
	assert_string_equal(text_at(object, "sha256"), entry.certificate->sha256_hex);
	assert_int_equal(strlen(text_at(object, "spki_sha256")), SHA256_HEX_CHARS);
	assert_string_equal(text_at(object, "not_before"), "2018-01-01T00:00:00Z");
	assert_string_equal(text_at(object, "not_after"), "2040-01-01T00:00:00Z");
	assert_string_equal(text_at(object, "source"), "fetched");
	json_decref(object);
}

static void test_a_chain_in_full_and_a_runner_up_in_short(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	struct certificate_list chain = PKI_LIST(SOURCE_SERVED, PKI(.cn = "leaf", .issuer = root), root);
	struct runner_up runner_up = {.path = chain, .why = "it is longer"};
	struct mend_result result = {.runners_up = &runner_up, .num_runners_up = 1};
	struct mend_result nothing = {0};
	json_t *full = chain_json(&chain);
	json_t *runners_up = runners_up_json(&result);
	json_t *brief = json_object_get(json_array_get(runners_up, 0), "path");
	json_t *empty = runners_up_json(&nothing);
	(void)state;
	assert_int_equal(json_array_size(full), 2);
	assert_int_equal(json_array_size(brief), 2);
	assert_int_equal(json_object_size(json_array_get(brief, 0)), 3);
	assert_string_equal(text_at(json_array_get(brief, 1), "subject"), "CN=Root");
	assert_string_equal(text_at(json_array_get(brief, 1), "sha256"), root->sha256_hex);
	assert_string_equal(text_at(json_array_get(brief, 1), "source"), "served");
	assert_string_equal(text_at(json_array_get(runners_up, 0), "why"), "it is longer");
	assert_int_equal(json_array_size(empty), 0);
	json_decref(full);
	json_decref(runners_up);
	json_decref(empty);
	certificate_list_cleanup(&chain);
}

static void test_a_finding_has_the_fields_that_apply_and_no_others(void **state)
{
	struct finding_list findings = {0};
	const struct certificate *leaf = PKI(.cn = "a.example");
	struct finding *finding =
	    finding_list_add(&findings, FINDING_MISSING_INTERMEDIATE, "One %s is missing", "thing");
	(void)state;
	finding_set_action(finding, ACTION_ADDED);
	finding_set_certificate(finding, leaf);
	finding_set_name(finding, "a.example");
	finding_set_source(finding, "fetched");
	finding_set_url(finding, "http://ca.example/i.cer");
	finding_list_add(&findings, FINDING_SELF_SIGNED, "It is its own issuer");
	json_t *array = finding_list_json(&findings);
	json_t *first = json_array_get(array, 0);
	json_t *second = json_array_get(array, 1);
	assert_string_equal(text_at(first, "code"), "missing_intermediate");
	assert_string_equal(text_at(first, "severity"), "fixed");
	assert_string_equal(text_at(first, "action"), "added");
	assert_string_equal(text_at(first, "message"), "One thing is missing");
	assert_string_equal(text_at(first, "advice"),
			    finding_code_advice(FINDING_MISSING_INTERMEDIATE, FINDING_OF_PROXY));
	assert_string_equal(text_at(first, "name"), "a.example");
	assert_string_equal(text_at(first, "source"), "fetched");
	assert_string_equal(text_at(first, "url"), "http://ca.example/i.cer");
	assert_string_equal(text_at(json_object_get(first, "certificate"), "subject"), "CN=a.example");
	assert_string_equal(text_at(json_object_get(first, "certificate"), "sha256"), leaf->sha256_hex);
	assert_int_equal(json_object_size(second), 5);
	json_decref(array);
	finding_list_cleanup(&findings);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_certificate_has_what_the_contract_promises),
	    cmocka_unit_test(test_a_chain_in_full_and_a_runner_up_in_short),
	    cmocka_unit_test(test_a_finding_has_the_fields_that_apply_and_no_others),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
