#include "bench/load/schedule.h"
#include "tests/support/unit.h"

#define BEGIN UINT64_C(5000000000)
#define S UINT64_C(1000000000)

static void test_closed_loop_is_always_due(void **state)
{
	struct schedule schedule;
	uint64_t at = 0;
	(void)state;
	schedule_init(&schedule, BEGIN, 0, 0, 4);
	for (uint64_t now = BEGIN; now < BEGIN + 10; now++) {
		assert_true(schedule_take(&schedule, now, &at));
		assert_true(at == now);
	}
	assert_int_equal(schedule_missed(&schedule, BEGIN + 100 * S), 0);
}

static void test_open_loop_keeps_its_moments(void **state)
{
	struct schedule schedule;
	uint64_t at = 0;
	(void)state;
	schedule_init(&schedule, BEGIN, 200, 0, 1); /* one each 5 ms */
	assert_true(schedule_take(&schedule, BEGIN, &at));
	assert_true(at == BEGIN);
	assert_false(schedule_take(&schedule, BEGIN + 4999999, &at));
	assert_true(schedule_next_ns(&schedule, BEGIN) == BEGIN + 5000000);
	/* Nobody came for 100 ms: what was missed is still due, for the moments for which it was meant. */
	for (uint64_t i = 1; i <= 20; i++) {
		assert_true(schedule_take(&schedule, BEGIN + S / 10, &at));
		assert_true(at == BEGIN + i * 5000000);
	}
	assert_false(schedule_take(&schedule, BEGIN + S / 10, &at));
}

static void test_shares_make_one_even_row(void **state)
{
	struct schedule schedules[3];
	uint64_t seen = 0;
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		schedule_init(&schedules[i], BEGIN, 1000, i, 3);
	for (uint64_t now = BEGIN; now < BEGIN + S; now += 1000000) {
		uint64_t at = 0;
		unsigned whose = (unsigned)(seen % 3);
		assert_true(schedule_take(&schedules[whose], now, &at));
		assert_in_range(at, now - 10, now);
		seen++;
	}
	assert_int_equal(seen, 1000);
}

static void test_missed_ones_are_counted(void **state)
{
	struct schedule schedule;
	uint64_t at = 0;
	(void)state;
	schedule_init(&schedule, BEGIN, 100, 0, 1);
	assert_int_equal(schedule_missed(&schedule, BEGIN + S), 100);
	for (int i = 0; i < 60; i++)
		assert_true(schedule_take(&schedule, BEGIN + S, &at));
	assert_int_equal(schedule_missed(&schedule, BEGIN + S), 40);
	while (schedule_take(&schedule, BEGIN + S - 1, &at))
		;
	assert_int_equal(schedule_missed(&schedule, BEGIN + S), 0);
	assert_int_equal(schedule_missed(&schedule, BEGIN), 0);
}

/* After a day a moment is off by no more than a microsecond. */
static void test_long_runs_do_not_drift(void **state)
{
	struct schedule schedule;
	(void)state;
	schedule_init(&schedule, BEGIN, 3, 0, 1);
	schedule.next = UINT64_C(3) * 86400;
	assert_in_range(schedule_next_ns(&schedule, 0), BEGIN + 86400 * S - 1000, BEGIN + 86400 * S + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_closed_loop_is_always_due), cmocka_unit_test(test_open_loop_keeps_its_moments),
	    cmocka_unit_test(test_shares_make_one_even_row),  cmocka_unit_test(test_missed_ones_are_counted),
	    cmocka_unit_test(test_long_runs_do_not_drift),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
