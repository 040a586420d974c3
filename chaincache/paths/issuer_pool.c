#include "chaincache/paths/issuer_pool.h"

#include <stdlib.h>

#include "chaincache/paths/path.h"

static struct issuer_candidate *find(const struct issuer_candidates *candidates, const struct certificate *certificate)
{
	for (size_t i = 0; i < candidates->count; i++)
		if (certificate_equal(candidates->items[i].entry.certificate, certificate))
			return &candidates->items[i];
	return NULL;
}

/* The first source of a certificate stays; standing in a trust store as well makes it an anchor. */
static struct error add(struct issuer_candidates *candidates, struct certificate_entry entry, bool anchor)
{
	struct issuer_candidate *known = find(candidates, entry.certificate);

	if (known != NULL) {
		known->anchor = known->anchor || anchor;
		return error_none();
	}
	if (candidates->count == candidates->capacity) {
		size_t capacity = candidates->capacity > 0 ? 2 * candidates->capacity : 8;
		struct issuer_candidate *items = realloc(candidates->items, capacity * sizeof(*items));
		if (items == NULL)
			return error_of(ERROR_MEMORY, 0, "list candidate issuers");
		candidates->items = items;
		candidates->capacity = capacity;
	}
	candidates->items[candidates->count++] = (struct issuer_candidate){.entry = entry, .anchor = anchor};
	return error_none();
}

static struct error add_from_list(struct issuer_candidates *candidates, const struct certificate_list *list,
				  const struct certificate *child)
{
	struct error error = error_none();

	for (size_t i = 0; list != NULL && i < list->count && !failed(error); i++)
		if (issuer_match_names(list->items[i].certificate, child))
			error = add(candidates, list->items[i], false);
	return error;
}

static struct error add_from_store(struct issuer_candidates *candidates, const struct issuer_store *store,
				   const struct certificate *child)
{
	struct error error = error_none();
	size_t cursor = 0;

	while (store != NULL && !failed(error)) {
		const struct certificate_entry *entry = issuer_store_next(store, child, &cursor);
		if (entry == NULL)
			break;
		error = add(candidates, *entry, false);
	}
	return error;
}

static struct error add_anchors(struct issuer_candidates *candidates, const struct trust_store_set *stores,
				const struct certificate *child)
{
	struct error error = error_none();
	size_t cursor = 0;

	while (stores != NULL && !failed(error)) {
		const struct certificate *root = trust_store_set_next(stores, child, &cursor);
		if (root == NULL)
			break;
		error = add(candidates, (struct certificate_entry){root, SOURCE_ROOTS}, true);
	}
	return error;
}

static void judge(struct issuer_candidate *candidate, const struct certificate *child, size_t num_below, int64_t now)
{
	const struct certificate *issuer = candidate->entry.certificate;

	candidate->key_id_fit = issuer_match_key_id(issuer, child);
	candidate->valid_now = certificate_valid_at(issuer, now);
	candidate->may_issue = issuer->is_ca && issuer->may_sign_certificates;
	candidate->long_enough = issuer->path_length < 0 || (size_t)issuer->path_length >= num_below;
}

/* Ranks the better one first, by the advice of RFC 4158, at last by the bytes, so that the order is total. */
static int compare(const void *left, const void *right)
{
	const struct issuer_candidate *a = left, *b = right;
	const struct certificate *x = a->entry.certificate, *y = b->entry.certificate;

	if (a->anchor != b->anchor)
		return b->anchor - a->anchor;
	if (a->key_id_fit != b->key_id_fit)
		return (int)b->key_id_fit - (int)a->key_id_fit;
	if (a->valid_now != b->valid_now)
		return b->valid_now - a->valid_now;
	if (a->may_issue != b->may_issue)
		return b->may_issue - a->may_issue;
	if (a->long_enough != b->long_enough)
		return b->long_enough - a->long_enough;
	if (x->not_after != y->not_after)
		return x->not_after > y->not_after ? -1 : 1;
	return certificate_compare_bytes(x, y);
}

struct error issuer_pool_find(const struct issuer_pool *pool, const struct certificate *child, size_t num_below,
			      struct issuer_candidates *out)
{
	struct error error = add_from_list(out, pool->served, child);

	if (!failed(error))
		error = add_from_list(out, pool->extra, child);
	if (!failed(error))
		error = add_from_store(out, pool->fetched, child);
	if (!failed(error))
		error = add_from_store(out, pool->cache, child);
	if (!failed(error))
		error = add_anchors(out, pool->stores, child);
	if (failed(error))
		return error;
	for (size_t i = 0; i < out->count; i++)
		judge(&out->items[i], child, num_below, pool->now);
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), compare);
	return error_none();
}

bool issuer_pool_trusts(const struct issuer_pool *pool, const struct certificate *certificate)
{
	return pool->stores != NULL && trust_store_set_mask(pool->stores, certificate) != 0;
}

void issuer_candidates_cleanup(struct issuer_candidates *candidates)
{
	free(candidates->items);
	*candidates = (struct issuer_candidates){0};
}
