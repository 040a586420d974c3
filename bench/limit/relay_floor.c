#include "bench/limit/relay_floor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "bench/backend/echo_server.h"
#include "bench/limit/plain_client.h"
#include "bench/limit/plain_relay.h"

enum { SETTLE_TRIES = 20, SETTLE_PAUSE_NS = 5 * 1000 * 1000, DEFER_S = 1 };

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *run_backend(void *data)
{
	struct floor_server *server = data;

	pin(server->cpu);
	echo_server_run(server->listen_fd, server->stop_fd);
	return NULL;
}

static void *run_relay(void *data)
{
	struct floor_server *server = data;
	const struct floor_server *backend = &server->floor->backend;

	pin(server->cpu);
	plain_relay_run(server->listen_fd, server->stop_fd, (const struct sockaddr *)&backend->address,
			backend->address_len);
	return NULL;
}

static bool open_server(struct floor_server *server, struct relay_floor *floor, int cpu, void *(*run)(void *))
{
	int defer_s = DEFER_S;

	server->floor = floor;
	server->cpu = cpu;
	server->stop_fd = eventfd(0, EFD_CLOEXEC);
	server->listen_fd = echo_server_listen("127.0.0.1:0");
	server->address_len = sizeof(server->address);
	if (server->stop_fd < 0 || server->listen_fd < 0 ||
	    getsockname(server->listen_fd, (struct sockaddr *)&server->address, &server->address_len) != 0)
		return false;
	if (run == run_relay &&
	    setsockopt(server->listen_fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s, sizeof(defer_s)) != 0)
		return false;
	server->started = pthread_create(&server->thread, NULL, run, server) == 0;
	return server->started;
}

bool relay_floor_open(struct relay_floor *floor, int server_cpu, int client_cpu)
{
	memset(floor, 0, sizeof(*floor));
	floor->backend.listen_fd = floor->backend.stop_fd = floor->relay.listen_fd = floor->relay.stop_fd = -1;
	return open_server(&floor->backend, floor, client_cpu, run_backend) &&
	       open_server(&floor->relay, floor, server_cpu, run_relay);
}

static void close_server(struct floor_server *server)
{
	const uint64_t one = 1;

	if (server->started && write(server->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(server->thread, NULL);
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	if (server->stop_fd >= 0)
		close(server->stop_fd);
	server->started = false;
}

void relay_floor_close(struct relay_floor *floor)
{
	close_server(&floor->relay);
	close_server(&floor->backend);
}

static uint64_t relay_cpu_ns(const struct relay_floor *floor)
{
	clockid_t clock;
	struct timespec spent = {0};

	if (pthread_getcpuclockid(floor->relay.thread, &clock) == 0)
		clock_gettime(clock, &spent);
	return (uint64_t)spent.tv_sec * 1000000000 + (uint64_t)spent.tv_nsec;
}

/* The relay closes its ends after the client has gone: that belongs to the transaction too. */
static uint64_t settled_cpu_ns(const struct relay_floor *floor)
{
	const struct timespec pause = {.tv_nsec = SETTLE_PAUSE_NS};
	uint64_t before = relay_cpu_ns(floor);

	for (unsigned i = 0; i < SETTLE_TRIES; i++) {
		nanosleep(&pause, NULL);
		uint64_t now = relay_cpu_ns(floor);
		if (now == before)
			break;
		before = now;
	}
	return before;
}

bool relay_floor_measure(struct relay_floor *floor, const struct load_plan *plan, struct floor_slice *out)
{
	struct plain_client_result result;
	uint64_t before = settled_cpu_ns(floor);
	bool ok =
	    plain_client_run(plan, (const struct sockaddr *)&floor->relay.address, floor->relay.address_len, &result);

	out->relay_ns = settled_cpu_ns(floor) - before;
	out->transactions = result.transactions;
	out->bytes = result.bytes;
	return ok && result.failures == 0 && result.transactions > 0;
}
