#include "proxy/mending/mend_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

enum { MAX_RUNNING = 2, MAX_TOLD = 32 };

struct world;

/* One who wants a turn. */
struct guest {
	struct world *world;
	struct guest *brings; /* joins when this one has its turn; NULL: nobody */
	struct mend_turn turn;
	char name;
	bool leaves_at_once;
};

struct world {
	struct loop *loop;
	struct mend_queue *queue;
	char told[MAX_TOLD]; /* the names, in the order of their turns */
	size_t most_running;
};

static void on_turn(void *context);

static void join_as(struct world *world, struct guest *guest, char name, enum mend_rank rank)
{
	guest->world = world;
	guest->name = name;
	mend_queue_join(world->queue, &guest->turn, rank, guest, on_turn);
}

static void join(struct world *world, struct guest *guest, char name)
{
	join_as(world, guest, name, MEND_RANK_REGULAR);
}

static void on_turn(void *context)
{
	struct guest *guest = context;
	struct world *world = guest->world;
	size_t len = strlen(world->told);

	assert_true(len + 1 < MAX_TOLD);
	world->told[len] = guest->name;
	if (mend_queue_num_running(world->queue) > world->most_running)
		world->most_running = mend_queue_num_running(world->queue);
	if (guest->brings != NULL)
		join(world, guest->brings, 'n');
	if (guest->leaves_at_once)
		mend_queue_leave(world->queue, &guest->turn);
}

static void run(struct world *world)
{
	loop_run(world->loop);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	assert_ok(loop_new(&world->loop));
	world->queue = mend_queue_new(world->loop, MAX_RUNNING);
	*state = world;
	return world->queue != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	assert_int_equal(mend_queue_num_running(world->queue), 0);
	mend_queue_free(world->queue);
	assert_true(loop_free(world->loop));
	free(world);
	return 0;
}

static void test_a_turn_comes_from_the_loop_and_once(void **state)
{
	struct world *world = *state;
	struct guest guest = {0};

	join(world, &guest, 'a');
	assert_string_equal(world->told, "");
	assert_int_equal(guest.turn.state, MEND_TURN_WAITING);
	run(world);
	assert_string_equal(world->told, "a");
	assert_int_equal(guest.turn.state, MEND_TURN_RUNNING);
	run(world);
	assert_string_equal(world->told, "a");
	mend_queue_leave(world->queue, &guest.turn);
	assert_int_equal(guest.turn.state, MEND_TURN_NONE);
}

static void test_the_third_waits_until_one_leaves(void **state)
{
	struct world *world = *state;
	struct guest guests[4] = {0};

	for (size_t i = 0; i < 4; i++)
		join(world, &guests[i], (char)('a' + i));
	run(world);
	assert_string_equal(world->told, "ab");
	mend_queue_leave(world->queue, &guests[1].turn);
	assert_string_equal(world->told, "ab");
	run(world);
	assert_string_equal(world->told, "abc");
	mend_queue_leave(world->queue, &guests[0].turn);
	mend_queue_leave(world->queue, &guests[2].turn);
	run(world);
	assert_string_equal(world->told, "abcd");
	mend_queue_leave(world->queue, &guests[3].turn);
	assert_int_equal(world->most_running, MAX_RUNNING);
}

static void test_an_urgent_one_waits_for_nobody(void **state)
{
	struct world *world = *state;
	struct guest guests[5] = {0};

	for (size_t i = 0; i < 4; i++)
		join(world, &guests[i], (char)('a' + i));
	run(world);
	join_as(world, &guests[4], 'u', MEND_RANK_URGENT);
	run(world);
	assert_string_equal(world->told, "abu");
	assert_int_equal(mend_queue_num_running(world->queue), MAX_RUNNING + 1);
	/* It has taken nobody's place. */
	mend_queue_leave(world->queue, &guests[0].turn);
	run(world);
	assert_string_equal(world->told, "abuc");
	for (size_t i = 1; i < 5; i++)
		mend_queue_leave(world->queue, &guests[i].turn);
}

static void test_the_slow_ones_leave_half_of_the_places_to_others(void **state)
{
	struct world *world = *state;
	struct guest guests[6] = {0};

	for (size_t i = 0; i < 3; i++)
		join_as(world, &guests[i], (char)('s' + i), MEND_RANK_SLOW);
	run(world);
	assert_string_equal(world->told, "s");
	join_as(world, &guests[3], 'r', MEND_RANK_REGULAR);
	join_as(world, &guests[4], 'f', MEND_RANK_FIRST);
	run(world);
	assert_string_equal(world->told, "sf");
	mend_queue_leave(world->queue, &guests[0].turn);
	run(world);
	assert_string_equal(world->told, "sfr");
	mend_queue_leave(world->queue, &guests[3].turn);
	run(world);
	assert_string_equal(world->told, "sfrt");
	mend_queue_leave(world->queue, &guests[4].turn);
	run(world);
	assert_string_equal(world->told, "sfrt");
	for (size_t i = 1; i < 3; i++)
		mend_queue_leave(world->queue, &guests[i].turn);
}

static void test_one_that_leaves_the_line_has_no_turn(void **state)
{
	struct world *world = *state;
	struct guest guests[5] = {0};

	for (size_t i = 0; i < 5; i++)
		join(world, &guests[i], (char)('a' + i));
	mend_queue_leave(world->queue, &guests[0].turn); /* the head */
	mend_queue_leave(world->queue, &guests[2].turn);
	mend_queue_leave(world->queue, &guests[4].turn); /* the last */
	mend_queue_leave(world->queue, &guests[4].turn); /* no more than once */
	run(world);
	assert_string_equal(world->told, "bd");
	mend_queue_leave(world->queue, &guests[1].turn);
	mend_queue_leave(world->queue, &guests[3].turn);
	join(world, &guests[4], 'e');
	run(world);
	assert_string_equal(world->told, "bde");
	mend_queue_leave(world->queue, &guests[4].turn);
}

static void test_one_may_leave_and_another_join_while_a_turn_begins(void **state)
{
	struct world *world = *state;
	struct guest last = {.leaves_at_once = true};
	struct guest guests[4] = {0};

	guests[0].brings = &last;
	for (size_t i = 0; i < 4; i++) {
		guests[i].leaves_at_once = true;
		join(world, &guests[i], (char)('a' + i));
	}
	run(world);
	assert_string_equal(world->told, "abcdn");
	assert_int_equal(world->most_running, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_turn_comes_from_the_loop_and_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_third_waits_until_one_leaves, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_an_urgent_one_waits_for_nobody, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_slow_ones_leave_half_of_the_places_to_others, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_one_that_leaves_the_line_has_no_turn, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_one_may_leave_and_another_join_while_a_turn_begins, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
