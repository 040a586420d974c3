#include "proxy/admin/site_state.h"

#include "tests/support/unit.h"

/* The latest word on a backend holds, be it a probe's or a connection's. */
static void test_the_latest_evidence_counts(void **state)
{
	static const struct {
		const char *what;
		enum prober_state probed;
		uint64_t probed_ms, good_ms, failed_ms;
		enum backend_state wanted;
	} cases[] = {
	    {"nothing is known", PROBER_NOT_YET, 0, 0, 0, BACKEND_STATE_UNKNOWN},
	    {"a connection was good", PROBER_NOT_YET, 0, 5, 0, BACKEND_STATE_UP},
	    {"a connection failed", PROBER_NOT_YET, 0, 5, 6, BACKEND_STATE_DOWN},
	    {"it came back", PROBER_NOT_YET, 0, 7, 6, BACKEND_STATE_UP},
	    {"a probe reached it", PROBER_REACHED, 5, 0, 0, BACKEND_STATE_UP},
	    {"a probe did not", PROBER_UNREACHABLE, 5, 0, 0, BACKEND_STATE_DOWN},
	    {"its TLS failed", PROBER_TLS_FAILED, 5, 4, 0, BACKEND_STATE_DOWN},
	    {"a connection after a probe in vain", PROBER_UNREACHABLE, 5, 6, 0, BACKEND_STATE_UP},
	    {"a connection after a probe whose TLS failed", PROBER_TLS_FAILED, 5, 6, 0, BACKEND_STATE_UP},
	    {"a probe after a connection in vain", PROBER_REACHED, 8, 3, 7, BACKEND_STATE_UP},
	    {"a connection in vain after a probe", PROBER_REACHED, 6, 3, 7, BACKEND_STATE_DOWN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct backend_sum seen = {.good_ms = cases[i].good_ms, .failed_ms = cases[i].failed_ms};
		enum backend_state got = site_state_of_evidence(cases[i].probed, cases[i].probed_ms, &seen);
		if (got != cases[i].wanted)
			fail_msg("%s: %s", cases[i].what, backend_state_name(got));
	}
	assert_int_equal(site_state_of_evidence(PROBER_REACHED, 5, NULL), BACKEND_STATE_UP);
	assert_int_equal(site_state_of_evidence(PROBER_NOT_YET, 0, NULL), BACKEND_STATE_UNKNOWN);
}

static void test_a_dead_backend_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(site_state_of_backends(0, 0), SITE_STATE_GOOD);
	assert_int_equal(site_state_of_backends(3, 0), SITE_STATE_GOOD);
	assert_int_equal(site_state_of_backends(3, 1), SITE_STATE_ATTENTION);
	assert_int_equal(site_state_of_backends(3, 3), SITE_STATE_BROKEN);
	assert_int_equal(site_state_of_backends(1, 1), SITE_STATE_BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_latest_evidence_counts),
	    cmocka_unit_test(test_a_dead_backend_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
