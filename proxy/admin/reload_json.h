/* reload_json - the parts of /api/status about reloads, and about sites whose files are wrong. */
#ifndef PROXY_ADMIN_RELOAD_JSON_H
#define PROXY_ADMIN_RELOAD_JSON_H

#include <jansson.h>

#include "proxy/admin/overview.h"

#define RELOAD_JSON_MAX_SITES 20 /* whose files are wrong, that are shown with the reason */

json_t *reload_json(const struct reload_tally *tally); /* NULL when out of memory */
json_t *wrong_files_json(const struct site_set *sites); /* the same */

#endif
