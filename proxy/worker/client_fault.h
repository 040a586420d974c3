/* client_fault - reports why a client's handshake failed where no alert of the client says so: it speaks something other
 * than TLS, has nothing in common with its site, or breaks the protocol. */
#ifndef PROXY_WORKER_CLIENT_FAULT_H
#define PROXY_WORKER_CLIENT_FAULT_H

#include "proxy/io/resolver.h"
#include "proxy/worker/connection.h"

/* client_fault_report looks at a handshake with a client that has failed just now, over `given`, the bytes that came
 * last. Reports nothing for a client that has only closed, nor for what is reported elsewhere. */
void client_fault_report(struct connection *connection, struct bytes given);

/* client_fault_is_http says of such a handshake whether the client speaks plain HTTP. */
bool client_fault_is_http(const struct connection *connection, struct bytes given);

/* client_fault_report_timeout reports a client that has begun a handshake and did not complete it in time. */
void client_fault_report_timeout(struct connection *connection);

/* client_fault_peer prints the client's address, which costs a system call. */
const char *client_fault_peer(const struct connection *connection, char out[RESOLVER_MAX_TEXT]);

#endif
