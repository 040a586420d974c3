/* tls_backend - TLS as a preamble of a tls backend's side, with the verdict over its certificates: shakes hands, and
 * waits for the control thread where it must be asked. */
#ifndef PROXY_WORKER_TLS_BACKEND_H
#define PROXY_WORKER_TLS_BACKEND_H

#include "proxy/worker/connection.h"

/* The functions of struct preamble. */
bool tls_backend_is_wanted(const struct connection *connection);
enum connection_event tls_backend_start(struct connection *connection);
enum connection_event tls_backend_take(struct connection *connection, struct tls_input *input);
enum connection_event tls_backend_resume(struct connection *connection, struct tls_input *out_rest);

/* tls_backend_ask puts a question to the control thread, for whose answer the connection waits from now on. */
enum connection_event tls_backend_ask(struct connection *connection);

/* tls_backend_note_verdict keeps its answer; tls_backend_resume acts on it. `reason` in words when not trusted. */
void tls_backend_note_verdict(struct connection *connection, bool trusted, const char *reason);

#endif
