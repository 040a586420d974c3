#include "proxy/worker/told_names.h"

#include <stdio.h>

#include "tests/support/unit.h"

enum { NOW_MS = 5, MANY = 100000 };

static void test_a_name_is_told_seldom(void **state)
{
	static struct told_names told;
	int site = 0, other = 0;

	(void)state;
	assert_true(told_names_is_due(&told, &site, "a.example", NOW_MS));
	assert_false(told_names_is_due(&told, &site, "a.example", NOW_MS));
	assert_true(told_names_is_due(&told, &other, "a.example", NOW_MS));
	assert_true(told_names_is_due(&told, &site, "b.example", NOW_MS));
	assert_false(told_names_is_due(&told, &site, "a.example", NOW_MS + TOLD_NAMES_MS - 1));
	assert_true(told_names_is_due(&told, &site, "a.example", NOW_MS + TOLD_NAMES_MS));
	assert_false(told_names_is_due(&told, &site, "a.example", NOW_MS + TOLD_NAMES_MS));
}

/* A name that was pushed out of its slot is told again: too early, never too late. */
static void test_no_name_is_forgotten_for_good(void **state)
{
	static struct told_names told;
	char text[32];
	int site = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "n%d.example", i);
		assert_true(told_names_is_due(&told, &site, text, NOW_MS));
	}
	assert_true(told_names_is_due(&told, &site, "n0.example", NOW_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_name_is_told_seldom),
	    cmocka_unit_test(test_no_name_is_forgotten_for_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
