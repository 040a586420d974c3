#include "proxy/commands/log/report_seen.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/unit.h"

static void test_each_content_is_new_once(void **state)
{
	enum { NUM_PARTS = 3000 };
	struct report_seen seen = {0};
	char id[REPORT_SEEN_ID_CHARS + 1];
	char again[REPORT_SEEN_ID_CHARS + 1];
	char text[32];

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < NUM_PARTS; i++) {
			snprintf(text, sizeof(text), "part %d", i);
			assert_int_equal(report_seen_before(&seen, bytes_of_string(text), id), pass == 1);
		}
	}
	assert_true(report_seen_before(&seen, bytes_of_string("part 7"), id));
	assert_true(report_seen_before(&seen, bytes_of_string("part 7"), again));
	assert_string_equal(id, again);
	assert_int_equal(strlen(id), REPORT_SEEN_ID_CHARS);
	assert_false(report_seen_before(&seen, bytes_of_string(""), again));
	assert_string_not_equal(id, again);
	report_seen_cleanup(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_content_is_new_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
