#include "proxy/clients/name_sketch.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4 };

static void copy_name(char out[HOST_NAME_MAX_CHARS + 1], const char *name)
{
	size_t len = strnlen(name, HOST_NAME_MAX_CHARS);

	memcpy(out, name, len);
	out[len] = '\0';
}

static struct name_count *find(const struct name_sketch *sketch, const char *name)
{
	for (size_t i = 0; i < sketch->num_items; i++) {
		if (strncmp(sketch->items[i].name, name, HOST_NAME_MAX_CHARS) == 0)
			return &sketch->items[i];
	}
	return NULL;
}

static struct name_count *lowest(const struct name_sketch *sketch)
{
	struct name_count *low = &sketch->items[0];

	for (size_t i = 1; i < sketch->num_items; i++) {
		if (sketch->items[i].count < low->count)
			low = &sketch->items[i];
	}
	return low;
}

static bool grow(struct name_sketch *sketch)
{
	size_t capacity = sketch->capacity > 0 ? 2 * sketch->capacity : FIRST_CAPACITY;
	struct name_count *items = realloc(sketch->items, capacity * sizeof(*items));

	if (items == NULL)
		return false;
	sketch->items = items;
	sketch->capacity = capacity;
	return true;
}

/* Returns the place of a new name: a free one, else that of the lowest, whose count stays as the newcomer's error. */
static struct name_count *make_place(struct name_sketch *sketch)
{
	if (sketch->num_items == NAME_SKETCH_MAX) {
		struct name_count *low = lowest(sketch);
		low->error = low->count;
		return low;
	}
	if (sketch->num_items == sketch->capacity && !grow(sketch))
		return NULL;
	struct name_count *item = &sketch->items[sketch->num_items++];
	*item = (struct name_count){0};
	return item;
}

const struct name_count *name_sketch_add(struct name_sketch *sketch, const char *name, uint64_t count, uint64_t error)
{
	struct name_count *item = find(sketch, name);

	sketch->total += count;
	if (item == NULL) {
		item = make_place(sketch);
		if (item == NULL)
			return NULL;
		copy_name(item->name, name);
	}
	item->count += count;
	item->error += error;
	return item;
}

static int compare_counts(const void *a, const void *b)
{
	const struct name_count *left = a;
	const struct name_count *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return strcmp(left->name, right->name);
}

size_t name_sketch_top(const struct name_sketch *sketch, struct name_count *out, size_t max)
{
	struct name_count sorted[NAME_SKETCH_MAX];
	size_t count = sketch->num_items < max ? sketch->num_items : max;

	if (count == 0)
		return 0;
	memcpy(sorted, sketch->items, sketch->num_items * sizeof(*sorted));
	qsort(sorted, sketch->num_items, sizeof(*sorted), compare_counts);
	memcpy(out, sorted, count * sizeof(*out));
	return count;
}

void name_sketch_cleanup(struct name_sketch *sketch)
{
	free(sketch->items);
	*sketch = (struct name_sketch){0};
}
