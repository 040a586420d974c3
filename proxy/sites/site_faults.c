#include "proxy/sites/site_faults.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/base/hash_index.h"

enum { FIRST_CAPACITY = 64 };

/* One line of one site or more. */
struct fault {
	const char *line; /* borrowed, without its end */
	size_t len;
	const char *site; /* the first that has it */
	size_t num_more;
};

struct fault_list {
	struct fault *items; /* no two with the same line */
	size_t capacity;
	struct hash_index index;
	bool complete; /* there was memory for all */
};

static uint32_t hash_line(const char *line, size_t len)
{
	uint32_t hash = HASH_INDEX_NO_TEXT;
	char letter[2] = {0};

	for (size_t i = 0; i < len; i++) {
		letter[0] = line[i];
		hash = hash_index_text(hash, letter);
	}
	return hash;
}

static struct fault *find(const struct fault_list *list, const char *line, size_t len, uint32_t hash)
{
	if (list->items == NULL)
		return NULL;
	uint32_t at = hash_index_first(&list->index, hash);
	while (at != HASH_INDEX_END && (list->items[at].len != len || memcmp(list->items[at].line, line, len) != 0))
		at = hash_index_next(&list->index, at);
	return at != HASH_INDEX_END ? &list->items[at] : NULL;
}

static bool reserve(struct fault_list *list)
{
	if (list->index.count == list->capacity) {
		size_t capacity = list->capacity > 0 ? 2 * list->capacity : FIRST_CAPACITY;
		struct fault *items = realloc(list->items, capacity * sizeof(*items));
		if (items == NULL)
			return false;
		list->items = items;
		list->capacity = capacity;
	}
	return !failed(hash_index_reserve(&list->index));
}

static void add(struct fault_list *list, const char *site, const char *line, size_t len)
{
	uint32_t hash = hash_line(line, len);
	struct fault *known = find(list, line, len, hash);

	if (known != NULL) {
		known->num_more++;
		return;
	}
	if (!reserve(list)) {
		list->complete = false;
		return;
	}
	list->items[list->index.count] = (struct fault){.line = line, .len = len, .site = site};
	hash_index_add(&list->index, hash);
}

static void add_lines(struct fault_list *list, const char *site, const char *lines)
{
	while (*lines != '\0') {
		size_t len = strcspn(lines, "\n");
		add(list, site, lines, len);
		lines += len + (lines[len] == '\n');
	}
}

static void print(const struct fault_list *list, struct buffer *out)
{
	for (uint32_t i = 0; i < list->index.count; i++) {
		const struct fault *fault = &list->items[i];
		struct error full = buffer_printf(out, "site %s: %.*s\n", fault->site, (int)fault->len, fault->line);
		if (!failed(full) && fault->num_more > 0)
			full = buffer_printf(out, "site %s: the same for %zu more site%s\n", fault->site,
					     fault->num_more, fault->num_more == 1 ? "" : "s");
		(void)full; /* above the buffer's maximum there are lines enough to work on */
	}
}

void site_faults_print(const struct config *config, struct site_material *const *materials, struct buffer *out)
{
	struct fault_list list = {.complete = true};

	for (size_t i = 0; i < config->num_sites; i++) {
		if (materials[i]->faults != NULL)
			add_lines(&list, config->sites[i].name, materials[i]->faults);
		else if (materials[i]->state != SITE_READ)
			add_lines(&list, config->sites[i].name, "its files cannot be read: out of memory");
	}
	print(&list, out);
	if (!list.complete) {
		struct error full = buffer_printf(out, "out of memory: more sites have files that are wrong\n");
		(void)full;
	}
	hash_index_cleanup(&list.index);
	free(list.items);
}
