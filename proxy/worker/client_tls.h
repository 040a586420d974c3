/* client_tls - TLS as a preamble of the client's side: chooses the certificate, and shakes hands. Implements struct
 * preamble. */
#ifndef PROXY_WORKER_CLIENT_TLS_H
#define PROXY_WORKER_CLIENT_TLS_H

#include "proxy/worker/connection.h"

/* client_tls_start begins with the listener's first credential, of which there is one. */
enum connection_event client_tls_start(struct connection *connection);
enum connection_event client_tls_take(struct connection *connection, struct tls_input *input);

#endif
