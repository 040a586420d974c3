/* Loses no event of a worker when memory is short. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/worker_fixture.h"

static pthread_t test_thread;

/* How many allocations go well before one fails; below zero: all do. */
static atomic_int before_failure_here = -1; /* on the test's own thread, which is the control thread */
static atomic_int before_failure_there = -1; /* on the worker's */
static atomic_int further_failures = 0; /* in a row, behind the first */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	bool here = pthread_equal(pthread_self(), test_thread) != 0;
	atomic_int *before_failure = here ? &before_failure_here : &before_failure_there;

	if (atomic_load(before_failure) >= 0 && atomic_fetch_sub(before_failure, 1) == 0) {
		if (atomic_load(&further_failures) > 0 && atomic_fetch_sub(&further_failures, 1) > 0)
			atomic_store(before_failure, 0);
		return NULL;
	}
	return __real_calloc(count, size);
}

static int setup(void **state)
{
	test_thread = pthread_self();
	return world_setup(state);
}

static void echo(struct worker_fixture *fixture)
{
	worker_fixture_join(fixture);
	test_client_echo(&fixture->client, "served");
	worker_fixture_leave(fixture);
}

static void test_a_publication_that_is_not_taken_is_told(void **state)
{
	enum { NUM_ALLOCATIONS = 2 };
	struct worker_fixture *fixture = *state;
	struct world *world = &fixture->world;

	for (int i = 0; i < NUM_ALLOCATIONS; i++) {
		atomic_store(&before_failure_here, i);
		assert_kind(worker_publish(world->worker, world->snapshot), ERROR_MEMORY);
		assert_int_equal(atomic_load(&before_failure_here), -1);
	}
	assert_ok(worker_publish(world->worker, world->snapshot));
	echo(fixture);
}

/* The worker needs memory for a new listener: it opens it when there is some, however often it has to try. */
static void test_a_listener_that_cannot_be_opened_is_opened_later(void **state)
{
	enum { NUM_ALLOCATIONS = 2, NUM_FURTHER = 2 };
	struct worker_fixture *fixture = *state;
	struct world *world = &fixture->world;

	for (int i = 0; i < NUM_ALLOCATIONS * (NUM_FURTHER + 1); i++) {
		echo(fixture);
		listen_socket_unref(world->listening);
		world->listening = NULL; /* another port */
		atomic_store(&further_failures, i / NUM_ALLOCATIONS);
		atomic_store(&before_failure_there, i % NUM_ALLOCATIONS);
		world_publish(world, &fixture->site, 1);
		assert_non_null(world->listening);
		world->port = loopback_port_of(world->listening->fds[0]);
		echo(fixture);
		assert_int_equal(atomic_load(&before_failure_there), -1);
	}
}

/* A client that could not be served is no secret, and those behind it wait. */
static void test_a_client_that_there_is_no_memory_for_is_told(void **state)
{
	struct worker_fixture *fixture = *state;
	struct world *world = &fixture->world;
	struct test_client_options options = {0};

	echo(fixture);
	atomic_store(&before_failure_there, 0);
	worker_fixture_open(fixture, &options);
	struct worker_event *event = world_wait(world, WORKER_ACCEPT_PAUSED);
	assert_non_null(strstr(event->text, strerror(ENOMEM)));
	worker_event_free(event);
	assert_int_equal(world_count(world, accept_errors), 1);
	echo(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORKER_TEST(test_a_publication_that_is_not_taken_is_told, .manner = BACKEND_ECHO),
	    WORKER_TEST(test_a_listener_that_cannot_be_opened_is_opened_later, .manner = BACKEND_ECHO),
	    WORKER_TEST(test_a_client_that_there_is_no_memory_for_is_told, .manner = BACKEND_ECHO),
	};
	return cmocka_run_group_tests(tests, setup, world_teardown);
}
