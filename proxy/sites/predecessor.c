#include "proxy/sites/predecessor.h"

#include <string.h>
#include <strings.h>

static bool has_leaf(const struct placed_leaf *items, size_t count, const struct certificate *leaf)
{
	for (size_t i = 0; i < count; i++) {
		if (certificate_equal(items[i].leaf, leaf))
			return true;
	}
	return false;
}

static bool has_path(const struct placed_leaf *items, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(items[i].path, path) == 0)
			return true;
	}
	return false;
}

static bool same_name(const struct alt_name *a, const struct alt_name *b)
{
	return a->type == ALT_NAME_DNS && b->type == ALT_NAME_DNS && a->value.len == b->value.len &&
	       strncasecmp((const char *)a->value.data, (const char *)b->value.data, a->value.len) == 0;
}

static bool share_a_name(const struct certificate *a, const struct certificate *b)
{
	for (size_t i = 0; i < a->num_alt_names; i++) {
		for (size_t k = 0; k < b->num_alt_names; k++) {
			if (same_name(&a->alt_names[i], &b->alt_names[k]))
				return true;
		}
	}
	return false;
}

/* From the surest sign to the weakest. */
enum sign { SIGN_FILE, SIGN_LEAF, SIGN_KIND, NUM_SIGNS };

struct search {
	const struct placed_leaf *present;
	size_t num_present;
	size_t index;
};

/* A leaf that is still there, in whichever file, has no other successor. */
static bool has_sign(const struct search *search, enum sign sign, const struct placed_leaf *former)
{
	const struct placed_leaf *present = &search->present[search->index];
	bool same_leaf = certificate_equal(former->leaf, present->leaf);
	bool gone = !has_leaf(search->present, search->num_present, former->leaf);

	switch (sign) {
	case SIGN_FILE:
		return strcmp(former->path, present->path) == 0 && (same_leaf || gone);
	case SIGN_LEAF:
		return same_leaf;
	default:
		return gone && !has_path(search->present, search->num_present, former->path) &&
		       former->leaf->key_type == present->leaf->key_type && share_a_name(former->leaf, present->leaf);
	}
}

size_t predecessor_find(const struct placed_leaf *former, size_t num_former, const struct placed_leaf *present,
			size_t num_present, size_t index)
{
	const struct search search = {present, num_present, index};

	for (enum sign sign = SIGN_FILE; sign < NUM_SIGNS; sign++) {
		for (size_t i = 0; i < num_former; i++) {
			if (has_sign(&search, sign, &former[i]))
				return i;
		}
	}
	return PREDECESSOR_NONE;
}
