/* connection - one client from accept to close: its two sides, its site, and its place in the lists of its thread.
 *
 * connection_machine runs it. It is closed at once and freed at the end of the loop's turn.
 */
#ifndef PROXY_WORKER_CONNECTION_H
#define PROXY_WORKER_CONNECTION_H

#include "proxy/shared/backend_tls.h"
#include "proxy/shared/client_handshake.h"
#include "proxy/wire/connection_table.h"
#include "proxy/worker/side.h"
#include "proxy/worker/worker_thread.h"

struct http_state;

/* The two ways that bytes go: from the client to the backend, and back. */
enum connection_way { WAY_UP, WAY_DOWN };

/* Holds always: in worker_thread's `connections` until it is CONNECTION_CLOSED, in `closed` from then on. */
struct connection {
	struct side client;
	struct side backend; /* closed until the client's preambles are done */
	struct client_handshake client_handshake;
	struct backend_handshake backend_handshake;
	struct http_state *http; /* owned; NULL: bytes are relayed as they are */
	struct verdict_key backend_chain; /* of the chain in backend_handshake */
	struct timer timer;
	uint64_t last_active_ms;
	union {
		uint64_t last_down_ms; /* bytes for the client; 0: none yet */
		uint64_t linger_until_ms; /* CONNECTION_LINGERING: the longest, whatever the client still sends */
	};
	struct worker_thread *thread;
	struct snapshot_lease *lease; /* one use */
	const struct snapshot_listener *listener;
	const struct site *site; /* the fallback site until the hello names one */
	struct site_counts *counts; /* this worker's part of what is counted for `site` */
	const struct credential *credential; /* that the client is shown; NULL until its hello is read */
	uint64_t network; /* of the client, as network_set.h has it */
	struct connection *next; /* in `connections` or `closed` */
	struct connection *previous;
	struct connection *next_waiting; /* in `waiting`, while `waits` */
	uint64_t
	    question; /* the last that was asked for a verdict, or the wait for addresses: its answer is for no other attempt */
	uint32_t tried; /* bits of the backend's addresses that were used */
	uint8_t backend_index; /* of the address that is used */
	enum connection_state state : 8; /* changed by connection_machine alone */
	bool relays; /* the backend has bytes of the client, or may have */
	bool waits; /* for the answer to `question`; not beyond the state in which it was asked */
};

_Static_assert(BACKEND_LIST_MAX <= UINT8_MAX, "an address is counted by an uint8_t");

/* connection_new makes a connection of `listener` of `lease`, of which it takes one use. The caller sets up its sides and
 * its timer. NULL: out of memory. */
struct connection *connection_new(struct worker_thread *thread, struct snapshot_lease *lease,
				  const struct snapshot_listener *listener);
void connection_free(struct connection *connection);

/* connection_rules_now returns the rules of its state. */
static inline struct connection_rules connection_rules_now(const struct connection *connection)
{
	return connection_rules_of(connection->state);
}

static inline struct side *connection_from(struct connection *connection, enum connection_way way)
{
	return way == WAY_UP ? &connection->client : &connection->backend;
}

static inline struct side *connection_to(struct connection *connection, enum connection_way way)
{
	return way == WAY_UP ? &connection->backend : &connection->client;
}

/* connection_flow says what its state does with the bytes that come that way. */
static inline enum connection_flow connection_flow(const struct connection *connection, enum connection_way way)
{
	struct connection_rules rules = connection_rules_now(connection);

	return way == WAY_UP ? rules.up : rules.down;
}

bool connection_http_may_read(struct connection *connection, enum connection_way way); /* connection_http.h */

/* connection_may_read says whether the side that such bytes come from is read now. */
static inline bool connection_may_read(struct connection *connection, enum connection_way way)
{
	enum connection_flow flow = connection_flow(connection, way);

	if (!side_may_read(connection_from(connection, way), connection_to(connection, way), flow))
		return false;
	return flow != FLOW_HTTP || connection_http_may_read(connection, way);
}

/* connection_set_site sets the site that serves and counts the connection. */
void connection_set_site(struct connection *connection, const struct site *site);

/* connection_report sends an event about this connection's site to the control thread. */
void connection_report(struct connection *connection, enum worker_event_kind kind, uint8_t alert, const char *text);

/* connection_run_short pauses the listeners after a shortage of memory or descriptors, errno `code`: new clients could
 * not be served either. Returns EVENT_SHORTAGE. */
enum connection_event connection_run_short(struct connection *connection, int code);

/* connection_add puts it among the open ones; connection_retire moves it from there to the closed ones. */
void connection_add(struct connection *connection);
void connection_retire(struct connection *connection);
void connections_free_closed(struct worker_thread *thread);

/* connection_wait numbers a new question. connections_find finds the connection by that number until
 * connection_stop_waiting. */
void connection_wait(struct connection *connection);
void connection_stop_waiting(struct connection *connection); /* to be called while it waits */
struct connection *connections_find(struct worker_thread *thread, uint64_t question); /* NULL: it waits no more */

#endif
