/* buffer - bytes that it owns, growing up to a maximum that it is given. */
#ifndef CHAINCACHE_BASE_BUFFER_H
#define CHAINCACHE_BASE_BUFFER_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

/* Holds always: len <= capacity <= max; when capacity > 0, data[len] may be written (room for a terminating NUL). */
struct buffer {
	uint8_t *data;
	size_t len;
	size_t capacity;
	size_t max;
};

void buffer_init(struct buffer *buffer, size_t max_bytes);
void buffer_cleanup(struct buffer *buffer);

/* buffer_reserve makes room for `more` further bytes at once. Errors as buffer_append. */
MUST_USE struct error buffer_reserve(struct buffer *buffer, size_t more);

/* buffer_append copies `bytes` to the end. ERROR_LIMIT above max and ERROR_MEMORY leave the content as it was. */
MUST_USE struct error buffer_append(struct buffer *buffer, struct bytes bytes);

/* buffer_printf appends formatted text. Errors as buffer_append. */
MUST_USE struct error buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* buffer_truncate cuts the content off after its first `len` bytes; a longer `len` changes nothing. The rest is wiped. */
void buffer_truncate(struct buffer *buffer, size_t len);

/* buffer_bytes borrows the content until the next change. */
static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
	return bytes_of(buffer->data, buffer->len);
}

/* buffer_text borrows the content as a NUL-terminated string, "" when empty. */
const char *buffer_text(const struct buffer *buffer);

#endif
