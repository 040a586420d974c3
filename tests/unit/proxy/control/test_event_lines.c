#include "tests/support/unit.h"

#include <stdio.h>

#include "proxy/control/event_lines.h"

static void test_the_first_is_told_and_the_rest_once_a_pause_with_its_count(void **state)
{
	struct event_lines *lines = event_lines_new();
	bool again;

	(void)state;
	assert_int_equal(event_lines_count(lines, "a", 3, 1000, &again), 3);
	assert_false(again);
	assert_int_equal(event_lines_count(lines, "a", 4, 1001, &again), 0);
	assert_int_equal(event_lines_count(lines, "a", 5, 1000 + EVENT_LINES_PAUSE_MS - 1, &again), 0);
	assert_int_equal(event_lines_count(lines, "a", 1, 1000 + EVENT_LINES_PAUSE_MS, &again), 10);
	assert_true(again);
	assert_int_equal(event_lines_count(lines, "a", 1, 1000 + 2 * EVENT_LINES_PAUSE_MS, &again), 1);
	event_lines_free(lines);
}

static void test_kinds_are_apart(void **state)
{
	struct event_lines *lines = event_lines_new();
	bool again;

	(void)state;
	assert_int_equal(event_lines_count(lines, "a", 1, 0, &again), 1);
	assert_int_equal(event_lines_count(lines, "b", 1, 0, &again), 1);
	assert_int_equal(event_lines_count(lines, "a", 1, 1, &again), 0);
	event_lines_free(lines);
}

/* Ten times more kinds than are remembered: all are logged, the lively one stays known, nothing grows. */
static void test_the_quietest_makes_room(void **state)
{
	struct event_lines *lines = event_lines_new();
	bool again;
	char key[32];

	(void)state;
	assert_int_equal(event_lines_count(lines, "lively", 1, 0, &again), 1);
	for (unsigned i = 1; i <= 10 * EVENT_LINES_MAX; i++) {
		snprintf(key, sizeof(key), "kind %u", i);
		assert_int_equal(event_lines_count(lines, key, 1, i, &again), 1);
		assert_int_equal(event_lines_count(lines, "lively", 1, i, &again), 0);
	}
	assert_int_equal(event_lines_count(lines, "kind 1", 1, 10 * EVENT_LINES_MAX, &again), 1);
	event_lines_free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_first_is_told_and_the_rest_once_a_pause_with_its_count),
	    cmocka_unit_test(test_kinds_are_apart),
	    cmocka_unit_test(test_the_quietest_makes_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
