/* pattern - the payload of a bench: the alphabet in small letters, over and over, so that each byte can be checked. */
#ifndef BENCH_LOAD_PATTERN_H
#define BENCH_LOAD_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "chaincache/base/bytes.h"

#define PATTERN_PERIOD 26
#define PATTERN_MAX_CHUNK ((size_t)64 * 1024)

/* pattern_at is `len` bytes (PATTERN_MAX_CHUNK at most) of the pattern from the offset `at` on; static memory. */
struct bytes pattern_at(uint64_t at, size_t len);

/* pattern_matches compares all of `bytes` with the pattern from the offset `at` on. */
bool pattern_matches(uint64_t at, struct bytes bytes);

#endif
