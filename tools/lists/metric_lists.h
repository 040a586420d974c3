/* metric_lists - the families of /metrics (proxy/admin/metrics.h) as the table of docs/metrics.md. */
#ifndef TOOLS_LISTS_METRIC_LISTS_H
#define TOOLS_LISTS_METRIC_LISTS_H

#include "chaincache/base/buffer.h"

/* A table in Markdown: each family with its type, its labels and its meaning; appended to `out`. */
MUST_USE struct error metric_lists_table(struct buffer *out);

#endif
