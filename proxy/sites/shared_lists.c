#include "proxy/sites/shared_lists.h"

#include <stdlib.h>

#include "conf/same_site.h"

enum { FIRST_CAPACITY = 16 };

void shared_lists_cleanup(struct shared_lists *lists)
{
	for (size_t i = 0; i < lists->index.count; i++) {
		trust_store_set_unref(lists->items[i].stores);
		crl_store_unref(lists->items[i].crls);
		buffer_cleanup(&lists->items[i].faults);
	}
	hash_index_cleanup(&lists->index);
	free(lists->items);
	*lists = (struct shared_lists){0};
}

static uint32_t hash_list(const struct string_list *paths)
{
	uint32_t hash = HASH_INDEX_NO_TEXT;

	for (size_t i = 0; i < paths->count; i++)
		hash = hash_index_text(hash, paths->items[i]);
	return hash;
}

static struct shared_list *find(const struct shared_lists *lists, const struct string_list *paths)
{
	uint32_t at = hash_index_first(&lists->index, hash_list(paths));

	while (at != HASH_INDEX_END && !same_site_lists(lists->items[at].paths, paths))
		at = hash_index_next(&lists->index, at);
	return at != HASH_INDEX_END ? &lists->items[at] : NULL;
}

static bool grow(struct shared_lists *lists)
{
	size_t capacity = lists->capacity > 0 ? 2 * lists->capacity : FIRST_CAPACITY;
	struct shared_list *items = realloc(lists->items, capacity * sizeof(*items));
	if (items == NULL)
		return false;
	lists->items = items;
	lists->capacity = capacity;
	return true;
}

static struct shared_list *add(struct shared_lists *lists, const struct string_list *paths)
{
	if (lists->index.count == lists->capacity && !grow(lists))
		return NULL;
	if (failed(hash_index_reserve(&lists->index)))
		return NULL;
	struct shared_list *list = &lists->items[lists->index.count];
	*list = (struct shared_list){.paths = paths};
	buffer_init(&list->faults, SHARED_LISTS_MAX_FAULT_BYTES);
	hash_index_add(&lists->index, hash_list(paths));
	return list;
}

static void list_fault(struct shared_list *list, const char *path, const char *what, struct error error,
		       const char *advice)
{
	char text[ERROR_MAX_TEXT];
	struct error full = buffer_printf(&list->faults, "%s: %s: %s: %s\n", path, what,
					  error_print(error, text, sizeof(text)), advice);
	(void)full;
}

static void read_roots(struct shared_list *list)
{
	list->stores = trust_store_set_new();
	if (list->stores == NULL) {
		list_fault(list, "roots", "cannot be read", error_of(ERROR_MEMORY, 0, "keep them"), "try again");
		return;
	}
	for (size_t i = 0; i < list->paths->count; i++) {
		struct error error = trust_store_set_add_option(list->stores, list->paths->items[i]);
		if (failed(error))
			list_fault(list, list->paths->items[i], "the roots cannot be read", error, "correct `roots`");
	}
}

static void read_crls(struct shared_list *list)
{
	char path[CRL_STORE_MAX_PATH];

	list->crls = crl_store_new();
	if (list->crls == NULL) {
		list_fault(list, "crl", "cannot be read", error_of(ERROR_MEMORY, 0, "keep them"), "try again");
		return;
	}
	for (size_t i = 0; i < list->paths->count; i++) {
		struct error error = crl_store_add_path(list->crls, list->paths->items[i], path);
		if (failed(error))
			list_fault(list, path, "the CRLs cannot be read", error, "correct `crl`, or the file");
	}
}

static const char *path_of_crl(const char *item)
{
	return item;
}

static bool keep_roots(struct shared_list *list, const struct site_material *former)
{
	if (former->stores == NULL || !file_stamp_same(&former->roots_stamp, &list->stamp))
		return false;
	list->stores = trust_store_set_ref(former->stores);
	return true;
}

static bool keep_crls(struct shared_list *list, const struct site_material *former)
{
	if (former->crls == NULL || !file_stamp_same(&former->crls_stamp, &list->stamp))
		return false;
	list->crls = crl_store_ref(former->crls);
	return true;
}

const struct list_kind list_kind_roots = {trust_store_option_path, keep_roots, read_roots};
const struct list_kind list_kind_crls = {path_of_crl, keep_crls, read_crls};

/* The names of the stores count too, so that the items are stamped as they are written. */
static void stamp_list(struct shared_list *list, const struct list_kind *kind, time_t now)
{
	struct file_stamp_maker maker;

	file_stamp_begin(&maker, now);
	for (size_t i = 0; i < list->paths->count; i++) {
		file_stamp_add_text(&maker, list->paths->items[i]);
		file_stamp_add(&maker, kind->path_of(list->paths->items[i]));
	}
	file_stamp_end(&maker, &list->stamp);
}

const struct shared_list *shared_lists_get(struct shared_lists *lists, const struct string_list *paths,
					   const struct list_kind *kind, const struct site_material *former, time_t now)
{
	struct shared_list *list = find(lists, paths);

	if (list != NULL)
		return list;
	list = add(lists, paths);
	if (list == NULL)
		return NULL;
	stamp_list(list, kind, now);
	if (former == NULL || !kind->keep(list, former))
		kind->read(list);
	return list;
}
