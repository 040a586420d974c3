/* arena - the loop of a torture: starts the clients, takes the backends' connections, has each endpoint work when its
 * socket or its time says so, and judges what became of it. */
#ifndef TESTS_TORTURE_ARENA_H
#define TESTS_TORTURE_ARENA_H

#include <sys/types.h>

#include "tests/torture/endpoint.h"

#define ARENA_STUCK_MS 60000 /* without a byte: an endpoint will never come to its end */
#define ARENA_MAX_FAILURES 20 /* that are reported; all are counted */

struct arena_options {
	uint16_t proxy_ports[NUM_PLAN_ROUTES];
	int listeners[NUM_PLAN_ROUTES]; /* of the backends */
	uint64_t first, end; /* the numbers of the plans that are played: [first, end) */
	uint64_t at_a_time;
	pid_t reload_pid; /* gets a SIGHUP every reload_ms; 0: none */
	uint64_t reload_ms;
};

struct arena_result {
	uint64_t fates[NUM_PLAN_FATES]; /* how many of each were played */
	uint64_t num_whole; /* that came through, of those that had to */
	uint64_t num_strangers; /* backend connections without a header */
	uint64_t num_reloads;
	uint64_t num_failures;
};

/* arena_run plays all of it. False when something but the proxy is at fault; told on stderr. */
bool arena_run(struct endpoint_world *world, const struct arena_options *options, struct arena_result *out);

#endif
