/* connection - one client, from accept to close: executes proxy/wire/connection_table.h with two sockets.
 *
 * An event of a socket comes in, bytes go through, what happened is fired at the table, and its action follows.
 * client_side and backend_side do what concerns one of the two; the connection is what they have in common. It is
 * closed at once and freed at the end of the loop's turn.
 */
#ifndef PROXY_WORKER_CONNECTION_H
#define PROXY_WORKER_CONNECTION_H

#include "proxy/io/stream.h"
#include "proxy/shared/backend_tls.h"
#include "proxy/shared/client_handshake.h"
#include "proxy/wire/connection_table.h"
#include "proxy/wire/relay.h"
#include "proxy/worker/worker_thread.h"

#define CONNECTION_QUIET_MS 1000 /* after so long TCP starts slowly again, and so do the records */
#define CONNECTION_LINGER_MS 3000 /* for a client to read why it was given up, and to close */

/* Holds always: in worker_thread's `connections` until it is CONNECTION_CLOSED, in `closed` from then on. */
struct connection {
	struct stream client;
	struct stream backend; /* closed until the client's handshake is done */
	struct tls_pump client_tls;
	struct tls_pump backend_tls; /* in use for tls backends alone */
	struct relay up; /* client to backend */
	struct relay down;
	struct client_handshake client_handshake;
	struct backend_handshake backend_handshake;
	struct verdict_key backend_chain; /* that backend_handshake is about */
	struct timer timer;
	uint64_t last_active_ms;
	uint64_t last_down_ms; /* bytes for the client; 0: none yet */
	struct worker_thread *thread;
	struct snapshot_lease *lease; /* one use */
	const struct snapshot_listener *listener;
	const struct site *site; /* the fallback site until the hello names one */
	struct site_counts *counts; /* this worker's part of what is counted for `site` */
	const struct credential *credential; /* that the client is shown; NULL until its hello is read */
	uint64_t network; /* of the client, as network_set.h has it */
	struct connection *next; /* in `connections` or `closed` */
	struct connection *previous;
	struct connection *next_waiting; /* in `waiting`, while state is CONNECTION_VERDICT */
	uint64_t question; /* the last that was asked for a verdict: its answer is for no other attempt */
	size_t backend_index; /* of the address that is used */
	uint32_t tried; /* bits of the addresses that were used */
	enum connection_state state; /* changed by connection_fire alone */
	bool backend_is_tls;
	bool relays; /* from CONNECTION_RELAYING on: the backend has bytes of the client */
	bool heard; /* the client has sent something */
};

/* connection_open takes an accepted socket with the place that was taken for it, and its client's network. */
void connection_open(struct worker_thread *thread, const struct snapshot_listener *listener, int take_fd,
		     uint64_t network);

/* connection_fire does what the table says to `event`. The connection may be CONNECTION_CLOSED afterwards. */
void connection_fire(struct connection *connection, enum connection_event event);

/* connection_set_site has the connection served, and counted, by `site`. */
void connection_set_site(struct connection *connection, const struct site *site);

/* connection_report tells the control thread of something about this connection's site. */
void connection_report(struct connection *connection, enum worker_event_kind kind, uint8_t alert, const char *text);

/* connection_takes_up, _down: bytes of the client (the backend) are still passed on. */
bool connection_takes_up(const struct connection *connection);
bool connection_takes_down(const struct connection *connection);

void connections_give_verdict(struct worker_thread *thread, uint64_t question, bool trusted, const char *reason);
void connections_cut_all(struct worker_thread *thread);
void connections_free_closed(struct worker_thread *thread);

#endif
