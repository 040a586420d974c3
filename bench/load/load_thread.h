/* load_thread - one thread of the load, its loop and its connections. It runs one phase at a time, each to its end;
 * sessions are kept from one to the next.
 */
#ifndef BENCH_LOAD_LOAD_THREAD_H
#define BENCH_LOAD_LOAD_THREAD_H

#include <stdatomic.h>

#include "bench/load/load_context.h"
#include "bench/load/schedule.h"
#include "bench/load/transaction.h"
#include "proxy/io/wake.h"

enum phase_kind {
	PHASE_PRIME, /* one connection a name, for its session */
	PHASE_WARM_UP,
	PHASE_MEASURE,
	PHASE_HOLD, /* connections are opened and held until `let_go` */
};

struct load_phase {
	enum phase_kind kind;
	uint64_t count; /* starts, of all threads; 0: no limit */
	uint64_t duration_ms; /* 0: no limit */
};

struct load_thread {
	struct load_context context; /* first: its transactions know no more of it */
	unsigned index; /* of plan->threads */
	const _Atomic bool *stop; /* cut off what is under way, and return */
	const _Atomic bool *let_go; /* end what is held */

	struct loop *loop;
	struct wake *wake; /* to be sent when stop or let_go has changed */
	struct pollable ticker; /* wakes an open loop, finer than epoll's milliseconds */
	int ticker_fd;

	struct transaction *transactions;
	size_t num_transactions;
	struct transaction *free_list;

	struct load_phase phase;
	struct schedule schedule;
	uint64_t end_ns; /* of the phase; UINT64_MAX: none */
	uint64_t left; /* starts of this thread */
	uint64_t num_started;
	size_t num_active;
};

/* load_thread_init makes all that the plan's share needs. `stop` and `let_go` are borrowed for its whole life. */
MUST_USE struct error load_thread_init(struct load_thread *thread, const struct load_plan *plan, unsigned index,
				       const struct sockaddr *address, socklen_t address_len, const _Atomic bool *stop,
				       const _Atomic bool *let_go);
void load_thread_cleanup(struct load_thread *thread);

/* load_thread_run runs a phase, beginning at `begin_ns`; the tally is that of this phase alone. */
MUST_USE struct error load_thread_run(struct load_thread *thread, const struct load_phase *phase, uint64_t begin_ns);

#endif
