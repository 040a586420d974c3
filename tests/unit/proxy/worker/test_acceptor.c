#include "proxy/worker/acceptor.h"
#include "tests/support/no_descriptors.h"
#include "tests/support/worker_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t count_of(const struct world *world, unsigned worker)
{
	return atomic_load(&worker_counters(world->workers[worker])->connections_accepted);
}

static uint64_t count_all(const struct world *world)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < world->num_workers; i++)
		count += count_of(world, i);
	return count;
}

/* The kernel's hash over the sockets of SO_REUSEPORT: each worker gets its share. */
static void test_every_worker_gets_some(void **state)
{
	enum { NUM_CLIENTS = 400, LEAST = NUM_CLIENTS / WORLD_MAX_WORKERS / 4 };
	const struct world *world = &((struct worker_fixture *)*state)->world;
	struct sockaddr_in address = loopback_address(world->port);

	for (int i = 0; i < NUM_CLIENTS; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
		close(fd);
	}
	for (int ms = 0; count_all(world) < NUM_CLIENTS; ms++) {
		assert_true(ms < LOOPBACK_PATIENCE_S * 1000);
		usleep(1000);
	}
	for (unsigned i = 0; i < world->num_workers; i++)
		assert_true(count_of(world, i) >= LEAST);
}

struct visitor {
	pthread_t thread;
	const struct world *world;
	bool served;
	bool crowded; /* there were more inside than there are places */
};

static uint64_t count_open(const struct world *world)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < world->num_workers; i++)
		count += atomic_load(&worker_counters(world->workers[i])->connections_open);
	return count;
}

static void *visit(void *argument)
{
	struct visitor *visitor = argument;
	struct test_client_options options = {.sni = "a.example"};
	struct test_client client;
	char back[4];

	test_client_open(&client, visitor->world, &options);
	visitor->served = test_client_shake(&client) && SSL_write(client.ssl, "ping", 4) == 4 &&
			  SSL_read(client.ssl, back, sizeof(back)) > 0;
	/* One that closes is counted out before its place is given back. */
	visitor->crowded = count_open(visitor->world) > visitor->world->max_connections;
	test_client_close(&client);
	return NULL;
}

/* Clients stand in every worker's queue, and all of them come in, whichever worker the places were of. */
static void test_no_worker_starves_behind_another(void **state)
{
	enum { NUM_VISITORS = 24 };
	const struct world *world = &((struct worker_fixture *)*state)->world;
	struct visitor visitors[NUM_VISITORS];

	for (size_t i = 0; i < NUM_VISITORS; i++) {
		visitors[i] = (struct visitor){.world = world};
		assert_int_equal(pthread_create(&visitors[i].thread, NULL, visit, &visitors[i]), 0);
	}
	for (size_t i = 0; i < NUM_VISITORS; i++) {
		pthread_join(visitors[i].thread, NULL);
		assert_true(visitors[i].served);
		assert_false(visitors[i].crowded);
	}
}

enum { NUM_QUEUED = 3 };

/* A full worker: its one place has the fixture's client, and these wait in the kernel. */
struct queue {
	struct worker_fixture *fixture;
	struct test_client waiting[NUM_QUEUED];
};

static int setup_queue(void **state)
{
	struct worker_plan plan = {.manner = BACKEND_ECHO, .max_connections = 1};
	struct test_client_options options = {.sni = "a.example"};
	struct queue *queue = test_calloc(1, sizeof(*queue));
	void *fixture = &plan;

	worker_setup(&fixture);
	queue->fixture = fixture;
	worker_fixture_join(queue->fixture);
	for (size_t i = 0; i < NUM_QUEUED; i++)
		test_client_open(&queue->waiting[i], &queue->fixture->world, &options);
	worker_event_free(world_wait(&queue->fixture->world, WORKER_FULL));
	*state = queue;
	return 0;
}

static int teardown_queue(void **state)
{
	struct queue *queue = *state;
	void *fixture = queue->fixture;

	for (size_t i = 0; i < NUM_QUEUED; i++)
		test_client_close(&queue->waiting[i]);
	worker_teardown(&fixture);
	test_free(queue);
	return 0;
}

/* One after the other comes in as there is room. */
static void serve_queue(struct queue *queue)
{
	test_client_echo(&queue->fixture->client, "inside");
	worker_fixture_leave(queue->fixture);
	for (size_t i = 0; i < NUM_QUEUED; i++) {
		assert_true(test_client_shake(&queue->waiting[i]));
		test_client_echo(&queue->waiting[i], "its turn");
		shutdown(queue->waiting[i].fd, SHUT_RDWR);
	}
}

/* Publishes another listener in the place of the present one, of which a reference is returned. */
static struct listen_socket *change_listener(struct queue *queue)
{
	struct world *world = &queue->fixture->world;
	struct listen_socket *former = world->listening;

	world->listening = NULL;
	world_publish(world, &queue->fixture->site, 1);
	return former;
}

static bool is_refused(uint16_t port)
{
	struct sockaddr_in address = loopback_address(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool refused = connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno == ECONNREFUSED;

	close(fd);
	return refused;
}

static void test_a_listener_that_goes_while_it_is_full_loses_nobody(void **state)
{
	struct queue *queue = *state;
	uint16_t port = queue->fixture->world.port;

	listen_socket_unref(change_listener(queue));
	serve_queue(queue);
	for (int ms = 0; !is_refused(port); ms++) {
		assert_true(ms < LOOPBACK_PATIENCE_S * 1000);
		usleep(1000);
	}
}

static void test_a_listener_that_comes_back_meanwhile(void **state)
{
	struct queue *queue = *state;
	struct listen_socket *former = change_listener(queue);

	listen_socket_unref(queue->fixture->world.listening);
	queue->fixture->world.listening = former;
	world_publish(&queue->fixture->world, &queue->fixture->site, 1);
	serve_queue(queue);
	worker_fixture_join(queue->fixture);
	test_client_echo(&queue->fixture->client, "as before");
}

static void test_a_drain_while_it_is_full_loses_nobody(void **state)
{
	struct queue *queue = *state;

	worker_drain(queue->fixture->world.worker, 60000);
	serve_queue(queue);
}

/* The drain's time is over: whoever waits is not waited for. */
static void test_a_cut_while_it_is_full_ends(void **state)
{
	struct queue *queue = *state;

	worker_drain(queue->fixture->world.worker, 0);
	for (size_t i = 0; i < NUM_QUEUED; i++)
		assert_false(test_client_shake(&queue->waiting[i]));
}

/* Without a descriptor it looks again once a pause, and not in a loop. That it takes as long is sure: a deadline is
 * never early. */
static void test_a_pause_is_not_spent_looking(void **state)
{
	enum { NUM_ERRORS = 3, CLOCK_MS = 20 };
	struct world *world = &((struct worker_fixture *)*state)->world;
	struct sockaddr_in address = loopback_address(world->port);

	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct rlimit limit = no_descriptors_begin();
	uint64_t begun_ms = clock_ms();
	int connected = connect(fd, (struct sockaddr *)&address, sizeof(address));
	world_wait_count(world, accept_errors, NUM_ERRORS);
	uint64_t taken_ms = clock_ms() - begun_ms;
	no_descriptors_end(&limit);
	assert_int_equal(connected, 0);
	assert_true(taken_ms >= (NUM_ERRORS - 1) * (ACCEPTOR_PAUSE_MS - CLOCK_MS));
	struct worker_event *event = world_wait(world, WORKER_ACCEPT_PAUSED);
	assert_non_null(strstr(event->text, strerror(EMFILE)));
	worker_event_free(event);
	world_wait_count(world, connections_accepted, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORKER_TEST(test_every_worker_gets_some, .backend = PLAN_NOBODY, .num_workers = WORLD_MAX_WORKERS),
	    WORKER_TEST(test_no_worker_starves_behind_another, .manner = BACKEND_ECHO, .max_connections = 2,
			.num_workers = WORLD_MAX_WORKERS),
	    cmocka_unit_test_setup_teardown(test_a_listener_that_goes_while_it_is_full_loses_nobody, setup_queue,
					    teardown_queue),
	    cmocka_unit_test_setup_teardown(test_a_listener_that_comes_back_meanwhile, setup_queue, teardown_queue),
	    cmocka_unit_test_setup_teardown(test_a_drain_while_it_is_full_loses_nobody, setup_queue, teardown_queue),
	    cmocka_unit_test_setup_teardown(test_a_cut_while_it_is_full_ends, setup_queue, teardown_queue),
	    WORKER_TEST(test_a_pause_is_not_spent_looking, .backend = PLAN_NOBODY),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
