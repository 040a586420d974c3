#include "proxy/commands/check/check_report.h"

#include "proxy/cli/exit_status.h"
#include "tests/support/unit.h"

/* A report of chains with these statuses (-1: no more), beside looks of which some failed. */
static int status_of(const int *statuses, size_t num_failed)
{
	struct survey_look looks[4] = {{.outcome = CHAIN_PROBE_OK}};
	struct checked_chain chains[3] = {0};
	struct survey survey = {.looks = looks, .num_looks = 1 + num_failed};
	struct check_report report = {.survey = &survey, .chains = chains};
	for (size_t i = 0; i < num_failed; i++)
		looks[1 + i].outcome = CHAIN_PROBE_ALERT;
	for (; statuses[report.num_chains] >= 0; report.num_chains++)
		chains[report.num_chains].status = statuses[report.num_chains];
	assert_int_equal(check_report_has_many(&report), report.num_chains > 1 || num_failed > 0);
	return check_report_status(&report);
}

static void test_the_worst_counts(void **state)
{
	static const struct {
		int statuses[4];
		size_t num_failed;
		int status;
	} cases[] = {
	    {{STATUS_OK, -1}, 0, STATUS_OK},
	    {{STATUS_OK, STATUS_OK, -1}, 0, STATUS_OK},
	    {{STATUS_OK, STATUS_REPAIRABLE, -1}, 0, STATUS_REPAIRABLE},
	    {{STATUS_REPAIRABLE, STATUS_BROKEN, STATUS_OK, -1}, 0, STATUS_BROKEN},
	    {{STATUS_OK, -1}, 1, STATUS_UNKNOWN},
	    {{STATUS_REPAIRABLE, -1}, 3, STATUS_UNKNOWN},
	    {{STATUS_OK, STATUS_BROKEN, -1}, 2, STATUS_BROKEN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(status_of(cases[i].statuses, cases[i].num_failed), cases[i].status);
}

static void test_a_file_has_no_looks(void **state)
{
	struct checked_chain chain = {.status = STATUS_REPAIRABLE};
	struct check_report report = {.chains = &chain, .num_chains = 1};
	(void)state;
	assert_false(check_report_has_many(&report));
	assert_int_equal(check_report_status(&report), STATUS_REPAIRABLE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_worst_counts),
	    cmocka_unit_test(test_a_file_has_no_looks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
