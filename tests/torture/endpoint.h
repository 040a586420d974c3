/* endpoint - one end of a torture's connection, client or backend: plays its part of the plan as its socket and the
 * time allow, and compares every byte. */
#ifndef TESTS_TORTURE_ENDPOINT_H
#define TESTS_TORTURE_ENDPOINT_H

#include "tests/torture/link.h"
#include "tests/torture/pattern.h"
#include "tests/torture/plan.h"

#define ENDPOINT_BANNER "220 first words\r\n"
#define ENDPOINT_BANNER_BYTES (sizeof(ENDPOINT_BANNER) - 1)
#define ENDPOINT_NEVER UINT64_MAX

enum endpoint_state {
	ENDPOINT_CONNECTING,
	ENDPOINT_HELLO,
	ENDPOINT_HANDSHAKE,
	ENDPOINT_OPEN,
	ENDPOINT_AWAITING_END, /* of a connection that can come to nothing */
	ENDPOINT_CLOSED,
};

enum endpoint_outcome {
	ENDPOINT_UNDECIDED,
	ENDPOINT_COMPLETE, /* all bytes both ways, both ends in order */
	ENDPOINT_BROKEN_OFF, /* by itself, as planned */
	ENDPOINT_CUT, /* by the other side, or by the proxy */
	ENDPOINT_WRONG, /* other bytes than the plan's */
};

/* Shared by the endpoints of a run. */
struct endpoint_world {
	struct pattern pattern;
	uint64_t seed;
	uint64_t num_plans;
	SSL_CTX *client_ctx, *refusing_ctx, *server_ctx;
	SSL_SESSION *sessions[2]; /* the newest one of TLS 1.3, of TLS 1.2 */
	const char *name; /* SNI */
	uint64_t bytes_up, bytes_down; /* that were received and compared */
	uint64_t num_resumed;
};

struct endpoint {
	struct endpoint *next, *previous; /* the owner's */
	struct endpoint_world *world;
	struct link link;
	struct plan plan;
	enum plan_route route;
	bool is_client;
	bool knows_plan; /* a backend does so from the header on */
	enum endpoint_state state;
	enum endpoint_outcome outcome;
	uint8_t header[PLAN_HEADER_BYTES];
	size_t banner_at; /* of the banner that were sent or received */
	uint64_t sent, received;
	uint64_t next_send_pause, next_receive_pause; /* at which counts */
	uint64_t may_send_ms, may_receive_ms; /* after a pause */
	bool end_sent, end_seen;
	bool keys_updated;
	bool wants_read, wants_write; /* what it waits for */
	uint64_t wake_ms; /* or until then: ENDPOINT_NEVER */
	uint64_t born_ms, moved_ms; /* the owner's */
	uint32_t events; /* the owner's */
};

/* endpoint_start_client connects; false when that fails at once. */
bool endpoint_start_client(struct endpoint *endpoint, struct endpoint_world *world, uint64_t number, uint16_t port);

/* endpoint_start_backend takes a connection that was accepted for `route`; with TLS it shakes hands from `shake_ms` on. */
bool endpoint_start_backend(struct endpoint *endpoint, struct endpoint_world *world, enum plan_route route,
			    const struct link *take_link, uint64_t shake_ms);

/* endpoint_work goes as far as it can now. ENDPOINT_CLOSED afterwards: `outcome` stands. */
void endpoint_work(struct endpoint *endpoint, uint64_t now_ms);

#endif
