/* backend_side - what a connection does with its backend: choose an address, connect, TLS where the site wants it,
 * read and write.
 */
#ifndef PROXY_WORKER_BACKEND_SIDE_H
#define PROXY_WORKER_BACKEND_SIDE_H

#include "proxy/worker/connection.h"

/* The actions of the table; each returns the event that it brought about at once, or EVENT_NONE. */
enum connection_event backend_side_connect(struct connection *connection);
enum connection_event backend_side_connect_next(struct connection *connection);
enum connection_event backend_side_start_tls(struct connection *connection);
enum connection_event backend_side_ask_verdict(struct connection *connection);
enum connection_event backend_side_resume_tls(struct connection *connection);
enum connection_event backend_side_start_relay(struct connection *connection);
enum connection_event backend_side_end(struct connection *connection);
void backend_side_close(struct connection *connection);

/* backend_side_look_at_connect finds out whether the connection that was started stands by now, or has failed. */
void backend_side_look_at_connect(struct connection *connection);

/* backend_side_give_verdict is the control thread's answer. */
void backend_side_give_verdict(struct connection *connection, bool trusted, const char *reason);

/* backend_side_read does one read, if it may, and passes on what it gives. */
void backend_side_read(struct connection *connection);
bool backend_side_may_read(struct connection *connection);

/* backend_side_take writes the client's bytes to the backend, or holds them until it is ready. */
void backend_side_take(struct connection *connection, struct bytes bytes);

/* backend_side_take_end does the same with the client's end. */
void backend_side_take_end(struct connection *connection);

/* backend_side_note_timeout keeps in words what the backend did not do in time. */
void backend_side_note_timeout(struct connection *connection);

#endif
