/* run_view - prints `run --check-config`: each site with its listeners, the chain that it would serve, and its backend. */
#ifndef PROXY_COMMANDS_RUN_RUN_VIEW_H
#define PROXY_COMMANDS_RUN_RUN_VIEW_H

#include <stdio.h>

#include "conf/config.h"

/* run_view_check reads all that `take_config` names, opens no socket and writes nothing. Prints on `file` what would be
 * served, and all errors on stderr. Returns the exit status: that of a start, or, with `strict`, STATUS_FAILED where
 * any file is wrong. */
int run_view_check(struct config *take_config, bool strict, FILE *file);

#endif
