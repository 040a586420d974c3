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

enum address_class {
	ADDRESS_PUBLIC,
	ADDRESS_LOOPBACK,
	ADDRESS_PRIVATE, /* RFC 1918, RFC 4193, RFC 6598 */
	ADDRESS_LINK_LOCAL,
	ADDRESS_MULTICAST,
	ADDRESS_RESERVED, /* this network, documentation, benchmarking, future use, unspecified, not IP at all ... */
};

const char *address_class_name(enum address_class address_class); /* "loopback", "private", ... */

/* address_classify judges by the IANA special-purpose registries (RFC 6890); an IPv4 address inside an IPv6 one
 * (mapped, compatible, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, 6to4, Teredo) is judged as the IPv4 address too, the
 * worse counts. */
enum address_class address_classify(const struct sockaddr *address);

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
