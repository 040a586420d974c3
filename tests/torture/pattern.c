#include "tests/torture/pattern.h"

#include <stdlib.h>

uint64_t pattern_mix(uint64_t number)
{
	number += UINT64_C(0x9e3779b97f4a7c15);
	number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
	return number ^ (number >> 31);
}

bool pattern_init(struct pattern *pattern, uint64_t seed)
{
	size_t size = PATTERN_PERIOD + PATTERN_MAX_SLICE;

	pattern->bytes = malloc(size);
	if (pattern->bytes == NULL)
		return false;
	for (size_t i = 0; i < PATTERN_PERIOD; i++)
		pattern->bytes[i] = (uint8_t)pattern_mix(seed + i);
	for (size_t i = PATTERN_PERIOD; i < size; i++)
		pattern->bytes[i] = pattern->bytes[i - PATTERN_PERIOD];
	return true;
}

void pattern_cleanup(struct pattern *pattern)
{
	free(pattern->bytes);
	pattern->bytes = NULL;
}

const uint8_t *pattern_at(const struct pattern *pattern, uint64_t key, uint64_t position)
{
	return pattern->bytes + (key % PATTERN_PERIOD + position % PATTERN_PERIOD) % PATTERN_PERIOD;
}
