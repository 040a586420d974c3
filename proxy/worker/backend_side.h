/* backend_side - the backend's side of a connection: chooses its address, connects, and keeps the client's bytes
 * meanwhile. */
#ifndef PROXY_WORKER_BACKEND_SIDE_H
#define PROXY_WORKER_BACKEND_SIDE_H

#include "proxy/worker/connection.h"

extern const struct preamble backend_side_preambles[];

/* Each returns the event that it brought about, or EVENT_NONE. backend_side_take writes bytes of the client, or keeps
 * them for later; backend_side_fail is for TLS that failed after the preambles, backend_side_break_off for a reset. */
enum connection_event backend_side_take(struct connection *connection, struct bytes bytes);
enum connection_event backend_side_fail(struct connection *connection);
enum connection_event backend_side_break_off(struct connection *connection);

/* Actions of the table. */
enum connection_event backend_side_connect(struct connection *connection);
enum connection_event backend_side_await_addresses(struct connection *connection);
enum connection_event backend_side_connect_next(struct connection *connection);
enum connection_event backend_side_connect_other(struct connection *connection);
enum connection_event backend_side_watch_connect(struct connection *connection);
enum connection_event backend_side_start_relay(struct connection *connection);

/* backend_side_look_at_connect finds out whether the connect that was started has succeeded or failed by now. */
enum connection_event backend_side_look_at_connect(struct connection *connection);

/* backend_side_report_unknown reports that the client has waited in vain for a backend's address. */
void backend_side_report_unknown(struct connection *connection);

/* backend_side_close closes the backend's socket; by a reset where the backend has bytes of the client, and not their
 * end. */
void backend_side_close(struct connection *connection);

#endif
