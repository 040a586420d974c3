/* http_reply - the answer to one GET (RFC 9112), as far as a load tool must know it: status and end.
 *
 * The request said "Connection: close": the end is the connection's, or comes with Content-Length before. Pure; a
 * head above its maximum is wrong.
 */
#ifndef BENCH_LOAD_HTTP_REPLY_H
#define BENCH_LOAD_HTTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "chaincache/base/bytes.h"

#define HTTP_REPLY_MAX_LINE 8192
#define HTTP_REPLY_MAX_HEAD ((size_t)64 * 1024)
#define HTTP_REPLY_KEPT 64 /* of a line: status and Content-Length stand within */
#define HTTP_REPLY_FIRST_FAILURE 400 /* RFC 9110 15: from here on a client or a server erred */

enum http_reply_state {
	HTTP_REPLY_STATUS_LINE,
	HTTP_REPLY_FIELDS,
	HTTP_REPLY_BODY,
	HTTP_REPLY_COMPLETE,
	HTTP_REPLY_WRONG,
};

struct http_reply {
	enum http_reply_state state;
	unsigned status;
	bool has_length;
	uint64_t length; /* Content-Length */
	uint64_t body; /* bytes that came */
	size_t head; /* bytes that came */
	size_t line_len;
	char line[HTTP_REPLY_KEPT + 1]; /* the start of the line that is being read */
};

void http_reply_init(struct http_reply *reply);

/* Each returns the state: HTTP_REPLY_COMPLETE, HTTP_REPLY_WRONG, or one that goes on. */
enum http_reply_state http_reply_take(struct http_reply *reply, struct bytes bytes);
enum http_reply_state http_reply_end(struct http_reply *reply);

#endif
