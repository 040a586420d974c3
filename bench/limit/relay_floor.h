/* relay_floor - measures the CPU time of the plain relay, with client and backend on threads of their own. */
#ifndef BENCH_LIMIT_RELAY_FLOOR_H
#define BENCH_LIMIT_RELAY_FLOOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "bench/load/load_plan.h"

/* One of the two servers: its thread, its listening socket, and a descriptor that ends it. */
struct floor_server {
	struct relay_floor *floor;
	pthread_t thread;
	bool started;
	int listen_fd;
	int stop_fd;
	int cpu; /* that it is pinned to; -1: none */
	struct sockaddr_storage address;
	socklen_t address_len;
};

struct relay_floor {
	struct floor_server backend;
	struct floor_server relay;
};

/* relay_floor_open starts both on free ports of 127.0.0.1: the relay on `server_cpu`, the backend on `client_cpu`
 * (-1: on any). Cleaned up by relay_floor_close, also after a failure. */
bool relay_floor_open(struct relay_floor *floor, int server_cpu, int client_cpu);
void relay_floor_close(struct relay_floor *floor);

struct floor_slice {
	uint64_t transactions;
	uint64_t bytes;
	uint64_t relay_ns; /* CPU time */
};

/* relay_floor_measure runs the plan's transactions from the calling thread. False when one failed. */
bool relay_floor_measure(struct relay_floor *floor, const struct load_plan *plan, struct floor_slice *out);

#endif
