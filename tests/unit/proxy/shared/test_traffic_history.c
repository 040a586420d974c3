#include "proxy/shared/traffic_history.h"

#include "tests/support/unit.h"

static struct traffic_sample total(uint64_t handshakes, uint64_t rejected, uint64_t failed)
{
	return (struct traffic_sample){handshakes, rejected, failed};
}

static void test_a_new_one_is_an_hour_without_traffic(void **state)
{
	struct traffic_history history = {0};
	(void)state;
	for (size_t age = 0; age < TRAFFIC_HISTORY_MINUTES; age++)
		assert_int_equal(traffic_history_get(&history, age).handshakes, 0);
}

static void test_minutes_are_the_differences_of_totals(void **state)
{
	struct traffic_history history = {0};
	(void)state;
	traffic_history_end_minute(&history, total(5, 1, 2));
	traffic_history_end_minute(&history, total(5, 3, 2));
	traffic_history_end_minute(&history, total(12, 3, 9));
	assert_int_equal(traffic_history_get(&history, 2).handshakes, 5);
	assert_int_equal(traffic_history_get(&history, 1).handshakes, 0);
	assert_int_equal(traffic_history_get(&history, 0).handshakes, 7);
	assert_int_equal(traffic_history_get(&history, 1).rejected, 2);
	assert_int_equal(traffic_history_get(&history, 0).failed, 7);
	assert_int_equal(traffic_history_running(&history, total(15, 3, 9)).handshakes, 3);
}

static void test_the_oldest_minute_makes_room(void **state)
{
	struct traffic_history history = {0};
	(void)state;
	uint64_t sum = 0;
	for (uint64_t minute = 1; minute <= 2 * TRAFFIC_HISTORY_MINUTES + 7; minute++) {
		sum += minute;
		traffic_history_end_minute(&history, total(sum, 0, 0));
	}
	assert_int_equal(traffic_history_get(&history, 0).handshakes, 2 * TRAFFIC_HISTORY_MINUTES + 7);
	assert_int_equal(traffic_history_get(&history, TRAFFIC_HISTORY_MINUTES - 1).handshakes,
			 TRAFFIC_HISTORY_MINUTES + 8);
}

static void test_a_total_that_falls_is_no_traffic(void **state)
{
	struct traffic_history history = {0};
	(void)state;
	traffic_history_end_minute(&history, total(10, 10, 10));
	traffic_history_end_minute(&history, total(4, 10, 11));
	assert_int_equal(traffic_history_get(&history, 0).handshakes, 0);
	assert_int_equal(traffic_history_get(&history, 0).failed, 1);
}

static void test_it_goes_on_over_totals_that_begin_anew(void **state)
{
	struct traffic_history former = {0};
	struct traffic_history history = {0};
	(void)state;
	traffic_history_end_minute(&former, total(10, 0, 0));
	traffic_history_continue(&history, &former);
	traffic_history_end_minute(&history, total(3, 0, 0));
	assert_int_equal(traffic_history_get(&history, 1).handshakes, 10);
	assert_int_equal(traffic_history_get(&history, 0).handshakes, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_new_one_is_an_hour_without_traffic),
	    cmocka_unit_test(test_minutes_are_the_differences_of_totals),
	    cmocka_unit_test(test_the_oldest_minute_makes_room),
	    cmocka_unit_test(test_a_total_that_falls_is_no_traffic),
	    cmocka_unit_test(test_it_goes_on_over_totals_that_begin_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
