/* backend_reason - says in words for people why a backend failed. The thread keeps the words of the last failure. */
#ifndef PROXY_WORKER_BACKEND_REASON_H
#define PROXY_WORKER_BACKEND_REASON_H

#include <netinet/in.h>

#include "proxy/worker/connection.h"

#define BACKEND_REASON_MAX_ADDRESS (INET6_ADDRSTRLEN + 8)

/* backend_address_of is the address that the connection uses. */
const struct backend_address *backend_address_of(const struct connection *connection);

/* backend_address_print writes "192.0.2.1:443" or "[2001:db8::1]:443"; returns `out`. */
const char *backend_address_print(const struct backend_address *address, char out[BACKEND_REASON_MAX_ADDRESS]);

/* backend_reason_set says what failed at that address, and why; `why` may be "". */
void backend_reason_set(struct connection *connection, const char *what, const char *why);

/* backend_reason_set_timeout says what the backend did not do in time, in the states that wait for one. */
void backend_reason_set_timeout(struct connection *connection);

/* backend_reason_report counts a client that no backend served, and reports the reason to the control thread. */
void backend_reason_report(struct connection *connection);

#endif
