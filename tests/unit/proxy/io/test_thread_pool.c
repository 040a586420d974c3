#include "proxy/io/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

enum { MAX_JOBS = 64 };

struct numbered {
	struct pool_job job; /* first */
	struct world *world;
	sem_t *gate; /* it waits there; NULL: it does not */
	sem_t *begun; /* posted when it begins; NULL: nobody is told */
	atomic_bool ran;
	bool done, discarded;
};

struct world {
	struct loop *loop;
	struct thread_pool *pool;
	struct numbered jobs[MAX_JOBS];
	size_t num_jobs;
	atomic_uint num_running;
	unsigned num_done, num_discarded;
	size_t order[MAX_JOBS]; /* in which they were handed back */
	pthread_t owner;
	sem_t gate, begun;
};

static void run(struct pool_job *job)
{
	struct numbered *numbered = (struct numbered *)(void *)job;

	assert_false(pthread_equal(pthread_self(), numbered->world->owner));
	if (numbered->begun != NULL)
		sem_post(numbered->begun);
	if (numbered->gate != NULL)
		sem_wait(numbered->gate);
	numbered->ran = true;
}

static void on_done(struct pool_job *job)
{
	struct numbered *numbered = (struct numbered *)(void *)job;
	struct world *world = numbered->world;

	assert_true(pthread_equal(pthread_self(), world->owner));
	assert_true(numbered->ran);
	assert_int_equal(job->state, POOL_JOB_IDLE);
	numbered->done = true;
	world->order[world->num_done++] = (size_t)(numbered - world->jobs);
}

static void discard(struct pool_job *job)
{
	struct numbered *numbered = (struct numbered *)(void *)job;

	assert_true(pthread_equal(pthread_self(), numbered->world->owner));
	assert_false(numbered->done || numbered->discarded);
	numbered->discarded = true;
	numbered->world->num_discarded++;
}

static void world_open(struct world *world, unsigned num_threads)
{
	const struct thread_pool_options options = {
	    .name = "test",
	    .num_threads = num_threads,
	    .max_running_a_share = num_threads > 1 ? num_threads - 1 : 1,
	};

	memset(world, 0, sizeof(*world));
	world->owner = pthread_self();
	sem_init(&world->gate, 0, 0);
	sem_init(&world->begun, 0, 0);
	assert_ok(loop_new(&world->loop));
	assert_ok(thread_pool_open(world->loop, &options, &world->pool));
}

static void world_close(struct world *world)
{
	assert_true(thread_pool_close(world->pool));
	assert_true(loop_free(world->loop));
	sem_destroy(&world->gate);
	sem_destroy(&world->begun);
}

static struct numbered *submit(struct world *world, struct pool_share *share, bool waits)
{
	struct numbered *numbered = &world->jobs[world->num_jobs++];

	*numbered = (struct numbered){
	    .job = {.run = run, .on_done = on_done, .discard = discard},
	    .world = world,
	    .gate = waits ? &world->gate : NULL,
	    .begun = waits ? &world->begun : NULL,
	};
	thread_pool_submit(world->pool, share, &numbered->job, false);
	assert_false(numbered->done);
	return numbered;
}

static void run_until(struct world *world, unsigned num_done)
{
	while (world->num_done < num_done)
		loop_run_once(world->loop);
}

static void test_each_comes_back_once(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 2);
	for (size_t i = 0; i < MAX_JOBS; i++)
		submit(&world, NULL, false);
	run_until(&world, MAX_JOBS);
	loop_run_ready(world.loop);
	assert_int_equal(world.num_done, MAX_JOBS);
	assert_int_equal(world.num_discarded, 0);
	/* And again: a job that came back may be submitted anew. */
	world.jobs[3].done = world.jobs[3].ran = false;
	world.num_done = 0;
	thread_pool_submit(world.pool, NULL, &world.jobs[3].job, true);
	run_until(&world, 1);
	assert_true(world.jobs[3].done);
	world_close(&world);
}

/* A share whose jobs never end keeps one thread of two: the other one goes on. */
static void test_a_share_never_has_all_threads(void **state)
{
	struct world world;
	struct pool_share *greedy = pool_share_new(), *modest = pool_share_new();

	(void)state;
	world_open(&world, 2);
	for (size_t i = 0; i < 10; i++)
		submit(&world, greedy, true);
	for (size_t i = 0; i < 5; i++)
		submit(&world, modest, false);
	run_until(&world, 5);
	for (size_t i = 0; i < 5; i++)
		assert_in_range(world.order[i], 10, 14);
	for (size_t i = 0; i < 10; i++)
		sem_post(&world.gate);
	run_until(&world, 15);
	pool_share_unref(greedy);
	pool_share_unref(modest);
	world_close(&world);
}

/* On one thread, who comes later waits for one job of the other, and not for all of them. */
static void test_who_comes_later_waits_for_one_job(void **state)
{
	struct world world;
	struct pool_share *greedy = pool_share_new(), *modest = pool_share_new();

	(void)state;
	world_open(&world, 1);
	for (size_t i = 0; i < 10; i++)
		submit(&world, greedy, true);
	sem_wait(&world.begun);
	submit(&world, modest, false);
	sem_post(&world.gate);
	run_until(&world, 2);
	assert_int_equal(world.order[0], 0);
	assert_int_equal(world.order[1], 10);
	for (size_t i = 0; i < 10; i++)
		sem_post(&world.gate);
	run_until(&world, 11);
	pool_share_unref(greedy);
	pool_share_unref(modest);
	world_close(&world);
}

static void test_cancel(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 1);
	struct numbered *running = submit(&world, NULL, true);
	struct numbered *waiting = submit(&world, NULL, false);
	struct numbered *last = submit(&world, NULL, false);
	sem_wait(&world.begun);
	thread_pool_cancel(world.pool, &waiting->job);
	assert_true(waiting->discarded);
	thread_pool_cancel(world.pool, &running->job);
	assert_false(running->discarded);
	sem_post(&world.gate);
	run_until(&world, 1);
	assert_true(last->done && running->discarded && running->ran && !waiting->ran);

	/* One that is done, but not handed back yet; and an idle one, which stays as it is. */
	struct numbered *done = submit(&world, NULL, false);
	struct numbered *after = submit(&world, NULL, true);
	sem_wait(&world.begun);
	thread_pool_cancel(world.pool, &done->job);
	assert_true(done->discarded);
	thread_pool_cancel(world.pool, &last->job);
	assert_false(last->discarded);
	sem_post(&world.gate);
	run_until(&world, 2);
	assert_true(after->done);
	assert_int_equal(world.num_discarded, 3);
	world_close(&world);
}

static bool is_over(void *context)
{
	const struct world *world = context;
	return world->num_done >= 3;
}

static void test_wait(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 2);
	thread_pool_wait(world.pool, 5, &world, is_over); /* in vain */
	for (size_t i = 0; i < 3; i++)
		submit(&world, NULL, false);
	thread_pool_wait(world.pool, 60000, &world, is_over);
	assert_int_equal(world.num_done, 3);
	thread_pool_wait(world.pool, 60000, &world, is_over); /* it is over already */
	world_close(&world);
}

static void test_close_discards_all(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 2);
	for (size_t i = 0; i < 2; i++)
		submit(&world, NULL, true);
	for (size_t i = 0; i < 10; i++)
		submit(&world, NULL, true);
	sem_wait(&world.begun);
	for (size_t i = 0; i < 12; i++)
		sem_post(&world.gate);
	world_close(&world);
	assert_int_equal(world.num_done, 0);
	assert_int_equal(world.num_discarded, 12);
	assert_true(world.jobs[0].ran);
}

/* The job goes on in what is left of the pool, and nobody hears of it any more. */
static void test_close_leaves_a_job_that_does_not_end(void **state)
{
	static struct world world;
	static struct thread_pool *left;

	(void)state;
	world_open(&world, 2);
	left = world.pool;
	struct numbered *hanging = submit(&world, NULL, true);
	struct pool_share *other = pool_share_new();
	struct numbered *of_others = submit(&world, other, false);
	pool_share_unref(other);
	sem_wait(&world.begun);
	assert_false(thread_pool_close(world.pool));
	assert_true(of_others->discarded);
	assert_true(loop_free(world.loop));
	sem_post(&world.gate);
	while (!atomic_load(&hanging->ran))
		sched_yield();
	assert_false(hanging->done || hanging->discarded);
	assert_non_null(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_comes_back_once),
	    cmocka_unit_test(test_a_share_never_has_all_threads),
	    cmocka_unit_test(test_who_comes_later_waits_for_one_job),
	    cmocka_unit_test(test_cancel),
	    cmocka_unit_test(test_wait),
	    cmocka_unit_test(test_close_discards_all),
	    cmocka_unit_test(test_close_leaves_a_job_that_does_not_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
