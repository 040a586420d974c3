/* chain_view - prints an audit for a person: both chains as trees, names, stores, and each finding with its advice. */
#ifndef PROXY_COMMANDS_CHECK_CHAIN_VIEW_H
#define PROXY_COMMANDS_CHECK_CHAIN_VIEW_H

#include "chaincache/mend/mend.h"
#include "proxy/cli/output.h"

struct chain_view {
	const struct output *output;
	const struct mend_result *result;
	const char *target; /* what was looked at */
	const char *connection; /* how it was reached; "" for a file */
	bool from_server; /* else from a file */
	bool ignore_trust;
	int64_t now; /* by which it was judged */
};

/* chain_view_print draws all of it. */
void chain_view_print(const struct chain_view *view);

/* chain_view_print_findings draws the findings alone. */
void chain_view_print_findings(const struct chain_view *view);

#endif
