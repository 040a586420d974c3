/* transaction - one connection of the load: connect, handshake, request, answer, end; used again for the next one.
 *
 * Every wait has the plan's timeout.
 */
#ifndef BENCH_LOAD_TRANSACTION_H
#define BENCH_LOAD_TRANSACTION_H

#include "bench/load/load_context.h"
#include "bench/load/request.h"
#include "proxy/io/stream.h"
#include "proxy/io/timer.h"
#include "proxy/wire/tls_pump.h"

enum transaction_state {
	TRANSACTION_FREE,
	TRANSACTION_HANDSHAKE, /* connecting included: the ClientHello waits for nothing */
	TRANSACTION_REQUEST,
	TRANSACTION_HELD, /* idle, until the thread ends it */
	TRANSACTION_CLOSING, /* our end is sent, the server's is awaited */
};

struct transaction {
	struct stream stream; /* first */
	struct tls_pump pump;
	struct timer timer;
	struct load_context *context; /* borrowed; its owner sets it, and on_ended, once */
	void (*on_ended)(struct transaction *transaction);
	struct transaction *next_free; /* its owner's */
	enum transaction_state state;
	size_t name; /* index into the plan's names */
	uint64_t intended_ns;
	uint64_t flight_bytes;
	uint64_t answered_ns;
	struct request request;
};

/* transaction_start begins. The end calls on_ended, which may happen before this returns. */
void transaction_start(struct transaction *transaction, size_t name, uint64_t intended_ns);

/* transaction_stop cuts it off and counts nothing. A free one is fine. */
void transaction_stop(struct transaction *transaction);

#endif
