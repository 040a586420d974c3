#include "tests/support/unit.h"

#include <string.h>

#include "proxy/commands/log/log_filter.h"

static bool wants(const struct log_filter *filter, const char *text)
{
	struct log_line line;
	assert_int_equal(log_line_scan(bytes_of_string(text), &line), LOG_LINE_FINDING);
	return log_filter_wants(filter, &line);
}

static const char mail[] =
    "{\"time\":\"2026-11-20T10:00:00.000Z\",\"site\":\"m\xc3\xbcll \\\"1\\\"\",\"code\":\"weak_key\","
    "\"severity\":\"error\"}";

static void test_by_site_code_and_severity(void **state)
{
	struct log_filter filter = {0};
	(void)state;
	assert_true(wants(&filter, mail));
	assert_null(log_filter_set_site(&filter, "m\xc3\xbcll \"1\""));
	assert_true(wants(&filter, mail));
	assert_null(log_filter_set_site(&filter, "other"));
	assert_false(wants(&filter, mail));
	filter = (struct log_filter){0};
	assert_null(log_filter_set_code(&filter, "weak_key"));
	assert_null(log_filter_set_severity(&filter, "error"));
	assert_true(wants(&filter, mail));
	assert_null(log_filter_set_severity(&filter, "fixed"));
	assert_false(wants(&filter, mail));
}

static void test_lines_are_chosen_by_time(void **state)
{
	struct log_filter filter = {0};
	(void)state;
	assert_null(log_filter_set_since(&filter, "2026-11-20T10:00:00Z"));
	assert_null(log_filter_set_until(&filter, "2026-11-20T11:00:00+01:00"));
	assert_true(wants(&filter, mail));
	assert_null(log_filter_set_since(&filter, "2026-11-20T10:00:01Z"));
	assert_false(wants(&filter, mail));
	assert_false(wants(&filter, "{\"time\":\"noon\",\"site\":\"s\",\"code\":\"c\",\"severity\":\"error\"}"));
}

static void test_what_makes_no_sense_is_refused(void **state)
{
	static char long_name[2 * LOG_FILTER_MAX_SITE];
	struct log_filter filter = {0};
	(void)state;
	memset(long_name, 'a', sizeof(long_name) - 1);
	assert_non_null(log_filter_set_site(&filter, long_name));
	assert_non_null(log_filter_set_code(&filter, "weak_kex"));
	assert_non_null(log_filter_set_severity(&filter, "loud"));
	assert_non_null(log_filter_set_since(&filter, "soon"));
	assert_non_null(log_filter_set_until(&filter, "99999999d"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_by_site_code_and_severity),
	    cmocka_unit_test(test_lines_are_chosen_by_time),
	    cmocka_unit_test(test_what_makes_no_sense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
