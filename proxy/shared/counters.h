/* counters - what one worker has seen; written by its thread alone, read by any (relaxed atomics, no lock). */
#ifndef PROXY_SHARED_COUNTERS_H
#define PROXY_SHARED_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#define COUNTERS(X)                                                                                                    \
	X(connections_accepted)                                                                                        \
	X(connections_open)                                                                                            \
	X(accepts_paused_full) /* times that max_connections left clients waiting */                                   \
	X(handshakes_done)                                                                                             \
	X(handshakes_resumed)                                                                                          \
	X(handshakes_failed)                                                                                           \
	X(handshakes_timed_out)                                                                                        \
	X(client_alerts)                                                                                               \
	X(clients_vanished) /* closed or reset, without an alert, when they had been shown the certificate */          \
	X(names_not_covered)                                                                                           \
	X(backend_connects)                                                                                            \
	X(backend_failures)                                                                                            \
	X(bytes_to_backend)                                                                                            \
	X(bytes_to_client)                                                                                             \
	X(accept_errors)

struct counters {
#define X(name) _Atomic uint64_t name;
	COUNTERS(X)
#undef X
};

/* counters_add is a plain add by the only writer. */
static inline void counters_add(_Atomic uint64_t *counter, uint64_t amount)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
			      memory_order_relaxed);
}

#endif
