/* plan - what one connection of a torture does, from its number and the seed alone: so that both ends know it, and a
 * run can be repeated. Pure. */
#ifndef TESTS_TORTURE_PLAN_H
#define TESTS_TORTURE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The stream up begins with it: by it the backend knows which connection this is. */
#define PLAN_HEADER_BYTES 16
#define PLAN_MAX_STREAM_BYTES (UINT64_C(64) * 1024 * 1024)
#define PLAN_MAX_CHUNK_BYTES ((size_t)64 * 1024)

#define PLAN_FATES(X)                                                                                                  \
	X(PLAN_WHOLE, "whole") /* every byte both ways, and both ends in order */                                      \
	X(PLAN_SLOW_HELLO, "slow hello") /* the same after a ClientHello in pieces */                                  \
	X(PLAN_CLIENT_RESETS, "client resets")                                                                         \
	X(PLAN_CLIENT_VANISHES, "client vanishes") /* closes, whatever is unread or unsent */                          \
	X(PLAN_BACKEND_RESETS, "backend resets")                                                                       \
	X(PLAN_BACKEND_VANISHES, "backend vanishes")                                                                   \
	X(PLAN_KNOCKS, "knocks") /* connects, and closes */                                                            \
	X(PLAN_KNOCKS_AND_RESETS, "knocks and resets")                                                                 \
	X(PLAN_HALF_HELLO, "half a hello") /* and closes */                                                            \
	X(PLAN_HALF_HELLO_AND_RESETS, "half a hello and a reset")                                                      \
	X(PLAN_HELLO_AND_RESETS, "hello and a reset")                                                                  \
	X(PLAN_GARBAGE, "garbage") /* in place of a ClientHello */                                                     \
	X(PLAN_REFUSES, "refuses") /* the certificate, by an alert */                                                  \
	X(PLAN_NO_BACKEND, "no backend") /* a backend that breaks off before it has said a word */

#define PLAN_ROUTES(X)                                                                                                 \
	X(ROUTE_TCP, "tcp")                                                                                            \
	X(ROUTE_TLS, "tls")                                                                                            \
	X(ROUTE_BANNER, "banner") /* a tcp backend that speaks first */                                                \
	X(ROUTE_FLAKY_TCP, "flaky tcp")                                                                                \
	X(ROUTE_FLAKY_TLS, "flaky tls")

/* Who waits for whom. */
#define PLAN_ORDERS(X)                                                                                                 \
	X(ORDER_FREE, "free") /* both directions at once, each ends when its bytes are out */                          \
	X(ORDER_REPLY, "reply") /* the backend answers when it has all bytes */                                        \
	X(ORDER_REPLY_TO_END, "reply to the end") /* the backend answers when the client has ended */                  \
	X(ORDER_CLIENT_ENDS_LAST, "client ends last")

#define X(name, text) name,
enum plan_fate { PLAN_FATES(X) NUM_PLAN_FATES };
enum plan_route { PLAN_ROUTES(X) NUM_PLAN_ROUTES };
enum plan_order { PLAN_ORDERS(X) NUM_PLAN_ORDERS };
#undef X

/* How one side moves the bytes of one direction: by so many at a time, and after every so many of them a pause. */
struct plan_pace {
	size_t chunk_bytes;
	uint64_t bytes_a_pause; /* UINT64_MAX: none */
	unsigned pause_ms;
};

struct plan_side {
	struct plan_pace send, receive;
};

struct plan {
	uint64_t number;
	enum plan_fate fate;
	enum plan_route route;
	enum plan_order order;
	uint64_t up_bytes, down_bytes; /* the header is part of up */
	uint64_t up_key, down_key; /* of the patterns */
	struct plan_side client, backend;
	bool tls12, resumes;
	bool has_small_buffers; /* the kernel's, of the client */
	bool client_updates_keys, backend_updates_keys; /* in the midst of it, where it is TLS 1.3 */
	bool ends_without_notify; /* the client's end is a FIN alone */
	/* Resets and vanishings: when the side that does it has sent (or received) so many bytes. */
	bool breaks_by_sent;
	uint64_t breaks_at;
	size_t hello_bytes; /* PLAN_HALF_HELLO: that are sent */
	size_t hello_pieces; /* PLAN_SLOW_HELLO */
};

void plan_make(struct plan *plan, uint64_t seed, uint64_t number);

/* plan_is_whole: every byte must arrive. */
bool plan_is_whole(const struct plan *plan);

/* plan_shakes_hands: the client gets through its handshake, so that the backend hears of it. */
bool plan_shakes_hands(const struct plan *plan);

/* plan_put_header writes PLAN_HEADER_BYTES; plan_read_header is false when they are not one. */
void plan_put_header(const struct plan *plan, uint64_t seed, uint8_t out[PLAN_HEADER_BYTES]);
bool plan_read_header(const uint8_t header[PLAN_HEADER_BYTES], uint64_t seed, uint64_t *out_number);

#define PLAN_MAX_TEXT 512
const char *plan_print(const struct plan *plan, char out[PLAN_MAX_TEXT]);
const char *plan_fate_name(enum plan_fate fate);

#endif
