/* list_owners - finds the first site that named a list of files, so that sites with the same list share what was
 * read. */
#ifndef PROXY_SITES_LIST_OWNERS_H
#define PROXY_SITES_LIST_OWNERS_H

#include "chaincache/base/hash_index.h"
#include "conf/config.h"

#define LIST_OWNERS_NONE SIZE_MAX

struct list_owner {
	const struct string_list *list; /* borrowed */
	size_t site;
};

/* Zero-initialised is valid. */
struct list_owners {
	struct hash_index index;
	struct list_owner *items; /* no two with the same list */
	size_t capacity;
};

void list_owners_cleanup(struct list_owners *owners);

/* list_owners_find returns the site that named the same files in the same order; LIST_OWNERS_NONE: none has. */
size_t list_owners_find(const struct list_owners *owners, const struct string_list *list);

/* list_owners_add makes `site` the owner of a list that has none. */
MUST_USE struct error list_owners_add(struct list_owners *owners, const struct string_list *list, size_t site);

#endif
