#include "proxy/admin/time_budget.h"

#include "tests/support/unit.h"

#define A_MS INT64_C(1000000)
#define START (50 * UINT64_C(1000) * 1000000)

static void test_what_was_saved_can_be_spent_and_no_more(void **state)
{
	struct time_budget budget;
	(void)state;
	time_budget_init(&budget, START);
	assert_true(time_budget_has(&budget, START));
	time_budget_spend(&budget, TIME_BUDGET_MOST_NS - 1);
	assert_true(time_budget_has(&budget, START));
	time_budget_spend(&budget, 1);
	assert_false(time_budget_has(&budget, START));
}

static void test_a_tenth_comes_back(void **state)
{
	struct time_budget budget;
	(void)state;
	time_budget_init(&budget, START);
	time_budget_spend(&budget, TIME_BUDGET_MOST_NS + 5 * A_MS);
	assert_false(time_budget_has(&budget, START + 50 * A_MS));
	assert_true(time_budget_has(&budget, START + 50 * A_MS + TIME_BUDGET_PART));
	time_budget_spend(&budget, 1);
	assert_false(time_budget_has(&budget, START + 50 * A_MS + TIME_BUDGET_PART));
}

/* Asked each nanosecond, it earns as much as asked once. */
static void test_parts_of_a_nanosecond_are_not_lost(void **state)
{
	struct time_budget budget;
	(void)state;
	time_budget_init(&budget, START);
	time_budget_spend(&budget, TIME_BUDGET_MOST_NS + 3);
	for (uint64_t at = START; at < START + 4 * TIME_BUDGET_PART; at++)
		assert_false(time_budget_has(&budget, at));
	assert_true(time_budget_has(&budget, START + 4 * TIME_BUDGET_PART));
}

static void test_it_neither_grows_nor_sinks_without_bound(void **state)
{
	struct time_budget budget;
	(void)state;
	time_budget_init(&budget, 0);
	assert_true(time_budget_has(&budget, UINT64_MAX));
	assert_int_equal(budget.left_ns, TIME_BUDGET_MOST_NS);
	time_budget_spend(&budget, UINT64_MAX);
	assert_int_equal(budget.left_ns, -TIME_BUDGET_MAX_DEBT_NS);
	time_budget_spend(&budget, UINT64_MAX);
	assert_int_equal(budget.left_ns, -TIME_BUDGET_MAX_DEBT_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_was_saved_can_be_spent_and_no_more),
	    cmocka_unit_test(test_a_tenth_comes_back),
	    cmocka_unit_test(test_parts_of_a_nanosecond_are_not_lost),
	    cmocka_unit_test(test_it_neither_grows_nor_sinks_without_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
