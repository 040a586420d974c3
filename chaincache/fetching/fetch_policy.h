/* fetch_policy - says whether an address or a host may be fetched from. Pure; asked again with the resolved address at
 * connect time, and for every redirect.
 */
#ifndef CHAINCACHE_FETCHING_FETCH_POLICY_H
#define CHAINCACHE_FETCHING_FETCH_POLICY_H

#include <sys/socket.h>

#include "chaincache/base/error.h"

#define FETCH_MAX_BODY_BYTES ((size_t)64 * 1024)
#define FETCH_MAX_REDIRECTS 2
#define FETCH_CONNECT_TIMEOUT_MS 3000
#define FETCH_TIMEOUT_MS 5000
#define FETCH_PAUSE_FIRST_MS 30000 /* a URL that failed is not asked again for this long ... */
#define FETCH_PAUSE_MAX_MS 3600000 /* ... doubling up to this */
#define FETCH_POLICY_MAX_RULES 100

struct fetch_policy; /* immutable once built; one thread builds it, any may ask */

struct fetch_policy *fetch_policy_new(void); /* public addresses; rules add to them */
void fetch_policy_free(struct fetch_policy *policy);

/* fetch_policy_allow adds one rule: "public" (which is there anyway), "any", a host name, an IP address or a CIDR
 * block. "any" is every address but link-local ones, which only a block or address that lists them allows.
 * ERROR_FORMAT says what is wrong. */
MUST_USE struct error fetch_policy_allow(struct fetch_policy *policy, const char *rule);

/* fetch_policy_address: may a connection for the host `host` (as in the URL) be opened to `address`? */
bool fetch_policy_address(const struct fetch_policy *policy, const char *host, const struct sockaddr *address);

/* fetch_policy_host judges a host by name or literal alone, for fetches through a proxy: literals are judged as
 * addresses, "localhost" and names under it count as loopback, other names pass. */
bool fetch_policy_host(const struct fetch_policy *policy, const char *host);

#endif
