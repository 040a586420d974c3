#include "proxy/io/loop.h"

#include "proxy/io/alarm.h"
#include "tests/support/unit.h"

enum { LONG_MS = 3600 * 1000 };

struct world {
	struct loop *loop;
	struct alarm *soon;
	struct alarm *late;
	unsigned num_rings;
	bool stops;
};

static void on_ring(void *context)
{
	struct world *world = context;

	world->num_rings++;
	if (world->stops)
		loop_stop(world->loop);
}

static int set_up(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));

	assert_ok(loop_new(&world->loop));
	world->soon = alarm_new(world->loop, world, on_ring);
	world->late = alarm_new(world->loop, world, on_ring);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	alarm_free(world->soon);
	alarm_free(world->late);
	assert_true(loop_free(world->loop));
	test_free(world);
	return 0;
}

static void test_runs_until_nothing_is_open(void **state)
{
	struct world *world = *state;

	alarm_set(world->soon, 1);
	loop_run(world->loop);
	assert_int_equal(world->num_rings, 1);
	loop_run(world->loop);
	assert_int_equal(world->num_rings, 1);
}

static void test_stops_though_something_is_open(void **state)
{
	struct world *world = *state;

	world->stops = true;
	alarm_set(world->soon, 1);
	alarm_set(world->late, LONG_MS);
	loop_run(world->loop);
	assert_int_equal(world->num_rings, 1);
	loop_stop(world->loop);
	loop_run(world->loop); /* the next one ends before it waits */
	assert_int_equal(world->num_rings, 1);
	loop_stop(world->loop); /* in vain: the loop is freed all the same */
}

static void test_one_turn_runs_what_is_ready(void **state)
{
	struct world *world = *state;

	alarm_set(world->late, LONG_MS);
	loop_run_ready(world->loop);
	assert_int_equal(world->num_rings, 0);
	alarm_set(world->soon, 0);
	loop_run_ready(world->loop);
	assert_int_equal(world->num_rings, 1);
	uint64_t before = loop_now_ms(world->loop);
	alarm_set(world->soon, 5);
	while (world->num_rings == 1)
		loop_run_once(world->loop);
	assert_true(loop_now_ms(world->loop) >= before + 5);
}

static void test_what_is_open_keeps_it_from_being_freed(void **state)
{
	struct world *world = *state;

	alarm_set(world->late, LONG_MS);
	assert_false(loop_free(world->loop));
	alarm_set(world->soon, 0); /* it is left as it was */
	loop_run_ready(world->loop);
	assert_int_equal(world->num_rings, 1);
	assert_true(loop_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_runs_until_nothing_is_open, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_stops_though_something_is_open, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_one_turn_runs_what_is_ready, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_open_keeps_it_from_being_freed, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
