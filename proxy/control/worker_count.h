/* worker_count - how many worker threads a configuration asks for. */
#ifndef PROXY_CONTROL_WORKER_COUNT_H
#define PROXY_CONTROL_WORKER_COUNT_H

#include "conf/config.h"

/* worker_count_of: `workers = auto` is one a core that this process may use. LISTEN_MAX_WORKERS at the most. */
unsigned worker_count_of(const struct config *config);

#endif
