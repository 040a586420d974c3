/* http_view - a head as a proxy looks at it: its size, its Host, and what Connection says. Pure. */
#ifndef PROXY_HTTP_HTTP_VIEW_H
#define PROXY_HTTP_HTTP_VIEW_H

#include "proxy/http/http_head.h"
#include "proxy/http/http_options.h"

struct http_view {
	const struct http_head *head; /* borrowed */
	size_t num_bytes; /* of all fields as lines */
	size_t host; /* the first Host; num_fields: none */
	size_t num_hosts;
	struct http_options options;
};

/* http_view_of fills *out; of its arrays no more than there is. */
void http_view_of(const struct http_head *head, struct http_view *out);

/* http_view_wants_upgrade says whether Upgrade counts: HTTP/1.1, and Connection names it (RFC 9110 7.8). */
bool http_view_wants_upgrade(const struct http_view *view);

/* http_view_keeps_alive says whether the connection may go on behind the message (RFC 9112 9.3). */
bool http_view_keeps_alive(const struct http_view *view);

#endif
