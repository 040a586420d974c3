/* process_set - a server's processes: those that were named, and where it is wished their children, and theirs. */
#ifndef BENCH_LOAD_PROCESS_SET_H
#define BENCH_LOAD_PROCESS_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "chaincache/base/error.h"

#define PROCESS_SET_MAX 512

struct process_set {
	pid_t pids[PROCESS_SET_MAX];
	size_t count;
};

/* process_set_gather looks into /proc. ERROR_USAGE when one of `roots` does not run, ERROR_LIMIT above the maximum. */
MUST_USE struct error process_set_gather(struct process_set *set, const pid_t *roots, size_t num_roots, bool children);

#endif
