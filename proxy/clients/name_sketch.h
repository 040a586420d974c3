/* name_sketch - which names were asked for most often, in bounded memory whatever is asked for (Space-Saving:
 * Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams", 2005).
 *
 * It holds NAME_SKETCH_MAX names. A new one takes the place of the one with the lowest count and inherits that count
 * as its error. What always holds, after counts that sum up to `total` (errors that came in with them apart):
 *   count - error <= how often the name was asked for <= count
 *   a name that was asked for more than total / NAME_SKETCH_MAX times is there, and so no heavy one hides in noise
 *   until the sketch is full for the first time, every error is 0
 * Pure.
 */
#ifndef PROXY_CLIENTS_NAME_SKETCH_H
#define PROXY_CLIENTS_NAME_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "chaincache/certificate/host_name.h"

#define NAME_SKETCH_MAX 64

struct name_count {
	char name[HOST_NAME_MAX_CHARS + 1];
	uint64_t count;
	uint64_t error; /* by which the count may be too high */
};

struct name_sketch {
	struct name_count *items; /* in no order; grows with use up to NAME_SKETCH_MAX */
	size_t num_items;
	size_t capacity;
	uint64_t total;
};

/* name_sketch_add counts `count` questions for `name` (cut to what fits), `error` of which may have been for others.
 * Returns the name's entry, valid until the next call; NULL when out of memory, and then nothing but `total` has
 * changed. A zeroed sketch is empty. */
const struct name_count *name_sketch_add(struct name_sketch *sketch, const char *name, uint64_t count, uint64_t error);

/* name_sketch_top copies the `max` highest, the highest first, into `out`; returns how many. */
size_t name_sketch_top(const struct name_sketch *sketch, struct name_count *out, size_t max);
void name_sketch_cleanup(struct name_sketch *sketch);

#endif
