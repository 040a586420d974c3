#include "proxy/worker/reported_names.h"

#include <stdio.h>

#include "tests/support/unit.h"

enum { NOW_MS = 5, MANY = 100000 };

static void test_a_name_is_told_seldom(void **state)
{
	static struct reported_names names;
	int site = 0, other = 0;

	(void)state;
	assert_true(reported_names_is_due(&names, &site, "a.example", NOW_MS));
	assert_false(reported_names_is_due(&names, &site, "a.example", NOW_MS));
	assert_true(reported_names_is_due(&names, &other, "a.example", NOW_MS));
	assert_true(reported_names_is_due(&names, &site, "b.example", NOW_MS));
	assert_false(reported_names_is_due(&names, &site, "a.example", NOW_MS + REPORTED_NAMES_MS - 1));
	assert_true(reported_names_is_due(&names, &site, "a.example", NOW_MS + REPORTED_NAMES_MS));
	assert_false(reported_names_is_due(&names, &site, "a.example", NOW_MS + REPORTED_NAMES_MS));
}

/* A name that was pushed out of its slot is told again: too early, never too late. */
static void test_no_name_is_forgotten_for_good(void **state)
{
	static struct reported_names names;
	char text[32];
	int site = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "n%d.example", i);
		assert_true(reported_names_is_due(&names, &site, text, NOW_MS));
	}
	assert_true(reported_names_is_due(&names, &site, "n0.example", NOW_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_name_is_told_seldom),
	    cmocka_unit_test(test_no_name_is_forgotten_for_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
