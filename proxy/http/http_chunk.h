/* http_chunk - writes chunks (RFC 9112 7.1): the line before the content; the content itself is not copied. Pure. */
#ifndef PROXY_HTTP_HTTP_CHUNK_H
#define PROXY_HTTP_HTTP_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_CHUNK_LINE_BYTES 20
#define HTTP_CHUNK_CLOSE "\r\n" /* behind the content */
#define HTTP_CHUNK_LAST "0\r\n" /* the trailers and an empty line follow */

/* http_chunk_open writes the line before a chunk of `len` > 0 bytes of content: its length. Returns the line's length. */
size_t http_chunk_open(uint64_t len, char out[HTTP_CHUNK_LINE_BYTES]);

#endif
