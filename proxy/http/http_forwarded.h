/* http_forwarded - says who the client is: X-Forwarded-*, and Forwarded (RFC 7239). Pure. */
#ifndef PROXY_HTTP_HTTP_FORWARDED_H
#define PROXY_HTTP_HTTP_FORWARDED_H

#include "proxy/http/http_client.h"
#include "proxy/http/http_pen.h"
#include "proxy/http/http_policy.h"
#include "proxy/http/http_view.h"

/* Of one request; all borrowed. */
struct http_forwarding {
	const struct http_view *view;
	const struct http_policy *policy;
	const struct http_client *client;
	struct bytes host; /* that the request is for */
	unsigned kept; /* a bit for each http_field_kind that a trusted proxy sent, and that counts */
};

/* http_forwarded_appends says whether the field is written anew with the client behind what a trusted proxy sent. */
bool http_forwarded_appends(const struct http_policy *policy, enum http_field_kind kind);

/* http_forwarded_write writes the fields that the policy wants. Of a trusted proxy's, -Proto, -Host and -Port stay as they
 * are: it has seen what the client asked for. */
void http_forwarded_write(const struct http_forwarding *forwarding, struct http_pen *pen);

/* http_forwarded_most_bytes is the most that it writes, beside what the view's own fields have. */
size_t http_forwarded_most_bytes(const struct http_forwarding *forwarding);

#endif
