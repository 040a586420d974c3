/* http_policy - how a site handles HTTP: what it limits, sets and removes. Immutable, and shared by threads.
 *
 * Made from the configuration by proxy/sites (site_http_policy), so that this room knows no configuration.
 */
#ifndef PROXY_HTTP_HTTP_POLICY_H
#define PROXY_HTTP_HTTP_POLICY_H

#include "chaincache/base/buffer.h"
#include "proxy/http/http_field.h"

#define HTTP_MAX_POLICY_BYTES ((size_t)64 * 1024) /* of all fields that a site sets */

enum http_forwarded { HTTP_FORWARDED_OFF, HTTP_FORWARDED_X, HTTP_FORWARDED_RFC7239, HTTP_FORWARDED_BOTH };

/* A field to set or to remove; text that the policy's owner keeps alive. */
struct http_named_value {
	struct bytes name;
	struct bytes value;
};

struct http_policy {
	size_t max_head_bytes;
	uint64_t max_body_bytes; /* 0: no limit */
	uint32_t head_timeout_ms;
	uint32_t body_timeout_ms;
	uint32_t response_timeout_ms;
	uint32_t keepalive_timeout_ms;
	uint32_t idle_timeout_ms;
	bool upgrade; /* on: a tunnel after 101 */
	bool shares_backends; /* backend_reuse = shared */
	enum http_forwarded forwarded;
	struct bytes backend_host; /* empty: the Host that came */
	const struct http_named_value *set;
	size_t num_set;
	const struct bytes *remove;
	size_t num_remove;

	/* Made of the above by http_policy_new; zero in one that sets and removes nothing. */
	struct buffer lines; /* what `set` says, as lines of a head */
	uint64_t own_bits; /* http_field_bit of each name in `set` and `remove` */
	unsigned
	    own_kinds; /* a bit for each http_field_kind that is in `set` or `remove`: `forwarded` leaves it alone */
};

/* http_policy_new copies the settings and all that they point to. ERROR_LIMIT where it sets too much. */
MUST_USE struct error http_policy_new(const struct http_policy *settings, struct http_policy **out);
void http_policy_free(struct http_policy *policy); /* NULL is fine */

/* http_policy_has says whether `set` or `remove` has the name, so that the client's own does not go on. `_` is `-` there. */
bool http_policy_has(const struct http_policy *policy, struct bytes name);

/* http_policy_owns is the same, and costs nothing where a site sets and removes nothing. */
static inline bool http_policy_owns(const struct http_policy *policy, struct bytes name)
{
	return policy->own_bits != 0 && http_policy_has(policy, name);
}

#endif
