/* Whatever the answer, and however it is cut in pieces: the same verdict. */
#include <stdlib.h>

#include "bench/load/http_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum http_reply_state judge(const uint8_t *data, size_t size, size_t piece, struct http_reply *reply)
{
	http_reply_init(reply);
	for (size_t at = 0; at < size && reply->state != HTTP_REPLY_WRONG; at += piece)
		http_reply_take(reply, bytes_of(data + at, size - at < piece ? size - at : piece));
	return reply->state == HTTP_REPLY_WRONG ? HTTP_REPLY_WRONG : http_reply_end(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply whole, pieces;
	enum http_reply_state one = judge(data, size, size + 1, &whole);
	enum http_reply_state other = judge(data, size, 1, &pieces);

	if (one != other)
		abort();
	if (one != HTTP_REPLY_COMPLETE && one != HTTP_REPLY_WRONG)
		abort();
	if (one == HTTP_REPLY_COMPLETE && (whole.status < 200 || whole.status >= HTTP_REPLY_FIRST_FAILURE))
		abort();
	if (whole.line_len > HTTP_REPLY_MAX_LINE + 1 || whole.head > HTTP_REPLY_MAX_HEAD + 1)
		abort();
	return 0;
}
