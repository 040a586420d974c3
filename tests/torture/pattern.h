/* pattern - the bytes that a torture's streams carry: any position of any stream is known without keeping it, so that
 * both ends can compare every byte. */
#ifndef TESTS_TORTURE_PATTERN_H
#define TESTS_TORTURE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A prime: no buffer of the way is a multiple of it, so that a piece that is lost, doubled or swapped shows. */
#define PATTERN_PERIOD 1000003
#define PATTERN_MAX_SLICE ((size_t)64 * 1024)

struct pattern {
	uint8_t *bytes; /* one period, and a slice of the next */
};

bool pattern_init(struct pattern *pattern, uint64_t seed); /* false when out of memory */
void pattern_cleanup(struct pattern *pattern);

/* pattern_at is what stream `key` has from `position` on: PATTERN_MAX_SLICE bytes can be read. */
const uint8_t *pattern_at(const struct pattern *pattern, uint64_t key, uint64_t position);

/* pattern_mix turns a counter into 64 bits of noise (splitmix64). */
uint64_t pattern_mix(uint64_t number);

#endif
