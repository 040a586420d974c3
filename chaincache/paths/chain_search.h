/* chain_search - gathers, discovers, verifies: every chain that could be sent for one leaf, each judged by every trust
 * store. It may be run again when more issuers are known; earlier results stay.
 */
#ifndef CHAINCACHE_PATHS_CHAIN_SEARCH_H
#define CHAINCACHE_PATHS_CHAIN_SEARCH_H

#include "chaincache/paths/chain_choice.h"
#include "chaincache/paths/chain_judge.h"

/* Not to be moved once it is initialised. */
struct chain_search {
	struct budget budget;
	struct issuer_pool pool;
	struct signature_memo memo;
	struct revocation revocation; /* its CRLs are set after chain_search_init */
	struct chain_judge judge;
	struct path own; /* the served chain's own path */
	struct audience_masks served; /* the audiences' verdicts on the served chain, without the leaf's own faults */
	unsigned leaf_faults;
	struct chain_candidate *candidates; /* owned */
	size_t num_candidates;
	size_t capacity;
};

/* All of `pool` is borrowed until chain_search_cleanup; pool->served holds the leaf first. */
void chain_search_init(struct chain_search *search, const struct issuer_pool *pool, bool ignore_trust);
void chain_search_cleanup(struct chain_search *search);

/* chain_search_run judges the served chain and walks every path within the budget. */
void chain_search_run(struct chain_search *search);

/* chain_search_best is the chain to be sent; NULL when the served one must stay as it is. */
const struct chain_candidate *chain_search_best(const struct chain_search *search);

/* chain_search_masks returns the audiences' verdicts on `chosen`, or on the served chain where it is NULL. */
struct audience_masks chain_search_masks(const struct chain_search *search, const struct chain_candidate *chosen);

/* chain_search_self_signed says whether the leaf is its own issuer: self-issued, and verified by its key where that
 * key is usable. */
bool chain_search_self_signed(struct chain_search *search);

/* chain_search_choice is the choice over all candidates, for its words. */
struct chain_choice chain_search_choice(const struct chain_search *search);

#endif
