/* run_view - what `run --check-config` says: each site with where it listens, what it would serve, and its backend. */
#ifndef PROXY_COMMANDS_RUN_RUN_VIEW_H
#define PROXY_COMMANDS_RUN_RUN_VIEW_H

#include <stdio.h>

#include "conf/config.h"

/* run_view_check reads everything that `take_config` names, without a socket and without writing anything, and says on
 * `file` what would be served; what is wrong goes to stderr, all of it. Returns the exit status. */
int run_view_check(struct config *take_config, FILE *file);

#endif
