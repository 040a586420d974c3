#include "proxy/io/pool_share_queue.h"

#include <string.h>

#include "proxy/io/pool_share.h"
#include "tests/support/unit.h"

enum { MAX_JOBS = 16 };

struct world {
	struct pool_share_queue queue;
	struct pool_share *shares[3];
	struct pool_job jobs[MAX_JOBS];
	size_t num_jobs;
};

static void world_init(struct world *world, unsigned max_running)
{
	memset(world, 0, sizeof(*world));
	pool_share_queue_init(&world->queue, max_running);
	for (size_t i = 0; i < 3; i++)
		world->shares[i] = pool_share_new();
}

static void world_cleanup(struct world *world)
{
	assert_null(pool_share_queue_take(&world->queue));
	for (size_t i = 0; i < 3; i++)
		pool_share_unref(world->shares[i]);
}

static struct pool_job *add(struct world *world, size_t share, bool urgent)
{
	struct pool_job *job = &world->jobs[world->num_jobs++];

	job->share = world->shares[share];
	job->urgent = urgent;
	pool_share_queue_add(&world->queue, job);
	return job;
}

/* The share of the next job, which runs and uses so much. */
static size_t serve(struct world *world, uint64_t used_ns)
{
	const struct pool_job *job = pool_share_queue_take(&world->queue);
	size_t share = 0;

	assert_non_null(job);
	while (world->shares[share] != job->share)
		share++;
	pool_share_queue_charge(&world->queue, job->share, used_ns);
	return share;
}

static void test_least_used_goes_first(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, 1);
	for (size_t i = 0; i < 3; i++)
		add(&world, 0, false);
	for (size_t i = 0; i < 4; i++)
		add(&world, 1, false);
	assert_int_equal(serve(&world, 100), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(serve(&world, 20), 1);
	assert_int_equal(serve(&world, 100), 0);
	assert_int_equal(serve(&world, 100), 0);
	world_cleanup(&world);
}

/* Saves nothing up: an idle share is owed nothing, and one that ran alone owes nothing. */
static void test_nothing_is_saved_up(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, 1);
	for (size_t i = 0; i < 4; i++) {
		add(&world, 0, false);
		assert_int_equal(serve(&world, 1000), 0);
	}
	add(&world, 0, false);
	assert_int_equal(serve(&world, 100), 0); /* so that the others begin 100 behind it */
	for (size_t i = 0; i < 2; i++)
		add(&world, 0, false);
	for (size_t i = 0; i < 4; i++)
		add(&world, 1, false);
	assert_int_equal(serve(&world, 60), 1);
	assert_int_equal(serve(&world, 60), 1);
	assert_int_equal(serve(&world, 60), 0);
	assert_int_equal(serve(&world, 60), 1);
	assert_int_equal(serve(&world, 60), 0);
	assert_int_equal(serve(&world, 60), 1);
	world_cleanup(&world);
}

/* A share whose one job waited long, for a disk, say, is behind the others' time: a share that comes then is not. */
static void test_time_never_goes_back(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, 1);
	add(&world, 0, false);
	add(&world, 0, false);
	const struct pool_job *slow = pool_share_queue_take(&world.queue);
	for (size_t i = 0; i < 4; i++) {
		add(&world, 1, false);
		assert_int_equal(serve(&world, 1000), 1);
	}
	pool_share_queue_charge(&world.queue, slow->share, 5);
	assert_int_equal(serve(&world, 5), 0);
	for (size_t i = 0; i < 3; i++)
		add(&world, 2, false); /* at 3000, where the last job of the other began */
	add(&world, 1, false); /* at 4000 */
	assert_int_equal(serve(&world, 1001), 2);
	assert_int_equal(serve(&world, 1), 1);
	assert_int_equal(serve(&world, 1), 2);
	assert_int_equal(serve(&world, 1), 2);
	world_cleanup(&world);
}

static void test_urgent_goes_first_in_its_share_alone(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, 1);
	struct pool_job *ordinary = add(&world, 0, false);
	struct pool_job *other = add(&world, 1, false);
	struct pool_job *urgent = add(&world, 0, true);
	assert_ptr_equal(pool_share_queue_take(&world.queue), urgent);
	assert_ptr_equal(pool_share_queue_take(&world.queue), other);
	assert_null(pool_share_queue_take(&world.queue)); /* each runs one already */
	pool_share_queue_charge(&world.queue, world.shares[0], 5);
	assert_ptr_equal(pool_share_queue_take(&world.queue), ordinary);
	pool_share_queue_charge(&world.queue, world.shares[0], 5);
	pool_share_queue_charge(&world.queue, world.shares[1], 5);
	world_cleanup(&world);
}

static void test_removed_jobs_are_gone(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, 1);
	struct pool_job *first = add(&world, 0, false);
	struct pool_job *second = add(&world, 0, true);
	struct pool_job *alone = add(&world, 1, false);
	pool_share_queue_remove(&world.queue, alone);
	pool_share_queue_remove(&world.queue, second);
	assert_ptr_equal(pool_share_queue_take(&world.queue), first);
	struct pool_job *third = add(&world, 0, false);
	pool_share_queue_remove(&world.queue, third);
	pool_share_queue_charge(&world.queue, world.shares[0], 5);
	world_cleanup(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_least_used_goes_first), cmocka_unit_test(test_nothing_is_saved_up),
	    cmocka_unit_test(test_time_never_goes_back),  cmocka_unit_test(test_urgent_goes_first_in_its_share_alone),
	    cmocka_unit_test(test_removed_jobs_are_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
