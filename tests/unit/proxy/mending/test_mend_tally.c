#include "proxy/mending/mend_tally.h"

#include "tests/support/unit.h"

#define MS UINT64_C(1000000)

static void test_mends_are_counted_by_outcome_and_time(void **state)
{
	const struct mend_result trusted = {.mended_trusted = true, .num_fetched = 2};
	const struct mend_result untrusted = {.mended_trusted = false};
	struct mend_tally tally = {0};
	(void)state;
	mend_tally_mend(&tally, &trusted, 1 * MS);
	mend_tally_mend(&tally, &untrusted, 1 * MS + 1);
	mend_tally_mend(&tally, NULL, 20000 * MS);
	assert_int_equal(tally.mends[MEND_OUTCOME_TRUSTED], 1);
	assert_int_equal(tally.mends[MEND_OUTCOME_UNTRUSTED], 1);
	assert_int_equal(tally.mends[MEND_OUTCOME_ERROR], 1);
	assert_int_equal(mend_tally_count(&tally), 3);
	assert_int_equal(tally.issuers, 2);
	assert_int_equal(tally.took_ns, 20002 * MS + 1);
	assert_int_equal(tally.at_most[0], 1);
	for (size_t i = 1; i < NUM_MEND_BUCKETS; i++)
		assert_int_equal(tally.at_most[i], 2);
}

static void test_fetches_are_counted_by_result(void **state)
{
	struct mend_tally tally = {0};
	(void)state;
	mend_tally_fetch(&tally, true, FETCH_FAILURE_REFUSED);
	mend_tally_fetch(&tally, false, FETCH_FAILURE_NETWORK);
	mend_tally_fetch(&tally, false, FETCH_FAILURE_REFUSED);
	mend_tally_fetch(&tally, false, FETCH_FAILURE_PAUSED);
	for (size_t i = 0; i < NUM_MEND_FETCH_RESULTS; i++)
		assert_int_equal(tally.fetches[i], 1);
	assert_string_equal(mend_fetch_result_name(MEND_FETCH_PAUSED), "paused");
	assert_string_equal(mend_outcome_name(MEND_OUTCOME_ERROR), "error");
	assert_string_equal(mend_bucket_name(NUM_MEND_BUCKETS - 1), "15");
}

static void test_nobody_need_count(void **state)
{
	(void)state;
	mend_tally_fetch(NULL, true, FETCH_FAILURE_NETWORK);
	mend_tally_mend(NULL, NULL, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mends_are_counted_by_outcome_and_time),
	    cmocka_unit_test(test_fetches_are_counted_by_result),
	    cmocka_unit_test(test_nobody_need_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
