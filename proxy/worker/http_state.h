/* http_state - what a connection of an HTTP site has beyond that of others. connection_http works on it. */
#ifndef PROXY_WORKER_HTTP_STATE_H
#define PROXY_WORKER_HTTP_STATE_H

#include <netinet/in.h>

#include "proxy/http/http_connection.h"
#include "proxy/wire/connection_table.h"

struct http_state {
	struct http_connection exchanges;
	uint64_t since_ms; /* the present state of the exchange */
	uint32_t num_changes; /* of the exchange's state, that since_ms belongs to */
	enum connection_event failure; /* of a write within the present call; EVENT_NONE: none */
	uint64_t backend_since_ms; /* when the backend's connection was begun */
	bool backend_dropped; /* within the present call */
	bool backend_was_shared; /* it has served another client before */
	bool wants_fresh_backend; /* the next connection to one must not have */
	char address[INET6_ADDRSTRLEN]; /* of the client; "" where it has none */
};

struct http_state *http_state_new(void); /* zeroed; NULL when out of memory */
void http_state_free(struct http_state *state); /* NULL is fine */

#endif
