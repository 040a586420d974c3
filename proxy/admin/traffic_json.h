/* traffic_json - what clients did in the last hour, minute by minute, as JSON.
 *
 * {minutes: how many, handshakes, rejected, failed: a list each, the oldest minute first, the running one last}.
 */
#ifndef PROXY_ADMIN_TRAFFIC_JSON_H
#define PROXY_ADMIN_TRAFFIC_JSON_H

#include <jansson.h>

#include "proxy/sites/site_set.h"

/* A new reference each, NULL when out of memory. */
json_t *traffic_json(struct site_tally *tally);
json_t *traffic_json_all(const struct site_set *sites); /* of all sites together */

#endif
