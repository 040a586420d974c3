/* http_framing - how long the body of a message is, and where it ends (RFC 9112 6.3). Pure. */
#ifndef PROXY_HTTP_HTTP_FRAMING_H
#define PROXY_HTTP_HTTP_FRAMING_H

#include "proxy/http/http_fields.h"
#include "proxy/http/http_rule.h"

enum http_body_kind {
	HTTP_BODY_NONE, /* the message ends with its head */
	HTTP_BODY_LENGTH,
	HTTP_BODY_CHUNKED,
	HTTP_BODY_UNTIL_CLOSE, /* an answer that ends with its connection */
};

struct http_framing {
	enum http_body_kind kind;
	uint64_t
	    length; /* HTTP_BODY_LENGTH: in bytes, may be 0. Else what Content-Length declares without a body (HEAD, 304) */
};

/* http_framing_has_content says whether bytes of a body follow the head: a length of 0 is as good as none. */
static inline bool http_framing_has_content(struct http_framing framing)
{
	return framing.kind != HTTP_BODY_NONE && (framing.kind != HTTP_BODY_LENGTH || framing.length > 0);
}

/* http_request_framing returns the rule that is broken: what is ambiguous is refused, never guessed. */
enum http_rule http_request_framing(const struct http_head *head, struct http_framing *out);

/* http_answer_framing: the answer to HEAD has no body, whatever it declares; 1xx, 204 and 304 neither. */
enum http_rule http_answer_framing(const struct http_head *head, bool answers_head, struct http_framing *out);

#endif
