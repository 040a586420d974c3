/* fetch_proxy - the HTTP proxy that fetches go through, and the hosts that are asked without it. */
#ifndef PROXY_FETCH_FETCH_PROXY_H
#define PROXY_FETCH_FETCH_PROXY_H

#include <stdbool.h>

#include "chaincache/base/error.h"

#define FETCH_PROXY_MAX_CHARS 2048

struct fetch_proxy {
	char *url; /* owned; "" when there is none */
	char *no_proxy; /* owned; hosts, domains, addresses and blocks, or "*", separated by commas or blanks */
};

/* fetch_proxy_init: `url` is "http://host:port" or "host:port" (1080 without a port, as libcurl has it), NULL or "" for
 * none; `no_proxy` may be NULL. ERROR_FORMAT for another scheme, a path, or no host. */
MUST_USE struct error fetch_proxy_init(struct fetch_proxy *out, const char *url, const char *no_proxy);
void fetch_proxy_cleanup(struct fetch_proxy *proxy);

/* fetch_proxy_applies says whether a URL of `host` (an IPv6 literal with or without brackets) goes through the proxy. */
bool fetch_proxy_applies(const struct fetch_proxy *proxy, const char *host);

/* The environment's proxy for http URLs, for commands that a person runs: http_proxy (in lower case alone, since
 * HTTP_PROXY is what a CGI client sets), else all_proxy or ALL_PROXY; no_proxy or NO_PROXY. NULL when not set. */
const char *fetch_proxy_environment_url(void);
const char *fetch_proxy_environment_no_proxy(void);

#endif
