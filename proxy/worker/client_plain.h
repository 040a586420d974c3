/* client_plain - answers plain HTTP on a TLS port, of any site: 400, with the https address in it. */
#ifndef PROXY_WORKER_CLIENT_PLAIN_H
#define PROXY_WORKER_CLIENT_PLAIN_H

#include "proxy/worker/connection.h"

/* client_plain_answer answers a client whose handshake has failed just now because it speaks plain HTTP; `given` is what
 * came last. In place of an alert, which it could not read; where memory is short, the alert stays. */
void client_plain_answer(struct connection *connection, struct bytes given);

#endif
