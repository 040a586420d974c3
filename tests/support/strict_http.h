/* strict_http - reads a whole stream of requests or of answers as RFC 9112's grammar has it, and nothing else: the second
 * opinion on what the product reads. It shares no code with the product, and is slow and plain on purpose. */
#ifndef TESTS_SUPPORT_STRICT_HTTP_H
#define TESTS_SUPPORT_STRICT_HTTP_H

#include "chaincache/base/bytes.h"

#define STRICT_MAX_FIELDS 100
#define STRICT_MAX_EMPTY_LINES 4 /* before a request line */
#define STRICT_MAX_METHOD 64 /* bytes */
#define STRICT_MAX_NAME 255 /* bytes of a host's name, and of a scheme */

struct strict_field {
	struct bytes name, value;
};

struct strict_fields {
	struct strict_field items[STRICT_MAX_FIELDS];
	size_t num;
};

/* Slices of the stream, but for the body. */
struct strict_message {
	struct bytes method, target; /* of a request */
	unsigned status; /* of an answer */
	struct bytes reason;
	unsigned minor_version; /* 0 or 1 */
	struct strict_fields fields;
	struct strict_fields trailers;
	uint8_t *body; /* owned; without chunk lines */
	size_t body_len;
	const uint8_t *end; /* of the message in the stream */
	bool is_chunked;
	bool ends_by_close; /* the body is all that came until the stream's end */
};

enum strict_end {
	STRICT_WHOLE, /* the stream ends where a message ends, or in a body that ends with it */
	STRICT_CUT, /* it ends inside of the message that would follow those in the list */
	STRICT_TUNNEL, /* an answer 101 came: what follows is no HTTP */
	STRICT_BROKEN, /* what follows the messages in the list breaks the grammar */
};

struct strict_http {
	struct strict_message *messages; /* owned */
	size_t num;
	enum strict_end end;
	const char *why; /* STRICT_BROKEN: which part of the grammar; static */
	size_t taken; /* bytes of the messages in the list */
	size_t rest_body_len; /* STRICT_CUT, STRICT_BROKEN: content of the message that is not whole that came before */
};

void strict_http_requests(struct bytes stream, struct strict_http *out);

/* strict_http_answers reads answers to `requests`, in their order: an answer to HEAD has no body. More answers than requests
 * are read as answers to GET. */
void strict_http_answers(struct bytes stream, const struct strict_http *requests, struct strict_http *out);

void strict_http_cleanup(struct strict_http *http);

#endif
