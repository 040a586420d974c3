#include "proxy/sites/list_owners.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };

void list_owners_cleanup(struct list_owners *owners)
{
	hash_index_cleanup(&owners->index);
	free(owners->items);
	*owners = (struct list_owners){0};
}

static uint32_t hash_list(const struct string_list *list)
{
	uint32_t hash = HASH_INDEX_NO_TEXT;

	for (size_t i = 0; i < list->count; i++)
		hash = hash_index_text(hash, list->items[i]);
	return hash;
}

static bool same_list(const struct string_list *a, const struct string_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

size_t list_owners_find(const struct list_owners *owners, const struct string_list *list)
{
	uint32_t at = hash_index_first(&owners->index, hash_list(list));

	while (at != HASH_INDEX_END && !same_list(owners->items[at].list, list))
		at = hash_index_next(&owners->index, at);
	return at != HASH_INDEX_END ? owners->items[at].site : LIST_OWNERS_NONE;
}

static struct error grow(struct list_owners *owners)
{
	size_t capacity = owners->capacity > 0 ? 2 * owners->capacity : FIRST_CAPACITY;
	struct list_owner *items = realloc(owners->items, capacity * sizeof(*items));
	if (items == NULL)
		return error_of(ERROR_MEMORY, 0, "note who named a list");
	owners->items = items;
	owners->capacity = capacity;
	return error_none();
}

struct error list_owners_add(struct list_owners *owners, const struct string_list *list, size_t site)
{
	struct error error = owners->index.count == owners->capacity ? grow(owners) : error_none();
	if (!failed(error))
		error = hash_index_reserve(&owners->index);
	if (failed(error))
		return error;
	owners->items[owners->index.count] = (struct list_owner){list, site};
	hash_index_add(&owners->index, hash_list(list));
	return error_none();
}
