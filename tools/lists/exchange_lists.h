/* exchange_lists - the states of an HTTP exchange (proxy/http/http_exchange_table.h) as docs/architecture.md shows them.
 * Each appends a table in Markdown to `out`. */
#ifndef TOOLS_LISTS_EXCHANGE_LISTS_H
#define TOOLS_LISTS_EXCHANGE_LISTS_H

#include "chaincache/base/buffer.h"

/* Each state, and the time limit that holds in it. */
MUST_USE struct error exchange_lists_states(struct buffer *out);

/* Each step, but for those that break off because the event cannot come, and those that change nothing. */
MUST_USE struct error exchange_lists_steps(struct buffer *out);

#endif
