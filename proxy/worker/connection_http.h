/* connection_http - HTTP on a connection: carries bytes between its two sides and http_connection, and fulfils the
 * wishes of that.
 */
#ifndef PROXY_WORKER_CONNECTION_HTTP_H
#define PROXY_WORKER_CONNECTION_HTTP_H

#include "proxy/worker/connection.h"
#include "proxy/worker/http_state.h"

/* Actions of the table; each returns the event that it brought about, or EVENT_NONE. */
enum connection_event connection_http_start(struct connection *connection);
enum connection_event connection_http_connect(struct connection *connection);
enum connection_event connection_http_open(struct connection *connection);
enum connection_event connection_http_no_backend(struct connection *connection);
enum connection_event connection_http_unknown(struct connection *connection);
enum connection_event connection_http_client_ended(struct connection *connection);
enum connection_event connection_http_backend_ended(struct connection *connection);
enum connection_event connection_http_backend_broken(struct connection *connection);
enum connection_event connection_http_late(struct connection *connection);
enum connection_event connection_http_drain(struct connection *connection);
enum connection_event connection_http_end(struct connection *connection);
enum connection_event connection_http_switch(struct connection *connection);

/* connection_http_take gives it content that came that way. `is_last`: nothing more of the backend has been read. */
enum connection_event connection_http_take(struct connection *connection, enum connection_way way, struct bytes content,
					   bool is_last);

/* connection_http_due_ms returns when the limit of the present state is reached. */
uint64_t connection_http_due_ms(const struct connection *connection);

#endif
