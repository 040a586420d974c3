/* http_field - what a field is to a proxy, by its name: an ordinary one, or one that it has to take out, to write itself,
 * or to look into. Pure.
 */
#ifndef PROXY_HTTP_HTTP_FIELD_H
#define PROXY_HTTP_HTTP_FIELD_H

#include "chaincache/base/bytes.h"

enum http_field_kind {
	HTTP_FIELD_PLAIN, /* goes on, unless Connection names it */
	HTTP_FIELD_END_TO_END, /* goes on: Connection cannot name it (RFC 9110 7.6.1) */
	HTTP_FIELD_CONNECTION,
	HTTP_FIELD_UPGRADE,
	HTTP_FIELD_HOP, /* of one connection, or of framing: never goes on */
	HTTP_FIELD_PROXY, /* CGI makes HTTP_PROXY of it (CVE-2016-5385) */
	HTTP_FIELD_HOST,
	HTTP_FIELD_LENGTH,
	HTTP_FIELD_EXPECT,
	HTTP_FIELD_ACCEPT,
	HTTP_FIELD_LOGIN, /* Authorization, WWW-Authenticate, and theirs for proxies */
	HTTP_FIELD_X_FORWARDED_FOR,
	HTTP_FIELD_X_FORWARDED_PROTO,
	HTTP_FIELD_X_FORWARDED_HOST,
	HTTP_FIELD_X_FORWARDED_PORT,
	HTTP_FIELD_X_FORWARDED, /* any other X-Forwarded-* */
	HTTP_FIELD_FORWARDED,
	HTTP_FIELD_OURS, /* Client-Cert*, X-SSL-Client-*, and X-Forwarded-* spelt with `_`: from no client */
};

/* http_field_kind looks at the name in any case. */
enum http_field_kind http_field_kind(struct bytes name);

/* http_field_same compares names as backends may, which take `_` for `-`. */
bool http_field_same(struct bytes a, struct bytes b);

/* http_field_bit is the same bit for names that are the same: a filter in front of http_field_same. */
static inline uint64_t http_field_bit(struct bytes name)
{
	if (name.len == 0)
		return 0;
	unsigned first = name.data[0] == '_' ? '-' : name.data[0] | 0x20U;
	return UINT64_C(1) << ((name.len * 5 + first) & 63);
}

#endif
