/* metrics - everything that is counted, as Prometheus reads it: one table of families, each with who writes it.
 *
 * docs/metrics.md has the same list, and a test holds the two together.
 */
#ifndef PROXY_GLUE_METRICS_H
#define PROXY_GLUE_METRICS_H

#include "chaincache/base/buffer.h"
#include "proxy/glue/overview.h"

/* metrics_print appends all families. */
MUST_USE struct error metrics_print(const struct overview *overview, struct buffer *out);

#endif
