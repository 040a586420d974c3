/* load_thread - one thread of the load, its loop and its connections. It runs one phase at a time, each to its end;
 * sessions are kept from one to the next.
 */
#ifndef BENCH_LOAD_LOAD_THREAD_H
#define BENCH_LOAD_LOAD_THREAD_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "bench/load/schedule.h"
#include "bench/load/tally.h"
#include "bench/load/transaction.h"
#include "proxy/io/wake.h"

#define LOAD_READ_BYTES ((size_t)64 * 1024)
/* Where nothing has succeeded yet, so many failures are enough to know that nothing will. */
#define LOAD_MAX_FIRST_FAILURES 200

enum phase_kind {
	PHASE_PRIME, /* one connection a name, for its session */
	PHASE_WARM_UP,
	PHASE_MEASURE,
	PHASE_HOLD, /* connections are opened and held until load_thread_release */
};

struct load_phase {
	enum phase_kind kind;
	uint64_t count; /* starts, of all threads; 0: no limit */
	uint64_t duration_ms; /* 0: no limit */
};

/* What other threads may look at while it runs. */
struct load_gauge {
	_Atomic uint64_t handshakes;
	_Atomic uint64_t transactions;
	_Atomic uint64_t failures;
	_Atomic uint64_t active;
	_Atomic uint64_t held;
	_Atomic bool held_all; /* nothing more will be opened */
	_Atomic bool gave_up; /* see LOAD_MAX_FIRST_FAILURES */
};

struct load_thread {
	const struct load_plan *plan;
	unsigned index; /* of plan->threads */
	struct sockaddr_storage address;
	socklen_t address_len;
	const _Atomic bool *stop; /* cut off what is under way, and return */
	const _Atomic bool *let_go; /* end what is held */

	struct loop *loop;
	struct wake *wake; /* to be sent when stop or let_go has changed */
	struct poller poller;
	struct timer_wheel timers;
	uint64_t now_ms;
	struct tls_channel channel;
	SSL_CTX *ctx;
	uint8_t *received; /* LOAD_READ_BYTES */
	uint8_t *plain; /* LOAD_READ_BYTES */
	struct pollable ticker; /* wakes an open loop, finer than epoll's milliseconds */
	int ticker_fd;

	struct transaction *transactions;
	size_t num_transactions;
	struct transaction *free_list;
	SSL_SESSION **sessions; /* one a name; the newest that came, or NULL */

	struct load_phase phase;
	struct schedule schedule;
	uint64_t end_ns; /* of the phase; UINT64_MAX: none */
	uint64_t not_before_ns; /* the machine has no port or descriptor left: see load_thread_rest */
	uint64_t left; /* starts of this thread */
	uint64_t num_started;
	size_t num_active;
	struct tally tally;
	struct load_gauge gauge;
};

uint64_t load_clock_ns(void); /* CLOCK_MONOTONIC */

/* load_thread_init makes all that the plan's share needs. `stop` and `let_go` are borrowed for its whole life. */
MUST_USE struct error load_thread_init(struct load_thread *thread, const struct load_plan *plan, unsigned index,
				       const struct sockaddr *address, socklen_t address_len, const _Atomic bool *stop,
				       const _Atomic bool *let_go);
void load_thread_cleanup(struct load_thread *thread);

/* load_thread_run runs a phase, beginning at `begin_ns`; the tally is that of this phase alone. */
MUST_USE struct error load_thread_run(struct load_thread *thread, const struct load_phase *phase, uint64_t begin_ns);

/* For its transactions. */
void load_thread_shook_hands(struct load_thread *thread);
void load_thread_succeeded(struct load_thread *thread);
void load_thread_failed(struct load_thread *thread);
void load_thread_held(struct load_thread *thread, bool held); /* it is held, or is no longer */
void load_thread_rest(struct load_thread *thread); /* nothing is started for a moment */
void load_thread_ended(struct load_thread *thread, struct transaction *transaction);
bool load_thread_holds(const struct load_thread *thread);
enum close_manner load_thread_close_manner(const struct load_thread *thread);
const char *load_thread_name(const struct load_thread *thread, size_t name);
SSL_SESSION *load_thread_session(const struct load_thread *thread, size_t name);

#endif
