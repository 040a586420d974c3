/* progress - one line on a terminal that says how a run is getting on; nothing where stderr is no terminal. */
#ifndef BENCH_LOAD_PROGRESS_H
#define BENCH_LOAD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct load_phase;
struct load_plan;
struct load_thread;

struct progress {
	bool shown; /* at all */
	bool dirty; /* a line stands on the terminal */
	const struct load_phase *phase;
	uint64_t last_ns;
	uint64_t last_handshakes;
};

void progress_init(struct progress *progress, const struct load_plan *plan);
void progress_begin(struct progress *progress, const struct load_phase *phase);
void progress_show(struct progress *progress, const struct load_thread *threads, unsigned num_threads,
		   uint64_t elapsed_ns);
void progress_end(struct progress *progress);

#endif
