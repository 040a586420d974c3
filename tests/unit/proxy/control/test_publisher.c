#include "proxy/control/publisher.h"

#include "proxy/io/clock.h"
#include "proxy/io/loop.h"
#include "tests/support/unit.h"

/* Publishes until `wanted` attempts were made; the first `num_failing` of them fail. */
struct world {
	struct loop *loop;
	struct publisher *publisher;
	unsigned num_attempts;
	unsigned num_failing;
	unsigned wanted;
	bool changes; /* something changes during an attempt */
};

static bool publish(void *context)
{
	struct world *world = context;

	world->num_attempts++;
	if (world->changes) {
		world->changes = false;
		publisher_change(world->publisher);
	}
	if (world->num_attempts == world->wanted)
		loop_stop(world->loop);
	return world->num_attempts > world->num_failing;
}

static int set_up(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));

	assert_ok(loop_new(&world->loop));
	world->publisher = publisher_new(world->loop, world, publish);
	assert_non_null(world->publisher);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	publisher_free(world->publisher);
	assert_true(loop_free(world->loop));
	test_free(world);
	return 0;
}

static void test_changes_that_come_together_are_published_once(void **state)
{
	struct world *world = *state;

	world->wanted = 1;
	for (int i = 0; i < 10; i++)
		publisher_change(world->publisher);
	assert_int_equal(world->num_attempts, 0);
	loop_run(world->loop);
	assert_int_equal(world->num_attempts, 1);
}

static void test_what_could_not_be_published_is_published_again(void **state)
{
	struct world *world = *state;
	uint64_t begun_ns = clock_now_ns();

	world->num_failing = 1;
	world->wanted = 2;
	publisher_now(world->publisher);
	loop_run(world->loop);
	assert_int_equal(world->num_attempts, 2);
	assert_true(clock_now_ns() - begun_ns >= (PUBLISHER_RETRY_FIRST_MS - 1) * UINT64_C(1000000));
}

/* Else a change would wait for a retry that is up to 30 seconds away. */
static void test_a_change_does_not_wait_for_a_retry(void **state)
{
	struct world *world = *state;
	uint64_t begun_ns = clock_now_ns();

	world->num_failing = 6;
	for (int i = 0; i < 6; i++)
		publisher_now(world->publisher); /* the retry is 30 seconds away by now */
	world->wanted = 7;
	publisher_change(world->publisher);
	loop_run(world->loop);
	assert_int_equal(world->num_attempts, 7);
	assert_true(clock_now_ns() - begun_ns < (uint64_t)PUBLISHER_RETRY_MAX_MS * 1000000);
}

static void test_a_change_during_an_attempt_that_fails_comes_soon(void **state)
{
	struct world *world = *state;

	world->num_failing = 1;
	world->changes = true;
	world->wanted = 2;
	publisher_now(world->publisher);
	publisher_change(world->publisher); /* pending already: no second one */
	loop_run(world->loop);
	assert_int_equal(world->num_attempts, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_changes_that_come_together_are_published_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_could_not_be_published_is_published_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_change_does_not_wait_for_a_retry, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_change_during_an_attempt_that_fails_comes_soon, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
