#include "tests/support/unit.h"

#include "proxy/system/retry.h"

static void test_pauses_double_up_to_the_last_one(void **state)
{
	const uint64_t expected[] = {30, 60, 120, 240, 300, 300, 300};
	struct retry retry;

	(void)state;
	retry_init(&retry, 30, 300);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(retry_next(&retry), expected[i]);
}

static void test_a_success_begins_anew(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, 10, 1000);
	assert_int_equal(retry_next(&retry), 10);
	assert_int_equal(retry_next(&retry), 20);
	retry_reset(&retry);
	assert_int_equal(retry_next(&retry), 10);
}

static void test_the_last_pause_is_never_below_the_first(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, 1000, 10);
	assert_int_equal(retry_next(&retry), 1000);
	assert_int_equal(retry_next(&retry), 1000);
}

static void test_the_greatest_pauses_do_not_overflow(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, UINT64_MAX / 2 + 1, UINT64_MAX);
	assert_true(retry_next(&retry) == UINT64_MAX / 2 + 1);
	assert_true(retry_next(&retry) == UINT64_MAX);
	assert_true(retry_next(&retry) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pauses_double_up_to_the_last_one),
	    cmocka_unit_test(test_a_success_begins_anew),
	    cmocka_unit_test(test_the_last_pause_is_never_below_the_first),
	    cmocka_unit_test(test_the_greatest_pauses_do_not_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
