/* http_pen - writes a head into room that was reserved for all of it beforehand. */
#ifndef PROXY_HTTP_HTTP_PEN_H
#define PROXY_HTTP_HTTP_PEN_H

#include "chaincache/base/buffer.h"
#include "proxy/http/http_head.h"

#define HTTP_PEN_MAX_NUMBER 20 /* digits */

struct http_pen {
	uint8_t *at;
};

/* http_pen_open reserves `most` bytes in `out`; http_pen_close ends with what was written. Whoever writes keeps below. */
MUST_USE static inline struct error http_pen_open(struct http_pen *pen, struct buffer *out, size_t most)
{
	struct error error = buffer_reserve(out, most);
	pen->at = failed(error) ? NULL : out->data + out->len;
	return error;
}

static inline void http_pen_close(const struct http_pen *pen, struct buffer *out)
{
	out->len = (size_t)(pen->at - out->data);
	out->data[out->len] = '\0';
}

static inline void http_pen_bytes(struct http_pen *pen, struct bytes bytes)
{
	if (bytes.len > 0)
		memcpy(pen->at, bytes.data, bytes.len);
	pen->at += bytes.len;
}

/* Of a literal, whose length the compiler knows. */
static inline void http_pen_text(struct http_pen *pen, const char *text)
{
	size_t len = strlen(text);
	memcpy(pen->at, text, len);
	pen->at += len;
}

static inline void http_pen_field(struct http_pen *pen, struct bytes name, struct bytes value)
{
	http_pen_bytes(pen, name);
	http_pen_text(pen, ": ");
	http_pen_bytes(pen, value);
	http_pen_text(pen, "\r\n");
}

/* http_pen_number writes it in decimal. */
static inline void http_pen_number(struct http_pen *pen, uint64_t number)
{
	uint8_t digits[HTTP_PEN_MAX_NUMBER];
	size_t at = sizeof(digits);

	do
		digits[--at] = (uint8_t)('0' + number % 10);
	while ((number /= 10) > 0);
	http_pen_bytes(pen, bytes_of(digits + at, sizeof(digits) - at));
}

#endif
