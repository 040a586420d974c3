#include "bench/load/pattern.h"

#include <string.h>

/* Doubled by the preprocessor: a constant needs no initialisation at run time. */
#define ROW "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
#define TIMES_8(x) x x x x x x x x
#define TIMES_10(x) x x x x x x x x x x

static const char text[] = TIMES_8(TIMES_8(TIMES_10(ROW)));

_Static_assert(sizeof(text) > PATTERN_MAX_CHUNK + PATTERN_PERIOD, "a chunk may start at each letter");

struct bytes pattern_at(uint64_t at, size_t len)
{
	return bytes_of(text + at % PATTERN_PERIOD, len < PATTERN_MAX_CHUNK ? len : PATTERN_MAX_CHUNK);
}

bool pattern_matches(uint64_t at, struct bytes bytes)
{
	while (bytes.len > 0) {
		struct bytes wanted = pattern_at(at, bytes.len);

		if (memcmp(bytes.data, wanted.data, wanted.len) != 0)
			return false;
		at += wanted.len;
		bytes = bytes_of(bytes.data + wanted.len, bytes.len - wanted.len);
	}
	return true;
}
