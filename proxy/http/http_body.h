/* http_body - reads the body of one message, and its trailers; http_chunk writes a chunked one anew. Pure.
 *
 * Content comes out as slices of the input: nothing is copied and nothing is held, but for trailers (bounded).
 */
#ifndef PROXY_HTTP_HTTP_BODY_H
#define PROXY_HTTP_HTTP_BODY_H

#include "chaincache/base/buffer.h"
#include "proxy/http/http_chunk.h"
#include "proxy/http/http_chunk_reader.h"
#include "proxy/http/http_framing.h"
#include "proxy/http/http_policy.h"

struct http_body {
	struct http_framing framing;
	uint64_t left; /* HTTP_BODY_LENGTH: bytes to come */
	struct http_chunk_reader *chunks; /* HTTP_BODY_CHUNKED; owned */
	enum http_rule broken;
};

/* http_body_start: false when out of memory. */
bool http_body_start(struct http_body *body, struct http_framing framing);
void http_body_cleanup(struct http_body *body); /* a zeroed one is fine */

/* http_body_take takes bytes from the front of *input. */
enum http_body_result http_body_take(struct http_body *body, struct bytes *input, struct bytes *out_content);

/* http_body_end says whether the body is whole when its connection ends here. */
bool http_body_end(const struct http_body *body);

/* http_body_trailers appends the trailer fields that may go on, as lines of a head, behind HTTP_BODY_DONE: without those of
 * framing, routing, authentication and hop-by-hop (RFC 9110 6.5.1), and those that `policy` sets or removes (NULL: none). */
MUST_USE struct error http_body_trailers(const struct http_body *body, const struct http_policy *policy,
					 struct buffer *out);

#endif
