/* server_cpu - the CPU time that a server's processes spend, all their threads, user and system, in nanoseconds.
 *
 * By the processes' own CPU clocks (clock_getcpuclockid), which are exact, not by the ticks of /proc/PID/stat.
 */
#ifndef BENCH_LOAD_SERVER_CPU_H
#define BENCH_LOAD_SERVER_CPU_H

#include <stdint.h>

#include "bench/load/process_set.h"

struct server_cpu {
	struct process_set set;
	uint64_t ns[PROCESS_SET_MAX];
};

/* server_cpu_sample reads the clocks of the processes that are there now. */
MUST_USE struct error server_cpu_sample(struct server_cpu *sample, const pid_t *roots, size_t num_roots, bool children);

/* server_cpu_settle samples until the clocks stand still for a moment: what a server has to do behind a
 * connection's end is its cost too. Bounded: 200 ms. */
MUST_USE struct error server_cpu_settle(struct server_cpu *sample, const pid_t *roots, size_t num_roots, bool children);

/* server_cpu_between is what was spent from one sample to the other. A process that came in between counts whole;
 * one that went is lost, and *out_lost says how many did. */
uint64_t server_cpu_between(const struct server_cpu *before, const struct server_cpu *after, size_t *out_lost);

#endif
