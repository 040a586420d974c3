#include "proxy/http/http_rule.h"
#include "tests/support/unit.h"

#include <ctype.h>
#include <string.h>

/* Names are those of a metric's label and of JSON: lower case, digits, `-` and `.`. */
static void test_rows(void **state)
{
	(void)state;
	for (unsigned i = HTTP_RULE_NONE + 1; i < NUM_HTTP_RULES; i++) {
		const struct http_rule_row *row = http_rule_row((enum http_rule)i);
		assert_non_null(row->name);
		for (const char *at = row->name; *at != '\0'; at++)
			assert_true(islower((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '-' ||
				    *at == '.');
		assert_in_range(row->status, 400, 505);
		assert_true(islower((unsigned char)row->text[0]));
		assert_true(isalnum((unsigned char)row->text[strlen(row->text) - 1]));
		assert_int_equal(strncmp(row->section, "RFC ", strlen("RFC ")), 0);
		for (unsigned other = HTTP_RULE_NONE + 1; other < i; other++) {
			assert_string_not_equal(row->name, http_rule_row((enum http_rule)other)->name);
			assert_string_not_equal(row->text, http_rule_row((enum http_rule)other)->text);
		}
	}
}

static void test_statuses(void **state)
{
	(void)state;
	assert_int_equal(http_rule_row(HTTP_RULE_BARE_LF)->status, 400);
	assert_int_equal(http_rule_row(HTTP_RULE_VERSION)->status, 505);
	assert_int_equal(http_rule_row(HTTP_RULE_TARGET_TOO_LONG)->status, 414);
	assert_int_equal(http_rule_row(HTTP_RULE_TOO_MANY_FIELDS)->status, 431);
	assert_int_equal(http_rule_row(HTTP_RULE_BODY_TOO_LARGE)->status, 413);
	assert_int_equal(http_rule_row(HTTP_RULE_EXPECTATION)->status, 417);
	assert_int_equal(http_rule_row(HTTP_RULE_HOST_ELSEWHERE)->status, 421);
	assert_int_equal(http_rule_row(HTTP_RULE_CONNECT)->status, 501);
	assert_string_equal(http_rule_row(HTTP_RULE_LENGTH_AND_CODING)->section, "RFC 9112 6.1");
	assert_string_equal(http_rule_row(HTTP_RULE_UNASKED)->section, "RFC 9112 9.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_statuses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
