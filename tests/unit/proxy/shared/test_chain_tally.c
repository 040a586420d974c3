#include "proxy/shared/chain_tally.h"

#include <pthread.h>

#include "tests/support/unit.h"

enum { NUM_WORKERS = 3, EACH = 100000 };

struct counting {
	struct chain_tally *tally;
	unsigned worker;
};

static void *count(void *context)
{
	const struct counting *counting = context;
	for (int i = 0; i < EACH; i++)
		chain_tally_count(counting->tally, counting->worker);
	return NULL;
}

static void test_each_worker_counts_for_itself_and_nothing_is_lost(void **state)
{
	struct chain_tally *tally = chain_tally_new(NUM_WORKERS);
	struct counting countings[NUM_WORKERS];
	pthread_t threads[NUM_WORKERS];

	(void)state;
	assert_non_null(tally);
	for (unsigned i = 0; i < NUM_WORKERS; i++) {
		countings[i] = (struct counting){tally, i};
		assert_int_equal(pthread_create(&threads[i], NULL, count, &countings[i]), 0);
	}
	for (unsigned i = 0; i < NUM_WORKERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(chain_tally_sum(tally), NUM_WORKERS * EACH);
	chain_tally_count(tally, NUM_WORKERS); /* no such worker: nothing is written */
	assert_int_equal(chain_tally_sum(tally), NUM_WORKERS * EACH);
	chain_tally_unref(tally);
}

static void test_none_is_harmless(void **state)
{
	(void)state;
	chain_tally_count(NULL, 0);
	assert_int_equal(chain_tally_sum(NULL), 0);
	assert_null(chain_tally_ref(NULL));
	chain_tally_unref(NULL);
	struct chain_tally *tally = chain_tally_new(0);
	assert_int_equal(chain_tally_sum(tally), 0);
	chain_tally_unref(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_worker_counts_for_itself_and_nothing_is_lost),
	    cmocka_unit_test(test_none_is_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
