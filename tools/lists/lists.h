/* lists - the lists that are printed from the tables in the code, by name. */
#ifndef TOOLS_LISTS_LISTS_H
#define TOOLS_LISTS_LISTS_H

#include "chaincache/base/buffer.h"

struct list {
	const char *name; /* lower case and underscores */
	struct error (*print)(struct buffer *out); /* appends whole lines */
};

/* lists_get returns row `index`; NULL behind the last one. */
const struct list *lists_get(size_t index);

/* lists_find returns the list whose name has these bytes; NULL when there is none. */
const struct list *lists_find(struct bytes name);

#endif
