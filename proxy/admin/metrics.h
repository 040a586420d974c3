/* metrics - all counts in Prometheus' text format: one table of families, each with its writer.
 *
 * The counters of counters.h and site_tally.h become rows of it. docs/metrics.md is made from it (tools/lists).
 */
#ifndef PROXY_ADMIN_METRICS_H
#define PROXY_ADMIN_METRICS_H

#include "chaincache/base/buffer.h"
#include "proxy/admin/metric_text.h"
#include "proxy/admin/overview.h"

/* metrics_family returns family `index`, in the order of /metrics; NULL after the last one. */
const struct metric_family *metrics_family(size_t index);

/* metrics_print appends all families. */
MUST_USE struct error metrics_print(const struct overview *overview, struct buffer *out);

#endif
