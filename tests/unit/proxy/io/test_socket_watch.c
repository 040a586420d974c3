#include "proxy/io/socket_watch.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

/* One end is watched; the other is the test's. */
struct world {
	struct loop *loop;
	struct socket_watch *watch;
	int ends[2];
	unsigned num_calls;
	unsigned events; /* of the last call */
	bool frees;
};

static void on_ready(void *context, unsigned events)
{
	struct world *world = context;

	world->num_calls++;
	world->events = events;
	if (!world->frees)
		return;
	socket_watch_free(world->watch);
	world->watch = NULL;
}

static int set_up(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, world->ends), 0);
	assert_ok(loop_new(&world->loop));
	world->watch = socket_watch_new(world->loop, world->ends[0], world, on_ready);
	assert_non_null(world->watch);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	socket_watch_free(world->watch);
	close(world->ends[0]);
	close(world->ends[1]);
	assert_true(loop_free(world->loop));
	test_free(world);
	return 0;
}

static void test_tells_what_was_asked_for(void **state)
{
	struct world *world = *state;

	loop_run_ready(world->loop);
	assert_int_equal(world->num_calls, 0); /* it is watched for nothing yet */
	assert_true(socket_watch_set(world->watch, SOCKET_WATCH_READABLE | SOCKET_WATCH_WRITABLE));
	loop_run_once(world->loop);
	assert_int_equal(world->events, SOCKET_WATCH_WRITABLE);
	assert_true(socket_watch_set(world->watch, SOCKET_WATCH_READABLE));
	unsigned before = world->num_calls;
	loop_run_ready(world->loop);
	assert_int_equal(world->num_calls, before);
	assert_int_equal(write(world->ends[1], "x", 1), 1);
	loop_run_once(world->loop);
	assert_int_equal(world->events, SOCKET_WATCH_READABLE);
	loop_run_once(world->loop); /* as long as it lasts */
	assert_int_equal(world->num_calls, before + 2);
}

static void test_is_freed_by_its_own_call(void **state)
{
	struct world *world = *state;

	world->frees = true;
	assert_true(socket_watch_set(world->watch, SOCKET_WATCH_WRITABLE));
	loop_run(world->loop);
	assert_int_equal(world->num_calls, 1);
}

static void test_what_cannot_be_watched(void **state)
{
	struct world *world = *state;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_true(file >= 0);
	assert_null(socket_watch_new(world->loop, file, world, on_ready));
	close(file);
	assert_null(socket_watch_new(world->loop, file, world, on_ready)); /* it is closed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_tells_what_was_asked_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_is_freed_by_its_own_call, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_cannot_be_watched, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
