/* tally - what one thread has counted, and the sum of all. */
#ifndef BENCH_LOAD_TALLY_H
#define BENCH_LOAD_TALLY_H

#include <openssl/ssl.h>

#include "bench/load/histogram.h"
#include "bench/load/name_counts.h"

/* Zero-initialised is empty. */
struct tally {
	uint64_t transactions; /* that were complete and right */
	uint64_t handshakes; /* that were completed, whatever became of the transaction */
	uint64_t resumed; /* of the handshakes */
	uint64_t hello_retries; /* of the handshakes: a HelloRetryRequest came first (RFC 8446 4.1.4) */
	uint64_t compressed; /* certificate messages that came compressed (RFC 8879) */
	uint64_t tickets; /* that the server sent */
	uint64_t bytes_down; /* plain text */
	uint64_t bytes_up;
	uint64_t missed; /* starts of an open loop that never took place */
	uint64_t flight_bytes; /* that the servers sent up to the end of their handshakes, in all */
	uint64_t flight_bytes_min;
	uint64_t flight_bytes_max;
	struct name_counts failures; /* by cause */
	struct name_counts versions;
	struct name_counts groups;
	struct name_counts ciphers;
	struct histogram handshake; /* from the intended start to the end of the handshake */
	struct histogram transaction; /* from the intended start to the end of the answer */
};

/* tally_add_handshake counts a completed handshake and what it agreed on. */
void tally_add_handshake(struct tally *tally, const SSL *ssl, uint64_t took_ns, uint64_t flight_bytes);

void tally_merge(struct tally *into, const struct tally *from);

#endif
