#include "proxy/io/clock.h"
#include "tests/support/unit.h"

static void test_never_goes_back(void **state)
{
	uint64_t last_ns = clock_now_ns();

	(void)state;
	assert_true(last_ns > 0);
	for (int i = 0; i < 1000; i++) {
		uint64_t ms = clock_now_ms();
		uint64_t now_ns = clock_now_ns();
		assert_in_range(ms, last_ns / 1000000, now_ns / 1000000);
		assert_true(now_ns >= last_ns);
		last_ns = now_ns;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_never_goes_back)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
