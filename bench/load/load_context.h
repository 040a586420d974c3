/* load_context - shared by the transactions of one thread: poller, timers, TLS, sessions and counts. */
#ifndef BENCH_LOAD_LOAD_CONTEXT_H
#define BENCH_LOAD_LOAD_CONTEXT_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "bench/load/load_plan.h"
#include "bench/load/tally.h"
#include "proxy/io/poller.h"
#include "proxy/io/timer.h"
#include "proxy/wire/tls_pump.h"

#define LOAD_READ_BYTES ((size_t)64 * 1024)
/* Where nothing has succeeded yet, so many failures are enough to know that nothing will. */
#define LOAD_MAX_FIRST_FAILURES 200

/* Holds the counts that other threads may read while it runs. */
struct load_gauge {
	_Atomic uint64_t handshakes;
	_Atomic uint64_t transactions;
	_Atomic uint64_t failures;
	_Atomic uint64_t active;
	_Atomic uint64_t held;
	_Atomic bool held_all; /* nothing more will be opened */
	_Atomic bool gave_up; /* see LOAD_MAX_FIRST_FAILURES */
};

struct load_context {
	const struct load_plan *plan;
	struct sockaddr_storage address;
	socklen_t address_len;

	struct poller poller;
	struct timer_wheel timers;
	uint64_t now_ms;
	struct tls_channel channel;
	SSL_CTX *ctx;
	SSL_SESSION **sessions; /* one a name; the newest that came, or NULL */
	uint8_t *received; /* LOAD_READ_BYTES */
	uint8_t *plain; /* LOAD_READ_BYTES */

	bool holds; /* of the phase: what was answered is held open */
	enum close_manner close; /* of the phase */
	uint64_t not_before_ns; /* the machine has no port or descriptor left: see load_context_rest */
	struct tally tally;
	struct load_gauge gauge;
};

uint64_t load_clock_ns(void); /* CLOCK_MONOTONIC */

/* load_context_init makes it, in a loop that runs and outlives it. */
MUST_USE struct error load_context_init(struct load_context *context, const struct load_plan *plan,
					const struct sockaddr *address, socklen_t address_len, struct loop *loop);
void load_context_cleanup(struct load_context *context); /* one that is zero is fine */

/* load_context_reset sets all counts to zero, for the next phase. */
void load_context_reset(struct load_context *context);

/* The names that are asked for: the plan's, or its host alone. */
size_t load_context_num_names(const struct load_context *context);
const char *load_context_name(const struct load_context *context, size_t name);

/* Called by transactions. */
void load_context_shook_hands(struct load_context *context);
void load_context_succeeded(struct load_context *context);
void load_context_failed(struct load_context *context);
void load_context_held(struct load_context *context, bool held); /* it is held, or is no longer */
void load_context_rest(struct load_context *context); /* nothing is started for a moment */

#endif
