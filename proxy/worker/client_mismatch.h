/* client_mismatch - counts and reports clients whose hello has nothing in common with their site. */
#ifndef PROXY_WORKER_CLIENT_MISMATCH_H
#define PROXY_WORKER_CLIENT_MISMATCH_H

#include "proxy/worker/connection.h"

/* client_mismatch_report looks at a handshake with a client that has failed just now; nothing for any other reason. */
void client_mismatch_report(struct connection *connection);

#endif
