#include "proxy/worker/admission.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

static bool is_woken(const struct admission *admission, unsigned worker)
{
	eventfd_t wakings = 0;

	return eventfd_read(admission_fd(admission, worker), &wakings) == 0;
}

static void test_no_more_than_there_are_places(void **state)
{
	struct admission *admission = NULL;

	(void)state;
	assert_ok(admission_new(2, 1, &admission));
	assert_int_equal(admission_max(admission), 2);
	assert_true(admission_take(admission));
	assert_true(admission_has_room(admission));
	assert_true(admission_take(admission));
	assert_false(admission_has_room(admission));
	assert_false(admission_take(admission));
	admission_give_back(admission, 0);
	assert_true(admission_take(admission));
	admission_free(admission);
}

/* Each place that is given back wakes one, beginning behind the giver; who does not wait is left asleep. */
static void test_those_who_wait_are_woken_in_turns(void **state)
{
	struct admission *admission = NULL;

	(void)state;
	assert_ok(admission_new(4, 4, &admission));
	for (int i = 0; i < 4; i++)
		assert_true(admission_take(admission));
	admission_wait(admission, 0);
	admission_wait(admission, 1);
	admission_wait(admission, 1);
	admission_wait(admission, 3);
	admission_give_back(admission, 1);
	assert_true(is_woken(admission, 3));
	admission_give_back(admission, 0);
	assert_true(is_woken(admission, 1));
	assert_false(is_woken(admission, 0));
	admission_give_back(admission, 0);
	assert_true(is_woken(admission, 0));
	admission_give_back(admission, 0);
	for (unsigned i = 0; i < 4; i++)
		assert_false(is_woken(admission, i));
	admission_free(admission);
}

static void test_who_stops_waiting_is_not_woken(void **state)
{
	struct admission *admission = NULL;

	(void)state;
	assert_ok(admission_new(2, 2, &admission));
	assert_true(admission_take(admission));
	assert_true(admission_take(admission));
	admission_wait(admission, 0);
	admission_wait(admission, 1);
	admission_stop_waiting(admission, 0);
	admission_stop_waiting(admission, 0);
	admission_give_back(admission, 1);
	assert_false(is_woken(admission, 0));
	assert_true(is_woken(admission, 1));
	/* A waking that came before is gone with the waiting. */
	admission_wait(admission, 0);
	admission_give_back(admission, 1);
	admission_stop_waiting(admission, 0);
	assert_false(is_woken(admission, 0));
	admission_free(admission);
}

static void test_most_follows_from_the_descriptors(void **state)
{
	static const struct {
		uint64_t wanted, files, fixed, most;
	} cases[] = {
	    {10000, 1048576, 20, 10000},
	    {10000, UINT64_MAX, 20, 10000},
	    {10000, 1024, 20, (1024 - 20 - ADMISSION_SPARE_FILES) / 2},
	    {100, 1024, 20, 100},
	    {100, 20 + ADMISSION_SPARE_FILES + 3, 20, 1},
	    {100, 20, 20, 1},
	    {100, 0, 20, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(admission_most(cases[i].wanted, cases[i].files, cases[i].fixed), cases[i].most);
}

enum { NUM_THREADS = 4, NUM_ROUNDS = 20000, NUM_PLACES = 3 };

struct player {
	struct admission *admission;
	unsigned worker;
	atomic_uint *num_inside;
	bool overfull;
	unsigned num_taken;
};

/* Sleeps until it is woken: a waking that is lost would leave it asleep for ever. */
static void take_or_sleep(struct player *player)
{
	eventfd_t wakings = 0;
	struct admission *admission = player->admission;

	while (!admission_take(admission)) {
		admission_wait(admission, player->worker);
		while (!admission_has_room(admission) &&
		       eventfd_read(admission_fd(admission, player->worker), &wakings) != 0)
			sched_yield();
		admission_stop_waiting(admission, player->worker);
	}
}

static void *play(void *argument)
{
	struct player *player = argument;

	for (int i = 0; i < NUM_ROUNDS; i++) {
		take_or_sleep(player);
		if (atomic_fetch_add(player->num_inside, 1) >= NUM_PLACES)
			player->overfull = true;
		player->num_taken++;
		atomic_fetch_sub(player->num_inside, 1);
		admission_give_back(player->admission, player->worker);
	}
	return NULL;
}

static void test_many_threads_never_exceed_the_places(void **state)
{
	struct admission *admission = NULL;
	pthread_t threads[NUM_THREADS];
	struct player players[NUM_THREADS];
	atomic_uint num_inside = 0;

	(void)state;
	assert_ok(admission_new(NUM_PLACES, NUM_THREADS, &admission));
	for (unsigned i = 0; i < NUM_THREADS; i++) {
		players[i] = (struct player){.admission = admission, .worker = i, .num_inside = &num_inside};
		assert_int_equal(pthread_create(&threads[i], NULL, play, &players[i]), 0);
	}
	for (unsigned i = 0; i < NUM_THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(players[i].overfull);
		assert_int_equal(players[i].num_taken, NUM_ROUNDS);
	}
	for (int i = 0; i < NUM_PLACES; i++)
		assert_true(admission_take(admission));
	assert_false(admission_take(admission));
	admission_free(admission);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_more_than_there_are_places),
	    cmocka_unit_test(test_those_who_wait_are_woken_in_turns),
	    cmocka_unit_test(test_who_stops_waiting_is_not_woken),
	    cmocka_unit_test(test_most_follows_from_the_descriptors),
	    cmocka_unit_test(test_many_threads_never_exceed_the_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
