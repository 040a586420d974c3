/* http_page - the answers that chainmend itself gives: a few lines of text, or JSON where Accept asks for it. Pure. */
#ifndef PROXY_HTTP_HTTP_PAGE_H
#define PROXY_HTTP_HTTP_PAGE_H

#include "chaincache/base/buffer.h"
#include "proxy/http/http_request.h"

/* What the answer is about. */
struct http_page {
	uint16_t status; /* 400 to 505, with its reason phrase */
	const char *text; /* of http_rule_row, which "The request" begins; NULL: what the status has to say */
	const char *rule; /* its name; NULL: none */
	bool json;
	bool head_only; /* the answer to HEAD */
	bool keeps_alive; /* else Connection: close */
	unsigned retry_after_s; /* 0: nothing is said */
};

/* http_page_write appends the whole answer. */
MUST_USE struct error http_page_write(const struct http_page *page, struct buffer *out);

#define HTTP_PLAIN_MAX_HOST 253 /* characters */

/* http_plain_host finds the host in the first bytes of a plain HTTP request on a TLS port, which may be cut off anywhere:
 * in lower case, without its port, and without the brackets of an IPv6 address. False where there is none that is good. */
bool http_plain_host(struct bytes first, char out[HTTP_PLAIN_MAX_HOST + 1]);

/* http_plain_page appends the answer to these bytes: 400, and the address by https. `host`: as http_plain_host found it, of
 * a site of that port; NULL: none of them, and nothing of the bytes is in the answer. */
MUST_USE struct error http_plain_page(struct bytes first, const char *host, uint16_t port, struct buffer *out);

#endif
