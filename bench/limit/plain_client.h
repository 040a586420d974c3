/* plain_client - transactions in plain TCP, some at a time: connect, request, answer, close. */
#ifndef BENCH_LIMIT_PLAIN_CLIENT_H
#define BENCH_LIMIT_PLAIN_CLIENT_H

#include <stdint.h>
#include <sys/socket.h>

#include "bench/load/load_plan.h"

struct plain_client_result {
	uint64_t transactions;
	uint64_t bytes; /* of payload, both ways */
	uint64_t failures;
};

/* plain_client_run does transactions of the plan's request for `duration_ms` (or plan->count of them),
 * plan->connections at a time, and waits for the last ones. False when it could not, or nothing came for 10 s. */
bool plain_client_run(const struct load_plan *plan, const struct sockaddr *address, socklen_t address_len,
		      struct plain_client_result *out);

#endif
