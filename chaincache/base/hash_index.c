#include "chaincache/base/hash_index.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 16, FNV_PRIME = 16777619 };

void hash_index_cleanup(struct hash_index *index)
{
	free(index->items);
	free(index->buckets);
	*index = (struct hash_index){0};
}

/* Appends to the end of the bucket, so that a walk keeps the order of adding. */
static void link_item(struct hash_index *index, uint32_t position)
{
	struct hash_index_item *item = &index->items[position];
	struct hash_index_bucket *bucket = &index->buckets[item->hash & (index->capacity - 1)];

	item->next = HASH_INDEX_END;
	if (bucket->first == HASH_INDEX_END)
		bucket->first = position;
	else
		index->items[bucket->last].next = position;
	bucket->last = position;
}

struct error hash_index_reserve(struct hash_index *index)
{
	if (index->count < index->capacity)
		return error_none();
	if (index->count >= HASH_INDEX_MAX_ITEMS)
		return error_of(ERROR_LIMIT, 0, "more certificates than an index holds");

	uint32_t capacity = index->capacity > 0 ? index->capacity * 2 : FIRST_CAPACITY;
	struct hash_index_item *items = realloc(index->items, capacity * sizeof(*items));
	if (items == NULL)
		return error_of(ERROR_MEMORY, 0, "grow an index");
	index->items = items;
	struct hash_index_bucket *buckets = malloc(capacity * sizeof(*buckets));
	if (buckets == NULL)
		return error_of(ERROR_MEMORY, 0, "grow an index");
	free(index->buckets);
	index->buckets = buckets;
	index->capacity = capacity;

	for (uint32_t i = 0; i < capacity; i++)
		buckets[i] = (struct hash_index_bucket){HASH_INDEX_END, HASH_INDEX_END};
	for (uint32_t i = 0; i < index->count; i++)
		link_item(index, i);
	return error_none();
}

void hash_index_add(struct hash_index *index, uint32_t hash)
{
	index->items[index->count].hash = hash;
	link_item(index, index->count);
	index->count++;
}

static uint32_t skip_others(const struct hash_index *index, uint32_t position, uint32_t hash)
{
	while (position != HASH_INDEX_END && index->items[position].hash != hash)
		position = index->items[position].next;
	return position;
}

uint32_t hash_index_first(const struct hash_index *index, uint32_t hash)
{
	if (index->count == 0)
		return HASH_INDEX_END;
	return skip_others(index, index->buckets[hash & (index->capacity - 1)].first, hash);
}

uint32_t hash_index_next(const struct hash_index *index, uint32_t position)
{
	return skip_others(index, index->items[position].next, index->items[position].hash);
}

/* The end counts too, so that "ab", "c" and "a", "bc" are two. */
uint32_t hash_index_text(uint32_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
	return hash * FNV_PRIME;
}
