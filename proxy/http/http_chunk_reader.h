/* http_chunk_reader - reads a chunked body by llhttp and by a guard of our own, in step: both must accept it. Pure.
 *
 * RFC 9112 7.1. Chunk extensions are read and dropped; what is held is a line's state and the trailers.
 */
#ifndef PROXY_HTTP_HTTP_CHUNK_READER_H
#define PROXY_HTTP_HTTP_CHUNK_READER_H

#include "chaincache/base/bytes.h"
#include "proxy/http/http_rule.h"

#define HTTP_MAX_CHUNK_LINE_BYTES 4096 /* size and extensions of one chunk */
#define HTTP_MAX_TRAILER_BYTES ((size_t)8 * 1024)

/* Chunk lines may be longer than their content, by this much in a body, not counting 16 bytes and twice the content of
 * each chunk: one byte a chunk is fine, extensions in place of content are not (CVE-2023-39326). */
#define HTTP_MAX_CHUNK_EXCESS_BYTES ((uint64_t)16 * 1024)

enum http_body_result {
	HTTP_BODY_CONTENT, /* *out_content is a piece; call again */
	HTTP_BODY_MORE, /* all input is taken, more is wanted */
	HTTP_BODY_DONE, /* the body is whole; the rest of the input belongs to the next message */
	HTTP_BODY_BROKEN, /* see `broken`; nothing of the piece that broke it came out */
	HTTP_BODY_OUT_OF_MEMORY, /* what is left of the input is not taken */
};

struct http_chunk_reader *http_chunk_reader_new(void); /* NULL when out of memory */
void http_chunk_reader_free(struct http_chunk_reader *reader); /* NULL is fine */

/* http_chunk_reader_take: as http_body_take; HTTP_BODY_BROKEN sets *out_rule. */
enum http_body_result http_chunk_reader_take(struct http_chunk_reader *reader, struct bytes *input,
					     struct bytes *out_content, enum http_rule *out_rule);

bool http_chunk_reader_is_whole(const struct http_chunk_reader *reader);

/* http_chunk_reader_trailers borrows the lines of all trailers that came, each judged. */
struct bytes http_chunk_reader_trailers(const struct http_chunk_reader *reader);

#endif
