/* readiness - the answer to a balancer that asks whether clients are served: /readyz and /readyz?sites. */
#ifndef PROXY_ADMIN_READINESS_H
#define PROXY_ADMIN_READINESS_H

#include "proxy/admin/overview.h"

#define READINESS_MAX_SITES 100 /* that are named in the answer */
#define READINESS_MAX_BYTES ((size_t)64 * 1024)

/* readiness_print appends the answer, and says in *out_ready whether it is yes: without `sites`, that any site has a
 * certificate to serve; with it, that each has, those that do not being named. */
MUST_USE struct error readiness_print(const struct overview *overview, bool sites, struct buffer *out, bool *out_ready);

#endif
