#include "proxy/io/alarm.h"
#include "proxy/io/loop.h"
#include "proxy/io/poller.h"
#include "tests/support/unit.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAX_WATCHED = 8, MAX_CALLS = 32 };

struct watched {
	struct pollable pollable; /* first */
	struct world *world;
	char name;
	int fd;
	uint32_t events; /* of the last call */
	struct watched *forgets; /* that one's descriptor is closed by this one's turn */
	bool queues_itself;
};

/* A poller, its loop, and who was called in which order. */
struct world {
	struct loop *loop;
	struct poller poller;
	struct watched watched[MAX_WATCHED];
	char calls[MAX_CALLS];
	size_t num_calls;
	unsigned num_loop_turns;
	struct alarm *alarm;
};

static void on_ready(struct pollable *pollable, uint32_t events)
{
	struct watched *watched = (struct watched *)(void *)pollable;
	struct world *world = watched->world;

	assert_true(world->num_calls < MAX_CALLS - 1);
	world->calls[world->num_calls++] = watched->name;
	watched->events = events;
	if (watched->forgets != NULL) {
		poller_forget(&world->poller, &watched->forgets->pollable);
		close(watched->forgets->fd);
		watched->forgets->fd = -1;
		watched->forgets = NULL;
	}
	if (watched->queues_itself)
		poller_queue(&world->poller, pollable);
}

static void on_alarm(void *context)
{
	struct world *world = context;

	world->num_loop_turns++;
}

static int setup(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));

	assert_ok(loop_new(&world->loop));
	world->alarm = alarm_new(world->loop, world, on_alarm);
	assert_non_null(world->alarm);
	assert_ok(poller_open(&world->poller, world->loop));
	for (size_t i = 0; i < MAX_WATCHED; i++)
		world->watched[i] = (struct watched){
		    .pollable = {.on_ready = on_ready}, .world = world, .name = (char)('a' + i), .fd = -1};
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < MAX_WATCHED; i++)
		if (world->watched[i].fd >= 0)
			close(world->watched[i].fd);
	poller_close(&world->poller);
	alarm_free(world->alarm);
	assert_true(loop_free(world->loop));
	test_free(world);
	return 0;
}

/* Watched from now on, edge by edge, and ready at once where `ready`. */
static struct watched *watch(struct world *world, size_t i, bool ready)
{
	struct watched *watched = &world->watched[i];

	watched->fd = eventfd(ready, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_true(watched->fd >= 0);
	assert_ok(poller_add(&world->poller, &watched->pollable, watched->fd, POLLER_READABLE | POLLER_EDGES));
	return watched;
}

/* One turn that does not sleep: who was called, in order. */
static const char *turn(struct world *world)
{
	world->num_calls = 0;
	assert_ok(poller_wait(&world->poller, 0));
	poller_dispatch(&world->poller);
	world->calls[world->num_calls < MAX_CALLS ? world->num_calls : 0] = '\0';
	return world->calls;
}

static void test_calls_what_is_ready(void **state)
{
	struct world *world = *state;

	watch(world, 0, true);
	struct watched *b = watch(world, 1, false);
	assert_string_equal(turn(world), "a");
	assert_int_equal(world->watched[0].events, POLLER_READABLE);
	assert_string_equal(turn(world), ""); /* an edge comes once */
	assert_int_equal(eventfd_write(b->fd, 1), 0);
	assert_string_equal(turn(world), "b");
	poller_remove(&world->poller, b->fd);
	assert_int_equal(eventfd_write(b->fd, 1), 0);
	assert_string_equal(turn(world), "");
}

static void test_expensive_ones_come_last(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < 6; i++)
		watch(world, i, true)->pollable.expensive = i % 2 == 0;
	assert_string_equal(turn(world), "bdface");
	world->watched[0].pollable.expensive = false;
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(eventfd_write(world->watched[i].fd, 1), 0);
	assert_string_equal(turn(world), "abdfce");
}

static void test_who_is_forgotten_is_not_called(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < 4; i++)
		watch(world, i, true)->pollable.expensive = i == 0 || i == 3;
	world->watched[1].forgets = &world->watched[0]; /* a cheap one, one that was put off */
	world->watched[3].forgets = NULL;
	world->watched[2].forgets = &world->watched[3];
	assert_string_equal(turn(world), "bc");

	watch(world, 4, true)->pollable.expensive = true;
	watch(world, 5, true)->pollable.expensive = true;
	watch(world, 6, true);
	world->watched[4].forgets = &world->watched[5]; /* one that was put off, another */
	assert_string_equal(turn(world), "ge");
}

static void test_queue_comes_after_the_sockets(void **state)
{
	struct world *world = *state;

	world->watched[7].queues_itself = true;
	poller_queue(&world->poller, &world->watched[7].pollable);
	poller_queue(&world->poller, &world->watched[7].pollable); /* once is enough */
	watch(world, 0, true)->pollable.expensive = true;
	assert_string_equal(turn(world), "ah");
	assert_int_equal(world->watched[7].events, 0);
	assert_string_equal(turn(world), "h"); /* its next turn is the next round's */
	world->watched[7].queues_itself = false;
	assert_string_equal(turn(world), "h");
	assert_string_equal(turn(world), "");
	poller_queue(&world->poller, &world->watched[7].pollable);
	poller_forget(&world->poller, &world->watched[7].pollable);
	poller_forget(&world->poller, &world->watched[7].pollable);
	assert_string_equal(turn(world), "");
}

/* The wait that is asked for has no limit: the loop's timer ends it. */
static void test_loop_runs_when_it_has_something_to_do(void **state)
{
	struct world *world = *state;

	assert_string_equal(turn(world), "");
	assert_int_equal(world->num_loop_turns, 0);
	alarm_set(world->alarm, 1);
	while (world->num_loop_turns == 0) {
		assert_ok(poller_wait(&world->poller, -1));
		poller_dispatch(&world->poller);
	}
}

static void count_call(struct pollable *pollable, uint32_t events)
{
	struct watched *watched = (struct watched *)(void *)pollable;

	watched->events = events;
	watched->world->num_calls++;
}

static void test_more_than_one_wait_takes(void **state)
{
	enum { MANY = POLLER_MAX_EVENTS + 20 };
	static struct watched many[MANY];
	struct world *world = *state;

	for (size_t i = 0; i < MANY; i++) {
		many[i] = (struct watched){.pollable = {.on_ready = count_call, .expensive = i % 3 == 0},
					   .world = world,
					   .fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)};
		assert_ok(poller_add(&world->poller, &many[i].pollable, many[i].fd, POLLER_READABLE | POLLER_EDGES));
	}
	turn(world);
	assert_int_equal(world->num_calls, POLLER_MAX_EVENTS);
	turn(world);
	assert_int_equal(world->num_calls, MANY - POLLER_MAX_EVENTS);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(many[i].events, POLLER_READABLE);
		close(many[i].fd);
	}
}

static void test_what_cannot_be_watched(void **state)
{
	struct world *world = *state;

	assert_kind(poller_add(&world->poller, &world->watched[0].pollable, -1, POLLER_READABLE), ERROR_SYSTEM);
	assert_kind(poller_change(&world->poller, &world->watched[0].pollable, 0, POLLER_READABLE), ERROR_SYSTEM);
	struct watched *a = watch(world, 0, true);
	assert_kind(poller_add(&world->poller, &a->pollable, a->fd, POLLER_READABLE), ERROR_SYSTEM);
	assert_string_equal(turn(world), "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_calls_what_is_ready, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_expensive_ones_come_last, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_who_is_forgotten_is_not_called, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_queue_comes_after_the_sockets, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_loop_runs_when_it_has_something_to_do, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_more_than_one_wait_takes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_cannot_be_watched, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
