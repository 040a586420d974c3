/* load_run - a whole run: its phases, and the server's clocks and memory around them. */
#ifndef BENCH_LOAD_LOAD_RUN_H
#define BENCH_LOAD_LOAD_RUN_H

#include "bench/load/load_plan.h"
#include "bench/load/server_memory.h"
#include "bench/load/tally.h"

#define LOAD_RUN_MAX_ADDRESS 80

struct load_result {
	struct tally tally;
	char address[LOAD_RUN_MAX_ADDRESS]; /* that was connected to */
	double seconds; /* from the first start to the last end */
	bool interrupted; /* by a signal */
	bool gave_up; /* everything failed */
	bool has_server_cpu;
	uint64_t server_cpu_ns;
	size_t lost_processes; /* whose CPU time is not in it */
	uint64_t client_cpu_ns; /* of this program, over the same time */
	uint64_t priming_tickets; /* that came before a run of resumed sessions */
	bool has_memory; /* of a run with idle connections */
	uint64_t held; /* connections that stood when the memory was read */
	struct server_memory before;
	struct server_memory after;
};

/* load_run_execute runs the plan to its end, or to SIGINT. Nothing that a server does is an error: see the tally. */
MUST_USE struct error load_run_execute(const struct load_plan *plan, struct load_result *result);

#endif
