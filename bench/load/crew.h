/* crew - the threads of a run, and the thread that watches them: signals, the progress line, the end of each phase. */
#ifndef BENCH_LOAD_CREW_H
#define BENCH_LOAD_CREW_H

#include "bench/load/load_thread.h"
#include "bench/load/progress.h"
#include "bench/load/target.h"
#include "proxy/io/alarm.h"
#include "proxy/io/signal_watch.h"

#define CREW_TICK_MS 250
#define CREW_NUM_SIGNALS 2

struct crew {
	const struct load_plan *plan;
	struct load_thread *threads;
	unsigned num_threads;
	_Atomic bool stop; /* by a signal: all phases end at once */
	_Atomic bool let_go;
	bool interrupted;
	uint64_t begin_ns; /* of the phase */

	struct loop *loop; /* of the thread that watches them */
	struct signal_watch *signals[CREW_NUM_SIGNALS];
	struct alarm *ticker; /* each CREW_TICK_MS */
	struct wake *ended; /* to be sent when num_running has changed */
	_Atomic unsigned num_running;
	struct progress progress;
	void (*on_tick)(struct crew *crew, void *context); /* each CREW_TICK_MS of a phase; may be NULL */
	void *tick_context;
};

/* crew_open makes the plan's threads. SIGINT and SIGTERM are its from then on. Cleaned up by crew_close, also after a
 * failure. */
MUST_USE struct error crew_open(struct crew *crew, const struct load_plan *plan, const struct target *target);
void crew_close(struct crew *crew);

/* crew_run has every thread do its share of a phase, and returns when all have. */
MUST_USE struct error crew_run(struct crew *crew, const struct load_phase *phase);

/* crew_let_go ends what is held. */
void crew_let_go(struct crew *crew);

/* crew_gather adds up what the last phase counted; true when it was given up because everything failed. */
bool crew_gather(struct crew *crew, struct tally *into);

#endif
