/* connection_guards - evaluates the guards of proxy/wire/connection_table. */
#ifndef PROXY_WORKER_CONNECTION_GUARDS_H
#define PROXY_WORKER_CONNECTION_GUARDS_H

#include "proxy/worker/connection.h"

/* Each says whether its guard holds now. The one of GUARD_NONE, which always holds, is NULL. */
extern bool (*const connection_guards[NUM_CONNECTION_GUARDS])(struct connection *connection);

#endif
