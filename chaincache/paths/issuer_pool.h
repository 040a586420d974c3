/* issuer_pool - finds candidate issuers in the served chain, further certificates, fetched ones, the cache and the
 * trust stores, as one ranked list a certificate.
 *
 * Candidates are found by name alone. Everything else (key identifiers, validity, the CA bit) ranks them and filters
 * nobody: a path is refused by verification, never by a guess.
 */
#ifndef CHAINCACHE_PATHS_ISSUER_POOL_H
#define CHAINCACHE_PATHS_ISSUER_POOL_H

#include "chaincache/certificate/issuer_match.h"
#include "chaincache/stores/issuer_store.h"
#include "chaincache/stores/trust_store.h"

/* All borrowed; each may be NULL. */
struct issuer_pool {
	const struct certificate_list *served;
	const struct certificate_list *extra;
	const struct issuer_store *fetched;
	const struct issuer_store *cache;
	const struct trust_store_set *stores;
	enum certificate_purpose purpose; /* of the leaf */
	int64_t now; /* seconds since 1970, for ranking */
};

struct issuer_candidate {
	struct certificate_entry entry; /* borrowed */
	bool anchor; /* it is in a trust store */
	enum key_id_fit key_id_fit;
	bool valid_now;
	bool may_issue; /* CA bit and key usage */
	bool long_enough; /* its path length admits the certificates below */
};

struct issuer_candidates {
	struct issuer_candidate *items; /* owned */
	size_t count;
	size_t capacity;
};

/* issuer_pool_find fills `out` (zero-initialised, cleaned up by the caller also on error) with every certificate whose
 * subject is child's issuer, each once, best first; `num_below` intermediates stand between the leaf and the issuer.
 * The order does not depend on the order of the sources' contents. */
MUST_USE struct error issuer_pool_find(const struct issuer_pool *pool, const struct certificate *child,
				       size_t num_below, struct issuer_candidates *out);
/* issuer_pool_trusts says whether this very certificate is in a trust store. */
bool issuer_pool_trusts(const struct issuer_pool *pool, const struct certificate *certificate);

void issuer_candidates_cleanup(struct issuer_candidates *candidates);

#endif
