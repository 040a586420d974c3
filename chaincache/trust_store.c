#include "chaincache/trust_store.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/x509.h>

#include "chaincache/hash_index.h"
#include "chaincache/issuer_match.h"

#define CURSOR_END SIZE_MAX

struct trust_store {
	char *name;
	struct certificate_list roots;
};

/* Holds always: position i of both indexes is anchors.items[i], a root that stands in the stores of masks[i]. */
struct trust_store_set {
	atomic_uint references;
	struct trust_store stores[TRUST_STORES_MAX];
	size_t num_stores;
	struct certificate_list anchors; /* the distinct roots of all stores */
	uint32_t *masks;
	size_t masks_capacity;
	struct hash_index by_subject;
	struct hash_index by_digest;
};

struct trust_store_set *trust_store_set_new(void)
{
	struct trust_store_set *set = calloc(1, sizeof *set);

	if (set != NULL)
		atomic_init(&set->references, 1);
	return set;
}

struct trust_store_set *trust_store_set_ref(struct trust_store_set *set)
{
	atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
	return set;
}

void trust_store_set_unref(struct trust_store_set *set)
{
	if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < set->num_stores; i++) {
		free(set->stores[i].name);
		certificate_list_cleanup(&set->stores[i].roots);
	}
	certificate_list_cleanup(&set->anchors);
	free(set->masks);
	hash_index_cleanup(&set->by_subject);
	hash_index_cleanup(&set->by_digest);
	free(set);
}

static uint32_t digest_hash(const struct certificate *certificate)
{
	uint32_t hash;

	memcpy(&hash, certificate->sha256, sizeof hash);
	return hash;
}

static uint32_t find_anchor(const struct trust_store_set *set, const struct certificate *root)
{
	uint32_t i = hash_index_first(&set->by_digest, digest_hash(root));

	while (i != HASH_INDEX_END && !certificate_equal(set->anchors.items[i].certificate, root))
		i = hash_index_next(&set->by_digest, i);
	return i;
}

static struct error grow_masks(struct trust_store_set *set)
{
	if (set->anchors.count < set->masks_capacity)
		return error_none();
	size_t capacity = set->masks_capacity > 0 ? set->masks_capacity * 2 : 64;
	uint32_t *masks = realloc(set->masks, capacity * sizeof *masks);
	if (masks == NULL)
		return error_of(ERROR_MEMORY, 0, "grow a trust store");
	set->masks = masks;
	set->masks_capacity = capacity;
	return error_none();
}

static struct error add_anchor(struct trust_store_set *set, const struct certificate *root, uint32_t mask)
{
	uint32_t known = find_anchor(set, root);
	if (known != HASH_INDEX_END) {
		set->masks[known] |= mask;
		return error_none();
	}

	struct error error = grow_masks(set);
	if (!failed(error))
		error = hash_index_reserve(&set->by_subject);
	if (!failed(error))
		error = hash_index_reserve(&set->by_digest);
	if (!failed(error))
		error = certificate_list_append(&set->anchors, root, SOURCE_ROOTS);
	if (failed(error))
		return error;
	set->masks[set->anchors.count - 1] = mask;
	hash_index_add(&set->by_subject, root->subject_hash);
	hash_index_add(&set->by_digest, digest_hash(root));
	return error_none();
}

/* On an error the set is as it was, but for anchors that no store claims: they are harmless, their mask is dropped. */
static struct error add_anchors(struct trust_store_set *set, const struct certificate_list *roots)
{
	uint32_t mask = (uint32_t)1 << set->num_stores;
	struct error error = error_none();

	for (size_t i = 0; i < roots->count && !failed(error); i++)
		error = add_anchor(set, roots->items[i].certificate, mask);
	for (size_t i = 0; failed(error) && i < set->anchors.count; i++)
		set->masks[i] &= ~mask;
	return error;
}

struct error trust_store_set_add_list(struct trust_store_set *set, const char *name,
				      const struct certificate_list *roots)
{
	if (set->num_stores >= TRUST_STORES_MAX)
		return error_of(ERROR_LIMIT, 0, "more than 32 trust stores");

	struct trust_store *store = &set->stores[set->num_stores];
	struct error error = certificate_list_copy(&store->roots, roots);
	if (failed(error))
		return error;
	store->name = strdup(name);
	error = store->name != NULL ? add_anchors(set, roots) : error_of(ERROR_MEMORY, 0, "name a trust store");
	if (failed(error)) {
		free(store->name);
		certificate_list_cleanup(&store->roots);
		return error;
	}
	set->num_stores++;
	return error_none();
}

size_t trust_store_set_count(const struct trust_store_set *set)
{
	return set->num_stores;
}

const char *trust_store_set_name(const struct trust_store_set *set, size_t index)
{
	return set->stores[index].name;
}

const struct certificate_list *trust_store_set_roots(const struct trust_store_set *set, size_t index)
{
	return &set->stores[index].roots;
}

static bool same_anchor(const struct certificate *a, const struct certificate *b)
{
	return memcmp(a->spki_sha256, b->spki_sha256, SHA256_BYTES) == 0 &&
	       X509_NAME_cmp(X509_get_subject_name(a->x509), X509_get_subject_name(b->x509)) == 0;
}

uint32_t trust_store_set_holding(const struct trust_store_set *set, const struct certificate *certificate)
{
	uint32_t mask = 0;

	for (uint32_t i = hash_index_first(&set->by_subject, certificate->subject_hash); i != HASH_INDEX_END;
	     i = hash_index_next(&set->by_subject, i))
		if (same_anchor(set->anchors.items[i].certificate, certificate))
			mask |= set->masks[i];
	return mask;
}

const struct certificate *trust_store_set_next(const struct trust_store_set *set, const struct certificate *child,
					       size_t *cursor)
{
	const struct hash_index *index = &set->by_subject;

	if (*cursor == CURSOR_END)
		return NULL;
	/* The cursor is the last position plus one, so that 0 is the start. */
	uint32_t i = *cursor == 0 ? hash_index_first(index, child->issuer_hash)
				  : hash_index_next(index, (uint32_t)(*cursor - 1));
	while (i != HASH_INDEX_END &&
	       (set->masks[i] == 0 || !issuer_match_names(set->anchors.items[i].certificate, child)))
		i = hash_index_next(index, i);
	*cursor = i == HASH_INDEX_END ? CURSOR_END : (size_t)i + 1;
	return i == HASH_INDEX_END ? NULL : set->anchors.items[i].certificate;
}
