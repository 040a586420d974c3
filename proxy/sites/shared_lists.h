/* shared_lists - what is read for each list of roots, and of CRLs, so that sites with the same list share it: the system's
 * roots are some hundred certificates, and a CRL may be large. */
#ifndef PROXY_SITES_SHARED_LISTS_H
#define PROXY_SITES_SHARED_LISTS_H

#include "chaincache/base/buffer.h"
#include "chaincache/base/hash_index.h"
#include "conf/config.h"
#include "proxy/mending/site_material.h"

#define SHARED_LISTS_MAX_FAULT_BYTES ((size_t)64 * 1024) /* of one list */

struct shared_list {
	const struct string_list *paths; /* borrowed */
	struct trust_store_set *stores; /* one reference; of a list of roots */
	struct crl_store *crls; /* the same of a list of CRLs */
	struct file_stamp stamp; /* of the files, as they were when they were read */
	struct buffer faults; /* why the list cannot be used, a line each; empty: it can */
};

/* Roots, or CRLs: how a list of them is read, and taken over from before. */
struct list_kind {
	const char *(*path_of)(const char *item);
	bool (*keep)(struct shared_list *list, const struct site_material *former);
	void (*read)(struct shared_list *list);
};

extern const struct list_kind list_kind_roots;
extern const struct list_kind list_kind_crls;

/* Of one kind. Zero-initialised is valid. */
struct shared_lists {
	struct hash_index index;
	struct shared_list *items; /* no two with the same paths */
	size_t capacity;
};

void shared_lists_cleanup(struct shared_lists *lists);

/* shared_lists_get returns what is read for these files in this order, until the next call. `former` (may be NULL) is what
 * a site with this list had: what it read of the same files, unchanged, is taken over. NULL when out of memory. */
const struct shared_list *shared_lists_get(struct shared_lists *lists, const struct string_list *paths,
					   const struct list_kind *kind, const struct site_material *former,
					   time_t now);

#endif
