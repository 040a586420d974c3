/* bytes - a borrowed view of bytes that somebody else owns. */
#ifndef CHAINCACHE_BASE_BYTES_H
#define CHAINCACHE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data; /* may be NULL when len is 0 */
	size_t len;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){(const uint8_t *)data, len};
}

static inline struct bytes bytes_of_string(const char *text)
{
	return bytes_of(text, strlen(text));
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
