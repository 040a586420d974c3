#include "chaincache/stores/issuer_store.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "chaincache/base/hash_index.h"
#include "chaincache/certificate/issuer_match.h"

#define CURSOR_END SIZE_MAX

/* Holds always: position i of both indexes is entries.items[i]. */
struct issuer_store {
	atomic_uint references;
	struct certificate_list entries;
	struct hash_index by_subject;
	struct hash_index by_digest;
};

struct issuer_store *issuer_store_new(void)
{
	struct issuer_store *store = calloc(1, sizeof(*store));

	if (store != NULL)
		atomic_init(&store->references, 1);
	return store;
}

struct issuer_store *issuer_store_ref(struct issuer_store *store)
{
	atomic_fetch_add_explicit(&store->references, 1, memory_order_relaxed);
	return store;
}

void issuer_store_unref(struct issuer_store *store)
{
	if (store == NULL || atomic_fetch_sub_explicit(&store->references, 1, memory_order_acq_rel) != 1)
		return;
	certificate_list_cleanup(&store->entries);
	hash_index_cleanup(&store->by_subject);
	hash_index_cleanup(&store->by_digest);
	free(store);
}

bool issuer_store_is_shared(const struct issuer_store *store)
{
	return atomic_load_explicit(&store->references, memory_order_acquire) > 1;
}

bool issuer_store_contains(const struct issuer_store *store, const struct certificate *certificate)
{
	const struct hash_index *index = &store->by_digest;

	for (uint32_t i = hash_index_first(index, certificate_hash(certificate)); i != HASH_INDEX_END;
	     i = hash_index_next(index, i))
		if (certificate_equal(store->entries.items[i].certificate, certificate))
			return true;
	return false;
}

struct error issuer_store_add(struct issuer_store *store, const struct certificate *certificate,
			      enum certificate_source source)
{
	if (issuer_store_contains(store, certificate))
		return error_none();
	if (store->entries.count >= ISSUER_STORE_MAX_CERTIFICATES)
		return error_of(ERROR_LIMIT, 0, "more than 200000 certificates are candidates");

	struct error error = hash_index_reserve(&store->by_subject);
	if (!failed(error))
		error = hash_index_reserve(&store->by_digest);
	if (!failed(error))
		error = certificate_list_append(&store->entries, certificate, source);
	if (failed(error))
		return error;
	hash_index_add(&store->by_subject, certificate->subject_hash);
	hash_index_add(&store->by_digest, certificate_hash(certificate));
	return error_none();
}

size_t issuer_store_count(const struct issuer_store *store)
{
	return store->entries.count;
}

const struct certificate_entry *issuer_store_next(const struct issuer_store *store, const struct certificate *child,
						  size_t *cursor)
{
	const struct hash_index *index = &store->by_subject;

	if (*cursor == CURSOR_END)
		return NULL;
	/* The cursor is the last position plus one, so that 0 is the start. */
	uint32_t i = *cursor == 0 ? hash_index_first(index, child->issuer_hash)
				  : hash_index_next(index, (uint32_t)(*cursor - 1));
	while (i != HASH_INDEX_END && !issuer_match_names(store->entries.items[i].certificate, child))
		i = hash_index_next(index, i);
	*cursor = i == HASH_INDEX_END ? CURSOR_END : (size_t)i + 1;
	return i == HASH_INDEX_END ? NULL : &store->entries.items[i];
}
