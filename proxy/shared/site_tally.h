/* site_tally - the workers' counts of one site, and its last hour.
 *
 * Every worker has a part of its own, which its thread alone writes: relaxed atomics by one writer, no lock, no
 * allocation, nothing shared between two threads' cache lines. Whoever reads sums the parts. Kept over reloads as long
 * as the site keeps its name; the snapshots hold references, so that a connection counts for as long as it lives.
 */
#ifndef PROXY_SHARED_SITE_TALLY_H
#define PROXY_SHARED_SITE_TALLY_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "proxy/shared/counters.h"
#include "proxy/shared/traffic_history.h"

#define SITE_TALLY_MAX_BACKENDS 32 /* backends of the configuration, the first ones; the rest are not counted */

/* Protocol versions, in the order of their numbers (RFC 8446 B.3.1). */
#define TALLY_VERSIONS(X)                                                                                              \
	X(TALLY_TLS_1_0, "1.0")                                                                                        \
	X(TALLY_TLS_1_1, "1.1")                                                                                        \
	X(TALLY_TLS_1_2, "1.2")                                                                                        \
	X(TALLY_TLS_1_3, "1.3")

/* Key exchange groups by their numbers in IANA's TLS Supported Groups registry. */
#define TALLY_GROUPS(X)                                                                                                \
	X(TALLY_GROUP_NONE, 0, "none") /* RSA key exchange, or TLS 1.2 resumed */                                      \
	X(TALLY_GROUP_P256, 23, "P-256")                                                                               \
	X(TALLY_GROUP_P384, 24, "P-384")                                                                               \
	X(TALLY_GROUP_P521, 25, "P-521")                                                                               \
	X(TALLY_GROUP_X25519, 29, "X25519")                                                                            \
	X(TALLY_GROUP_MLKEM, 0x11ec, "X25519MLKEM768")                                                                 \
	X(TALLY_GROUP_OTHER, 0xffff, "other")

/* Alerts that clients send, by their numbers (RFC 8446 B.2). The first ones are about our certificate. */
#define TALLY_ALERTS(X)                                                                                                \
	X(TALLY_BAD_CERTIFICATE, 42, "bad_certificate")                                                                \
	X(TALLY_UNSUPPORTED_CERTIFICATE, 43, "unsupported_certificate")                                                \
	X(TALLY_CERTIFICATE_REVOKED, 44, "certificate_revoked")                                                        \
	X(TALLY_CERTIFICATE_EXPIRED, 45, "certificate_expired")                                                        \
	X(TALLY_CERTIFICATE_UNKNOWN, 46, "certificate_unknown")                                                        \
	X(TALLY_UNKNOWN_CA, 48, "unknown_ca")                                                                          \
	X(TALLY_HANDSHAKE_FAILURE, 40, "handshake_failure")                                                            \
	X(TALLY_ACCESS_DENIED, 49, "access_denied")                                                                    \
	X(TALLY_DECRYPT_ERROR, 51, "decrypt_error")                                                                    \
	X(TALLY_PROTOCOL_VERSION, 70, "protocol_version")                                                              \
	X(TALLY_USER_CANCELED, 90, "user_canceled")                                                                    \
	X(TALLY_ALERT_OTHER, 255, "other")

/* X(field, metric, help): one row a counter of a site, and of a backend. `metric` is its name in /metrics, NULL where
 * one family is made of several counters; `help` is one line for /metrics, docs/metrics.md and the schema of
 * /api/status.
 */
#define SITE_COUNTERS(X)                                                                                               \
	X(failed, NULL, "TLS handshakes with clients that failed.")                                                    \
	X(timed_out, NULL, "TLS handshakes with clients that took too long.")                                          \
	X(rejected, NULL, "Alerts of clients that are about the certificate.")                                         \
	X(names_not_covered, "chainmend_names_not_covered_total",                                                      \
	  "Handshakes for a name that no certificate of the site covers.")                                             \
	X(nothing_in_common, "chainmend_nothing_in_common_total",                                                      \
	  "Handshakes with clients that offered no TLS version, cipher suite, group, signature or protocol that the "  \
	  "site has.")                                                                                                 \
	X(no_tls, "chainmend_no_tls_total", "Clients that sent something other than TLS, as plain HTTP.")              \
	X(no_certificate, "chainmend_no_certificate_total",                                                            \
	  "Clients that came while the site had no certificate to serve.")                                             \
	X(no_backend, "chainmend_no_backend_total", "Clients that no backend of the site served.")                     \
	X(requests_refused, "chainmend_http_requests_refused_total",                                                   \
	  "Requests that break a rule of HTTP, and got an error.")                                                     \
	X(answers_refused, "chainmend_http_answers_refused_total",                                                     \
	  "Answers of backends that break a rule of HTTP; their clients got a 502.")                                   \
	X(bytes_to_backend, NULL, "Bytes relayed from clients to backends, without TLS around them.")                  \
	X(bytes_to_client, NULL, "Bytes relayed from backends to clients, without TLS around them.")

#define BACKEND_COUNTERS(X)                                                                                            \
	X(connects, "chainmend_backend_connects_total", "Connections begun to a backend.")                             \
	X(failures, "chainmend_backend_failures_total", "Connections to a backend that failed.")

/* X(field, help): what is summed of the handshakes by version and group. */
#define SITE_SUMS(X)                                                                                                   \
	X(handshakes, "TLS handshakes with clients that were completed.")                                              \
	X(resumed, "Those of them that resumed a session.")

enum tally_version {
#define X(id, word) id,
	TALLY_VERSIONS(X)
#undef X
	    NUM_TALLY_VERSIONS
};

enum tally_group {
#define X(id, number, word) id,
	TALLY_GROUPS(X)
#undef X
	    NUM_TALLY_GROUPS
};

enum tally_alert {
#define X(id, number, word) id,
	TALLY_ALERTS(X)
#undef X
	    NUM_TALLY_ALERTS
};

const char *tally_version_name(enum tally_version version);
const char *tally_group_name(enum tally_group group);
enum tally_alert tally_alert_of(uint8_t number); /* TALLY_ALERT_OTHER for what has no row */
const char *tally_alert_name(enum tally_alert alert);
bool tally_alert_is_rejection(enum tally_alert alert); /* the client dislikes the certificate */

/* One backend of the configuration. The times are CLOCK_MONOTONIC's in ms, 0: never. */
struct backend_counts {
#define X(field, ...) _Atomic uint64_t field;
	BACKEND_COUNTERS(X)
#undef X
	_Atomic uint64_t good_ms; /* the last time that it was ready to relay to */
	_Atomic uint64_t failed_ms;
};

/* One worker's counts of one site. */
struct site_counts {
	_Atomic uint64_t done[NUM_TALLY_VERSIONS][NUM_TALLY_GROUPS][2]; /* handshakes; [1]: resumed */
	_Atomic uint64_t handshakes; /* all of the above together */
#define X(field, ...) _Atomic uint64_t field;
	SITE_COUNTERS(X)
#undef X
	_Atomic uint64_t alerts[NUM_TALLY_ALERTS];
	size_t num_backends; /* never changes */
	struct backend_counts backends[];
};

struct site_tally;

/* site_tally_new: `num_backends` is cut to what is counted. NULL when out of memory. */
struct site_tally *site_tally_new(unsigned num_workers, size_t num_backends);

/* site_tally_continue gives a site its tally after a reload: `former` (may be NULL) where it has the same backends;
 * else a new one, whose counts begin at zero and which keeps the last hour. A new reference; NULL when out of
 * memory. */
struct site_tally *site_tally_continue(struct site_tally *former, bool same_backends, unsigned num_workers,
				       size_t num_backends);
struct site_tally *site_tally_ref(struct site_tally *tally);
void site_tally_unref(struct site_tally *tally); /* NULL is fine */

/* site_tally_counts is the part of one worker. */
struct site_counts *site_tally_counts(struct site_tally *tally, unsigned worker);

/* site_tally_history is the control thread's alone. */
struct traffic_history *site_tally_history(struct site_tally *tally);

/* For the worker that owns `counts`. */
void site_counts_handshake(struct site_counts *counts, const SSL *ssl);
void site_counts_alert(struct site_counts *counts, uint8_t alert);
void site_counts_connect(struct site_counts *counts, size_t backend);
void site_counts_backend(struct site_counts *counts, size_t backend, bool good, uint64_t now_ms);

/* All parts together. */
struct backend_sum {
#define X(field, ...) uint64_t field;
	BACKEND_COUNTERS(X)
#undef X
	uint64_t good_ms, failed_ms; /* the latest of any worker */
};

struct site_sum {
	uint64_t done[NUM_TALLY_VERSIONS][NUM_TALLY_GROUPS][2];
	uint64_t alerts[NUM_TALLY_ALERTS];
#define X(field, ...) uint64_t field;
	SITE_SUMS(X)
	SITE_COUNTERS(X)
#undef X
	struct backend_sum backends[SITE_TALLY_MAX_BACKENDS];
	size_t num_backends;
};

void site_tally_sum(const struct site_tally *tally, struct site_sum *out);

/* site_tally_sample is the short form, for the history. */
struct traffic_sample site_tally_sample(const struct site_tally *tally);

#endif
