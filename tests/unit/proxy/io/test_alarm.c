#include "proxy/io/alarm.h"

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

enum { LONG_MS = 3600 * 1000 };

struct world {
	struct loop *loop;
	struct alarm *alarm;
	unsigned num_rings;
	unsigned sets_again; /* so often */
	bool frees;
};

static void on_ring(void *context)
{
	struct world *world = context;

	assert_false(alarm_is_set(world->alarm));
	world->num_rings++;
	if (world->num_rings <= world->sets_again)
		alarm_set(world->alarm, 1);
	if (!world->frees)
		return;
	alarm_free(world->alarm);
	world->alarm = NULL;
}

static int set_up(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));

	assert_ok(loop_new(&world->loop));
	world->alarm = alarm_new(world->loop, world, on_ring);
	assert_non_null(world->alarm);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	alarm_free(world->alarm);
	assert_true(loop_free(world->loop));
	test_free(world);
	return 0;
}

static void test_rings_once_a_setting(void **state)
{
	struct world *world = *state;

	assert_false(alarm_is_set(world->alarm));
	alarm_set(world->alarm, LONG_MS);
	alarm_set(world->alarm, 0);
	assert_true(alarm_is_set(world->alarm));
	assert_int_equal(world->num_rings, 0);
	loop_run(world->loop);
	assert_int_equal(world->num_rings, 1);
	world->sets_again = 3;
	alarm_set(world->alarm, 1);
	loop_run(world->loop);
	assert_int_equal(world->num_rings, 4);
}

static void test_one_that_was_stopped_does_not_ring(void **state)
{
	struct world *world = *state;

	alarm_set(world->alarm, 0);
	alarm_stop(world->alarm);
	assert_false(alarm_is_set(world->alarm));
	loop_run(world->loop);
	assert_int_equal(world->num_rings, 0);
}

static void test_is_freed_by_its_own_ring(void **state)
{
	struct world *world = *state;

	world->frees = true;
	alarm_set(world->alarm, 0);
	loop_run(world->loop);
	assert_int_equal(world->num_rings, 1);
	assert_null(world->alarm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_rings_once_a_setting, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_one_that_was_stopped_does_not_ring, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_is_freed_by_its_own_ring, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
