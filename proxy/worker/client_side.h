/* client_side - what a connection does with its client: choose the certificate, shake hands, read and write
 * through TLS. */
#ifndef PROXY_WORKER_CLIENT_SIDE_H
#define PROXY_WORKER_CLIENT_SIDE_H

#include "proxy/worker/connection.h"

/* client_side_start prepares TLS with the listener's first credential. */
MUST_USE struct error client_side_start(struct connection *connection, const struct credential *first);

/* client_side_read does one read, if it may, and passes on what it gives. */
void client_side_read(struct connection *connection);

/* client_side_take writes the backend's bytes to the client. */
void client_side_take(struct connection *connection, struct bytes bytes);

/* client_side_end writes close_notify and, where `fin` is set, FIN behind it. */
void client_side_end(struct connection *connection, bool fin);

bool client_side_may_read(struct connection *connection);

#endif
