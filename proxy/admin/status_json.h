/* status_json - the answer of /api/status: the program, its sites with their chains, findings and traffic, the last
 * lines of the fix log. docs/admin.md and docs/status.schema.json fix its members.
 */
#ifndef PROXY_ADMIN_STATUS_JSON_H
#define PROXY_ADMIN_STATUS_JSON_H

#include <jansson.h>

#include "proxy/admin/overview.h"

#define STATUS_MAX_SITES 100 /* in one answer; `next` says where the following one begins */

/* status_json returns a new reference, NULL when out of memory. `from` is the first site, by its place. */
json_t *status_json(const struct overview *overview, size_t from);

#endif
