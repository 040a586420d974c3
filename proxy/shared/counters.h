/* counters - one worker's counts; written by its thread alone, read by any (relaxed atomics, no lock). */
#ifndef PROXY_SHARED_COUNTERS_H
#define PROXY_SHARED_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

/* X(field, metric, type, help): one row a counter. `metric` is its name in /metrics, NULL where the counters of the
 * sites (site_tally.h) say more there, and `type` what it is; `help` is one line for /metrics, docs/metrics.md and the
 * schema of /api/status, which has every counter under the name of its field.
 */
#define COUNTERS(X)                                                                                                    \
	X(connections_accepted, "chainmend_connections_accepted_total", METRIC_COUNTER, "Client connections.")         \
	X(connections_open, "chainmend_connections_open", METRIC_GAUGE, "Client connections that are open now.")       \
	X(connections_cut, "chainmend_connections_cut_total", METRIC_COUNTER,                                          \
	  "Client connections that had not ended when drain_timeout was over.")                                        \
	X(accepts_paused_full, "chainmend_accepts_paused_total", METRIC_COUNTER,                                       \
	  "Times that max_connections left clients waiting.")                                                          \
	X(handshakes_done, NULL, METRIC_COUNTER, "TLS handshakes with clients that were completed.")                   \
	X(handshakes_resumed, NULL, METRIC_COUNTER, "Those of them that resumed a session.")                           \
	X(handshakes_failed, NULL, METRIC_COUNTER, "TLS handshakes with clients that failed.")                         \
	X(handshakes_timed_out, NULL, METRIC_COUNTER, "TLS handshakes with clients that took too long.")               \
	X(client_alerts, NULL, METRIC_COUNTER, "Alerts by which clients ended handshakes.")                            \
	X(clients_vanished, "chainmend_clients_vanished_total", METRIC_COUNTER,                                        \
	  "Clients that closed without an alert when they had been shown the certificate.")                            \
	X(names_not_covered, NULL, METRIC_COUNTER, "Handshakes for a name that no certificate of the site covers.")    \
	X(backend_connects, NULL, METRIC_COUNTER, "Connections begun to backends.")                                    \
	X(backend_failures, NULL, METRIC_COUNTER, "Connections to backends that failed.")                              \
	X(no_local_port, "chainmend_no_local_port_total", METRIC_COUNTER,                                              \
	  "Connections to backends that this machine had no local port left for.")                                     \
	X(bytes_to_backend, NULL, METRIC_COUNTER, "Bytes relayed from clients to backends, without TLS around them.")  \
	X(bytes_to_client, NULL, METRIC_COUNTER, "Bytes relayed from backends to clients, without TLS around them.")   \
	X(accept_errors, "chainmend_accept_errors_total", METRIC_COUNTER, "Connections that could not be taken.")

struct counters {
#define X(field, ...) _Atomic uint64_t field;
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
