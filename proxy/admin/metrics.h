/* metrics - everything that is counted, as Prometheus reads it: one table of families, each with who writes it.
 *
 * docs/metrics.md has the same list, and a test holds the two together.
 */
#ifndef PROXY_ADMIN_METRICS_H
#define PROXY_ADMIN_METRICS_H

#include "chaincache/base/buffer.h"
#include "proxy/admin/overview.h"

/* metrics_print appends all families. */
MUST_USE struct error metrics_print(const struct overview *overview, struct buffer *out);

#endif
