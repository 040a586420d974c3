#include "proxy/mending/look_pause.h"

#include "tests/support/unit.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

/* When a chain is looked at again, by how long it is still valid. */
static void test_the_pause_by_what_is_left(void **state)
{
	static const struct {
		int64_t left_s;
		uint64_t pause_ms;
	} cases[] = {
	    {90 * DAY_S, LOOK_PAUSE_MAX_MS},
	    {2 * DAY_S + 1, LOOK_PAUSE_MAX_MS},
	    {2 * DAY_S, DAY_S * 1000 + 1000}, /* the hour before which nothing happens ends one day before the end */
	    {DAY_S + 2 * HOUR_S, 2 * HOUR_S * 1000 + 1000},
	    {DAY_S, HOUR_S * 1000},
	    {2 * HOUR_S, HOUR_S * 1000},
	    {30 * 60, 30 * 60 * 1000 + 1000},
	    {1, 2000},
	    {0, LOOK_PAUSE_MAX_MS},
	    {-DAY_S, LOOK_PAUSE_MAX_MS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int64_t now = 1767225600;
		assert_int_equal(look_pause_ms(now + cases[i].left_s, now), cases[i].pause_ms);
	}
}

static void test_times_at_the_ends_of_the_range(void **state)
{
	(void)state;
	assert_int_equal(look_pause_ms(INT64_MAX, 0), LOOK_PAUSE_MAX_MS);
	assert_int_equal(look_pause_ms(INT64_MAX, INT64_MIN), LOOK_PAUSE_MAX_MS);
	assert_int_equal(look_pause_ms(INT64_MIN, INT64_MAX), LOOK_PAUSE_MAX_MS);
}

/* The look after an expiry comes when it is past: both ends of a validity belong to it. */
static void test_the_last_look_is_after_the_end(void **state)
{
	int64_t now = 1767225600;
	const int64_t end = now + 3 * DAY_S;

	(void)state;
	for (int looks = 0; now <= end; looks++) {
		assert_in_range(looks, 0, 40);
		now += (int64_t)(look_pause_ms(end, now) / 1000);
	}
	assert_in_range(now, end + 1, end + DAY_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_pause_by_what_is_left),
	    cmocka_unit_test(test_times_at_the_ends_of_the_range),
	    cmocka_unit_test(test_the_last_look_is_after_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
