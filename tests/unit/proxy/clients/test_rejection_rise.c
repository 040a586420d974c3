#include "proxy/clients/rejection_rise.h"

#include "tests/support/unit.h"

static void test_verdicts_on_a_change_against_a_table(void **state)
{
	static const struct {
		const char *what;
		struct rejection_side before;
		struct rejection_side after;
		enum rejection_verdict verdict;
	} cases[] = {
	    {"nothing at all", {0, 0, 0}, {0, 0, 0}, REJECTIONS_STEADY},
	    {"no former chain to compare with", {0, 0, 0}, {100, 100, 50}, REJECTIONS_STEADY},
	    {"too few handshakes before", {49, 0, 0}, {100, 100, 50}, REJECTIONS_STEADY},
	    {"just enough before", {50, 0, 0}, {100, 100, 50}, REJECTIONS_ROLL_BACK},
	    {"too few rejections", {1000, 0, 0}, {9, 9, 9}, REJECTIONS_STEADY},
	    {"just enough rejections", {1000, 0, 0}, {10, 10, 10}, REJECTIONS_RISEN},
	    {"one address that rejects for ever", {1000, 0, 0}, {1000000, 1000000, 1}, REJECTIONS_STEADY},
	    {"two networks", {1000, 0, 0}, {1000000, 1000000, 2}, REJECTIONS_STEADY},
	    {"three networks tell, and roll nothing back", {1000, 0, 0}, {1000000, 1000000, 3}, REJECTIONS_RISEN},
	    {"one network too few", {1000, 0, 0}, {1000, 500, 19}, REJECTIONS_RISEN},
	    {"enough networks", {1000, 0, 0}, {1000, 500, 20}, REJECTIONS_ROLL_BACK},
	    {"many networks, and few of all clients", {100000, 0, 0}, {100000, 4000, 200}, REJECTIONS_RISEN},
	    {"five in a hundred more", {100000, 0, 0}, {100000, 5000, 200}, REJECTIONS_ROLL_BACK},
	    {"the same rate", {1000, 300, 40}, {1000, 300, 40}, REJECTIONS_STEADY},
	    {"fewer", {1000, 300, 40}, {1000, 30, 30}, REJECTIONS_STEADY},
	    {"more, but not twice as many", {1000, 300, 40}, {1000, 590, 60}, REJECTIONS_STEADY},
	    {"twice as many", {1000, 300, 40}, {1000, 600, 60}, REJECTIONS_ROLL_BACK},
	    {"all rejected before and after", {1000, 1000, 256}, {1000, 1000, 256}, REJECTIONS_STEADY},
	    {"what chance makes of a rate of one in a hundred", {1000, 10, 5}, {1000, 22, 20}, REJECTIONS_STEADY},
	    {"far beyond chance", {1000, 10, 5}, {1000, 60, 19}, REJECTIONS_RISEN},
	    {"large numbers",
	     {UINT64_C(1) << 60, 0, 0},
	     {UINT64_C(1) << 60, UINT64_C(1) << 59, 256},
	     REJECTIONS_ROLL_BACK},
	    {"sums that cannot be", {1000, 2000, 0}, {1000, 1000, 256}, REJECTIONS_STEADY},
	    {"sums that cannot be, after", {1000, 0, 0}, {10, 2000, 256}, REJECTIONS_STEADY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (rejection_rise_judge(&cases[i].before, &cases[i].after) != cases[i].verdict)
			fail_msg("%s", cases[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdicts_on_a_change_against_a_table)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
