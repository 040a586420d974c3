/* site_json - one site of /api/status: its state, chains, names, findings, backends and traffic. */
#ifndef PROXY_ADMIN_SITE_JSON_H
#define PROXY_ADMIN_SITE_JSON_H

#include <jansson.h>

#include "proxy/admin/overview.h"
#include "proxy/admin/site_state.h"

#define SITE_JSON_MAX_FINDINGS 200 /* the rest are counted */

/* site_json returns a new reference, NULL when out of memory. */
json_t *site_json(const struct overview *overview, const struct managed_site *site);

#endif
