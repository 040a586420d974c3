/* run_view - prints `run --check-config`: each site with its listeners, the chain that it would serve, and its backend. */
#ifndef PROXY_COMMANDS_RUN_RUN_VIEW_H
#define PROXY_COMMANDS_RUN_RUN_VIEW_H

#include <stdio.h>

#include "conf/config.h"

struct run_view_options {
	bool strict; /* STATUS_FAILED where anything is told as an error */
	bool offline; /* no backend is asked */
};

/* run_view_check reads all that `take_config` names, listens nowhere and writes nothing. Prints on `file` what would be
 * served, and all errors on stderr. Returns the exit status, else that of a start. *out_held says that a thread still looks
 * up a name: exit() would wait for it. */
int run_view_check(struct config *take_config, const struct run_view_options *options, FILE *file, bool *out_held);

#endif
