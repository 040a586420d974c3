#include "chaincache/mend/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

static void test_every_code_has_its_word_and_advice(void **state)
{
	(void)state;

	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		assert_true(strlen(finding_code_name((enum finding_code)code)) > 0);
		assert_true(strlen(finding_code_advice((enum finding_code)code, FINDING_OF_PROXY)) > 20);
		const char *meaning = finding_code_meaning((enum finding_code)code);
		assert_true(strlen(meaning) > 15 && strlen(meaning) <= 80);
		assert_int_equal(meaning[strlen(meaning) - 1], '.');
		for (int other = 0; other < code; other++)
			assert_string_not_equal(finding_code_name((enum finding_code)code),
						finding_code_name((enum finding_code)other));
	}
	assert_string_equal(finding_code_name(FINDING_MISSING_INTERMEDIATE), "missing_intermediate");
	assert_int_equal(finding_code_severity(FINDING_MISSING_INTERMEDIATE), SEVERITY_FIXED);
	assert_int_equal(finding_code_severity(FINDING_ROOT_INCLUDED), SEVERITY_INFO);
	assert_int_equal(finding_code_severity(FINDING_LEAF_EXPIRED), SEVERITY_ERROR);
	assert_string_equal(finding_severity_name(SEVERITY_FIXED), "fixed");
	assert_string_equal(finding_action_name(ACTION_REPLACED), "replaced");
}

static void test_a_finding_owns_its_texts(void **state)
{
	struct finding_list list = {0}, copy = {0};
	char name[] = "a.example";
	const struct certificate *certificate = PKI(.cn = "a");
	(void)state;

	struct finding *finding = finding_list_add(&list, FINDING_NAME_NOT_COVERED, "%s is %d", "it", 7);
	finding_set_name(finding, name);
	finding_set_certificate(finding, certificate);
	finding_set_certificate(finding, certificate);
	finding_set_url(finding, "http://old");
	finding_set_url(finding, "http://new");
	finding_set_source(finding, "cache");
	finding_set_advice(finding, "do %s", "this");
	finding_set_severity(finding, SEVERITY_WARNING);
	finding_set_action(finding, ACTION_ADDED);
	name[0] = 'X';
	assert_ok(finding_list_copy(&copy, &list));
	finding_list_cleanup(&list);
	assert_string_equal(copy.items[0].message, "it is 7");
	assert_string_equal(copy.items[0].name, "a.example");
	assert_string_equal(copy.items[0].url, "http://new");
	assert_string_equal(copy.items[0].source, "cache");
	assert_string_equal(copy.items[0].advice, "do this");
	assert_int_equal(copy.items[0].severity, SEVERITY_WARNING);
	assert_int_equal(copy.items[0].action, ACTION_ADDED);
	assert_ptr_equal(copy.items[0].certificate, certificate);
	finding_list_cleanup(&copy);
	assert_int_equal(list.count, 0);
}

static void test_setters_pass_over_nothing(void **state)
{
	(void)state;

	finding_set_severity(NULL, SEVERITY_ERROR);
	finding_set_action(NULL, ACTION_ADDED);
	finding_set_certificate(NULL, NULL);
	finding_set_name(NULL, "x");
	finding_set_source(NULL, "x");
	finding_set_url(NULL, "x");
	finding_set_advice(NULL, "%s", "x");
}

/* A text is cut at the maximum, never within a character. */
static void test_long_texts_are_cut(void **state)
{
	struct finding_list list = {0};
	char text[2 * FINDING_MAX_TEXT + 1];
	(void)state;

	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[sizeof(text) - 1] = '\0';
	struct finding *finding = finding_list_add(&list, FINDING_REVOKED, "%s", text);
	size_t len = strlen(finding->message);
	assert_in_range(len, FINDING_MAX_TEXT - 4, FINDING_MAX_TEXT);
	assert_string_equal(finding->message + len - 3, "...");
	assert_int_equal((unsigned char)finding->message[len - 4], 0xa4);
	text[FINDING_MAX_TEXT] = '\0';
	finding = finding_list_add(&list, FINDING_REVOKED, "%s", text);
	assert_string_equal(finding->message, text);
	finding_list_cleanup(&list);
}

static void test_the_list_is_bounded(void **state)
{
	struct finding_list list = {0};
	(void)state;

	for (int i = 0; i < FINDING_LIST_MAX; i++)
		assert_non_null(finding_list_add(&list, FINDING_REVOKED, "%d", i));
	assert_int_equal(finding_list_worst(&list), SEVERITY_ERROR);
	for (size_t i = 0; i < list.count; i++)
		finding_set_severity(&list.items[i], SEVERITY_INFO);
	/* Above the maximum the severity alone is kept, as it is set afterwards. */
	struct finding *more = finding_list_add(&list, FINDING_ROOT_INCLUDED, "one more");
	finding_set_name(more, "a name");
	assert_int_equal(finding_list_worst(&list), SEVERITY_INFO);
	finding_set_severity(more, SEVERITY_FIXED);
	assert_int_equal(finding_list_worst(&list), SEVERITY_FIXED);
	finding_list_add(&list, FINDING_ROOT_INCLUDED, "and one");
	assert_int_equal(finding_list_worst(&list), SEVERITY_FIXED);
	assert_int_equal(list.num_dropped, 2);
	assert_true(finding_list_is_whole(&list));
	assert_int_equal(list.count, FINDING_LIST_MAX);
	assert_true(finding_list_has(&list, FINDING_ROOT_INCLUDED));
	assert_true(finding_list_has_dropped(&list, FINDING_ROOT_INCLUDED));
	assert_false(finding_list_has_dropped(&list, FINDING_REVOKED));
	assert_int_equal(finding_list_worst_dropped(&list), SEVERITY_FIXED);
	struct finding_list copy;
	assert_ok(finding_list_copy(&copy, &list));
	assert_true(finding_list_has_dropped(&copy, FINDING_ROOT_INCLUDED));
	assert_int_equal(finding_list_worst(&copy), SEVERITY_FIXED);
	finding_list_cleanup(&copy);
	finding_list_cleanup(&list);
}

static void test_sameness_is_code_certificate_name_and_url(void **state)
{
	struct finding_list list = {0};
	const struct certificate *certificate = PKI(.cn = "a"), *other = PKI(.cn = "b");
	(void)state;

	for (int i = 0; i < 2; i++) {
		struct finding *finding = finding_list_add(&list, FINDING_FETCH_FAILED, "message %d", i);
		finding_set_certificate(finding, certificate);
		finding_set_url(finding, "http://a");
	}
	struct finding *a = &list.items[0], *b = &list.items[1];
	assert_true(finding_same(a, b));
	finding_set_severity(b, SEVERITY_ERROR);
	assert_true(finding_same(a, b));
	finding_set_url(b, "http://b");
	assert_false(finding_same(a, b));
	finding_set_url(b, "http://a");
	finding_set_certificate(b, other);
	assert_false(finding_same(a, b));
	finding_set_certificate(b, NULL);
	assert_false(finding_same(a, b));
	finding_set_certificate(b, certificate);
	finding_set_name(b, "n");
	assert_false(finding_same(a, b));
	finding_list_cleanup(&list);
}

static void test_the_worst_of_a_list(void **state)
{
	struct finding_list list = {0};
	(void)state;

	assert_int_equal(finding_list_worst(&list), SEVERITY_INFO);
	finding_list_add(&list, FINDING_LEAF_EXPIRES_SOON, "soon");
	assert_int_equal(finding_list_worst(&list), SEVERITY_WARNING);
	finding_list_add(&list, FINDING_WRONG_ORDER, "order");
	finding_list_add(&list, FINDING_ROOT_INCLUDED, "root");
	assert_int_equal(finding_list_worst(&list), SEVERITY_FIXED);
	assert_true(finding_list_has(&list, FINDING_ROOT_INCLUDED));
	assert_false(finding_list_has(&list, FINDING_REVOKED));
	finding_list_add(&list, FINDING_REVOKED, "revoked");
	assert_int_equal(finding_list_worst(&list), SEVERITY_ERROR);
	finding_list_cleanup(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_code_has_its_word_and_advice),
	    cmocka_unit_test(test_a_finding_owns_its_texts),
	    cmocka_unit_test(test_setters_pass_over_nothing),
	    cmocka_unit_test(test_long_texts_are_cut),
	    cmocka_unit_test(test_the_list_is_bounded),
	    cmocka_unit_test(test_sameness_is_code_certificate_name_and_url),
	    cmocka_unit_test(test_the_worst_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
