/* connection_lists - the life of a connection (proxy/wire/connection_table.h) as docs/architecture.md shows it. Each
 * appends to `out`. */
#ifndef TOOLS_LISTS_CONNECTION_LISTS_H
#define TOOLS_LISTS_CONNECTION_LISTS_H

#include "chaincache/base/buffer.h"

/* A table in Markdown: the rules of each state. */
MUST_USE struct error connection_lists_states(struct buffer *out);

/* A table in Markdown: each step, but for impossible ones and those that change nothing. */
MUST_USE struct error connection_lists_steps(struct buffer *out);

/* A Mermaid diagram: one arrow from state to state, with the events that lead along it. */
MUST_USE struct error connection_lists_diagram(struct buffer *out);

#endif
