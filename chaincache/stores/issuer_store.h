/* issuer_store - candidate issuers, indexed by subject. Nothing in it is trusted because it is there.
 *
 * Filled once, then read: from then on it may be shared between threads. A certificate that is there already is not
 * added again (the first source stays).
 */
#ifndef CHAINCACHE_STORES_ISSUER_STORE_H
#define CHAINCACHE_STORES_ISSUER_STORE_H

#include "chaincache/certificate/certificate_list.h"

#define ISSUER_STORE_MAX_CERTIFICATES 200000

struct issuer_store;

struct issuer_store *issuer_store_new(void); /* NULL when out of memory; one reference */
struct issuer_store *issuer_store_ref(struct issuer_store *store);
void issuer_store_unref(struct issuer_store *store);

/* issuer_store_is_shared says whether anybody but the caller holds a reference: it may not be added to then. */
bool issuer_store_is_shared(const struct issuer_store *store);

/* issuer_store_add takes a reference of its own. ERROR_LIMIT above the maximum. */
MUST_USE struct error issuer_store_add(struct issuer_store *store, const struct certificate *certificate,
				       enum certificate_source source);

size_t issuer_store_count(const struct issuer_store *store);

/* issuer_store_next walks the candidates whose subject is child's issuer (by name alone). Start with *cursor = 0;
 * returns NULL at the end. The order is that of adding. */
const struct certificate_entry *issuer_store_next(const struct issuer_store *store, const struct certificate *child,
						  size_t *cursor);

bool issuer_store_contains(const struct issuer_store *store, const struct certificate *certificate);

#endif
