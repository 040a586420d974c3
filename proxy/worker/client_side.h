/* client_side - the client's side of a connection: its preambles, and the bytes that go out to it. */
#ifndef PROXY_WORKER_CLIENT_SIDE_H
#define PROXY_WORKER_CLIENT_SIDE_H

#include "proxy/worker/connection.h"

#define CONNECTION_QUIET_MS 1000 /* after so long TCP starts slowly again, and so do the records */

extern const struct preamble client_side_preambles[];

/* Each returns the event that it brought about, or EVENT_NONE. client_side_take writes bytes of the backend;
 * client_side_fail is for TLS that failed after the preambles. */
enum connection_event client_side_take(struct connection *connection, struct bytes bytes);
enum connection_event client_side_fail(struct connection *connection);

/* client_side_refuse sends a fatal alert and a FIN, so that the client does not take what it has for the whole of an
 * answer. One that has said nothing gets the FIN alone: TLS has not begun. False when no alert can be written: then a
 * reset is due. */
bool client_side_refuse(struct connection *connection);

/* client_side_acknowledge is called once the preambles are done and what came with them is passed on. */
void client_side_acknowledge(struct connection *connection);

#endif
