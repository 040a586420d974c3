/* hash_index - finds the positions of an array's items by a 32-bit hash, in the order in which they were added.
 *
 * Items are numbered 0, 1, 2 ... as they are added. Equal hashes are kept apart from unequal ones; whether two items
 * with equal hashes are really the same is for the caller to compare. Zero-initialised is a valid empty index.
 */
#ifndef CHAINCACHE_BASE_HASH_INDEX_H
#define CHAINCACHE_BASE_HASH_INDEX_H

#include <stdint.h>

#include "chaincache/base/error.h"

#define HASH_INDEX_END UINT32_MAX
#define HASH_INDEX_MAX_ITEMS 0x10000000U
#define HASH_INDEX_NO_TEXT 0x811c9dc5U /* the hash of nothing */

struct hash_index_item {
	uint32_t hash;
	uint32_t next; /* of the same bucket, later than this one; HASH_INDEX_END at its end */
};

struct hash_index_bucket {
	uint32_t first;
	uint32_t last;
};

/* Holds always: capacity is a power of two or 0, there are as many buckets, count <= capacity. */
struct hash_index {
	struct hash_index_item *items;
	struct hash_index_bucket *buckets;
	uint32_t count;
	uint32_t capacity;
};

void hash_index_cleanup(struct hash_index *index);

/* hash_index_reserve makes room for one more item, so that the next hash_index_add cannot fail. */
MUST_USE struct error hash_index_reserve(struct hash_index *index);

/* hash_index_add gives the next position to an item with this hash; room has been reserved. */
void hash_index_add(struct hash_index *index, uint32_t hash);

/* hash_index_first and hash_index_next walk the positions with this hash; HASH_INDEX_END at the end. */
uint32_t hash_index_first(const struct hash_index *index, uint32_t hash);
uint32_t hash_index_next(const struct hash_index *index, uint32_t position);

/* hash_index_text adds a text to a hash (FNV-1a): HASH_INDEX_NO_TEXT, or an earlier result. For texts of the
 * configuration alone: a stranger could choose texts that collide. */
uint32_t hash_index_text(uint32_t hash, const char *text);

#endif
