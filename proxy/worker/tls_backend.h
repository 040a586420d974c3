/* tls_backend - TLS as a preamble of the backend's side: shakes hands, and asks the control thread for a verdict over
 * the backend's certificates where none is known. */
#ifndef PROXY_WORKER_TLS_BACKEND_H
#define PROXY_WORKER_TLS_BACKEND_H

#include "proxy/worker/connection.h"

/* Implement struct preamble. */
bool tls_backend_is_wanted(const struct connection *connection);
enum connection_event tls_backend_start(struct connection *connection);
enum connection_event tls_backend_take(struct connection *connection, struct tls_input *input);
enum connection_event tls_backend_resume(struct connection *connection, struct tls_input *out_rest);

/* tls_backend_asked_name returns the name that a backend is asked for (SNI) on behalf of this client, "" for none. It may
 * use `space`, which has to outlive it. */
const char *tls_backend_asked_name(const struct connection *connection, struct host_name *space);

/* tls_backend_ask asks the control thread for a verdict; the connection waits for it from now on. */
enum connection_event tls_backend_ask(struct connection *connection);

/* tls_backend_note_verdict keeps the answer for tls_backend_resume; `reason` in words when not trusted. */
void tls_backend_note_verdict(struct connection *connection, bool trusted, const char *reason);

#endif
