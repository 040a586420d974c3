/* schedule - when each connection of an open loop is meant to start, whether or not the server keeps up.
 *
 * Times in nanoseconds of CLOCK_MONOTONIC. Latency that is counted from these moments is free of coordinated
 * omission: a server that stalls delays the starts that follow, and the delay is counted against it. Pure: the time
 * comes in.
 */
#ifndef BENCH_LOAD_SCHEDULE_H
#define BENCH_LOAD_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule {
	uint64_t begin_ns;
	double interval_ns; /* between two starts of this schedule; 0: a closed loop, where all is due at once */
	uint64_t next; /* index of the start that comes next */
};

/* schedule_init is one of `num_shares` schedules that together have `rate` starts a second, evenly spread; `share`
 * tells which. A rate of 0 is the closed loop. */
void schedule_init(struct schedule *schedule, uint64_t begin_ns, double rate, unsigned share, unsigned num_shares);

/* schedule_next_ns is the moment of the next start; of a closed loop `now_ns` itself. */
uint64_t schedule_next_ns(const struct schedule *schedule, uint64_t now_ns);

/* schedule_take is true when a start is due, and takes it: *out_ns is the moment for which it was meant. */
bool schedule_take(struct schedule *schedule, uint64_t now_ns, uint64_t *out_ns);

/* schedule_missed is how many starts were meant for before `end_ns` and were never taken. */
uint64_t schedule_missed(const struct schedule *schedule, uint64_t end_ns);

#endif
