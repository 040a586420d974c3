/* connection_guards - what the guards of proxy/wire/connection_table look at. */
#ifndef PROXY_WORKER_CONNECTION_GUARDS_H
#define PROXY_WORKER_CONNECTION_GUARDS_H

#include "proxy/worker/connection.h"

/* Each says whether its guard holds now; there is none for GUARD_NONE, which always does. */
extern bool (*const connection_guards[NUM_CONNECTION_GUARDS])(struct connection *connection);

#endif
