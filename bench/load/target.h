/* target - the server's address: the first of its name's that takes a connection. */
#ifndef BENCH_LOAD_TARGET_H
#define BENCH_LOAD_TARGET_H

#include <sys/socket.h>

#include "bench/load/load_plan.h"
#include "chaincache/base/error.h"

#define TARGET_MAX_ADDRESSES 16

struct target {
	struct sockaddr_storage address;
	socklen_t address_len;
};

/* target_find resolves the plan's host (blocking). Where it has several addresses each is tried; a single one is
 * taken as it is, so that a server sees no connection beyond those of the plan. ERROR_RESOLVE. */
MUST_USE struct error target_find(const struct load_plan *plan, struct target *target);

/* target_print writes "192.0.2.1:443"; returns `out`. */
const char *target_print(const struct target *target, char *out, size_t out_size);

#endif
