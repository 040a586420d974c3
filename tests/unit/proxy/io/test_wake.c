#include "proxy/io/wake.h"

#include <pthread.h>
#include <stdatomic.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

enum { THREADS = 4, SENDS = 1000 };

struct world {
	struct loop *loop;
	struct wake *wake;
	_Atomic unsigned num_done; /* threads that have sent their last */
	unsigned num_wakes;
};

static void on_wake(void *context)
{
	struct world *world = context;

	world->num_wakes++;
	if (atomic_load(&world->num_done) == THREADS)
		loop_stop(world->loop);
}

static void *send_many(void *argument)
{
	struct world *world = argument;

	for (int i = 0; i < SENDS; i++)
		wake_send(world->wake);
	atomic_fetch_add(&world->num_done, 1);
	wake_send(world->wake);
	return NULL;
}

static void test_the_last_one_of_many_is_not_lost(void **state)
{
	pthread_t threads[THREADS];
	struct world world = {0};

	(void)state;
	assert_ok(loop_new(&world.loop));
	assert_ok(wake_open(world.loop, &world, on_wake, &world.wake));
	loop_run_ready(world.loop);
	assert_int_equal(world.num_wakes, 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_many, &world), 0);
	loop_run(world.loop);
	assert_in_range(world.num_wakes, 1, THREADS * (SENDS + 1));
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	wake_close(world.wake);
	wake_close(NULL);
	assert_true(loop_free(world.loop));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_last_one_of_many_is_not_lost)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
