/* site_http - how a site handles HTTP, from its configuration. */
#ifndef PROXY_SITES_SITE_HTTP_H
#define PROXY_SITES_SITE_HTTP_H

#include "conf/config.h"
#include "proxy/http/http_policy.h"

/* site_http_policy makes the policy of a site; *out is NULL with protocol = tcp. */
MUST_USE struct error site_http_policy(const struct config_site *config, struct http_policy **out);

#endif
