#include "chaincache/paths/chain_search.h"

#include <stdlib.h>

#include "chaincache/paths/path_builder.h"

/* The signature checks that the served chain may take before discovery begins. */
#define SERVED_MAX_SIGNATURE_CHECKS (MEND_MAX_SIGNATURE_CHECKS / 2)

static struct sent_chain view_of(const struct path *path)
{
	return (struct sent_chain){path->items, path->count};
}

static bool all_served(const struct chain_search *search, const struct path *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (!certificate_list_contains(search->pool.served, chain->items[i].certificate))
			return false;
	return true;
}

static struct chain_candidate *find(const struct chain_search *search, const struct path *chain)
{
	for (size_t i = 0; i < search->num_candidates; i++)
		if (path_same(&search->candidates[i].chain, chain))
			return &search->candidates[i];
	return NULL;
}

static struct chain_candidate *append(struct chain_search *search)
{
	if (search->num_candidates == search->capacity) {
		size_t capacity = search->capacity > 0 ? 2 * search->capacity : 16;
		struct chain_candidate *items = realloc(search->candidates, capacity * sizeof(*items));
		if (items == NULL) {
			search->budget.out_of_memory = true;
			return NULL;
		}
		search->candidates = items;
		search->capacity = capacity;
	}
	return &search->candidates[search->num_candidates++];
}

/* Returns how much of a path may be sent: up to its root, and no further than its certificates may issue. */
static size_t sendable(struct chain_search *search, const struct path *path)
{
	size_t count = path->count;

	/* Says whether it is a root cannot be judged. */
	if (path->end == PATH_END_SELF_SIGNED && !signature_memo_self_signed(&search->memo, path_last(path)))
		return count;
	if (path->end != PATH_END_DEAD)
		return count > 1 ? count - 1 : count;
	for (size_t i = 1; i < count; i++)
		if (!path->items[i].certificate->is_ca)
			return i;
	return count;
}

/* Leaves out dead paths with a certificate that was not served: a shorter chain serves the same clients. */
static bool worth_judging(const struct chain_candidate *candidate)
{
	return candidate->root != NULL || candidate->served_only;
}

/* Says which of two paths with the same chain is kept: the one with the better end. */
static bool better_end(const struct chain_candidate *known, const struct chain_candidate *candidate)
{
	if (candidate->chain.end != known->chain.end)
		return candidate->chain.end < known->chain.end;
	return candidate->verdict.fault == PATH_GOOD && known->verdict.fault != PATH_GOOD;
}

static void consider(struct chain_search *search, const struct path *path)
{
	struct chain_candidate candidate = {.chain = *path, .verdict = {PATH_GOOD, 0, ""}};

	candidate.chain.count = sendable(search, path);
	if (path->end != PATH_END_DEAD) {
		candidate.root = path_last(path);
		candidate.root_source = path->items[path->count - 1].source;
		candidate.verdict = chain_judge_verify(&search->judge, path);
	}
	candidate.served_only = all_served(search, &candidate.chain);
	candidate.keeps_served_run = path_starts_with(&candidate.chain, &search->own);

	struct chain_candidate *known = find(search, &candidate.chain);
	if (known != NULL && !better_end(known, &candidate))
		return;
	if (known == NULL)
		known = append(search);
	if (known == NULL)
		return;
	if (worth_judging(&candidate)) {
		struct audience_masks masks = chain_judge_masks(&search->judge, view_of(&candidate.chain));
		candidate.mask = masks.accept;
		candidate.not_judged = masks.not_judged;
	}
	*known = candidate;
}

void chain_search_init(struct chain_search *search, const struct issuer_pool *pool, bool ignore_trust)
{
	*search = (struct chain_search){.pool = *pool};
	search->memo.budget = &search->budget;
	search->revocation.now = pool->now;
	search->judge = (struct chain_judge){.pool = &search->pool,
					     .memo = &search->memo,
					     .revocation = &search->revocation,
					     .ignore_trust = ignore_trust};

	search->leaf_faults = path_verifier_leaf(pool->served->items[0].certificate, pool->purpose, pool->now);
}

/* Judges the served chain as it is, before discovery spends its budget. */
static void judge_served(struct chain_search *search)
{
	struct sent_chain served = {search->pool.served->items, search->pool.served->count};

	search->memo.ceiling = SERVED_MAX_SIGNATURE_CHECKS;
	search->served = chain_judge_masks(&search->judge, served);
	chain_judge_own_path(&search->judge, served, &search->own);
	search->memo.ceiling = 0;
}

void chain_search_cleanup(struct chain_search *search)
{
	free(search->candidates);
	search->candidates = NULL;
	search->num_candidates = 0;
	search->capacity = 0;
}

void chain_search_run(struct chain_search *search)
{
	struct path_builder builder;
	struct path path;
	struct certificate_entry leaf = search->pool.served->items[0];

	judge_served(search);
	/* Always there, whatever discovery has the budget for: nothing is made worse. */
	consider(search, &search->own);
	path_builder_init(&builder, &search->pool, &search->memo, leaf,
			  issuer_pool_trusts(&search->pool, leaf.certificate));
	while (!search->budget.out_of_memory && path_builder_next(&builder, &path))
		consider(search, &path);
	if (failed(builder.error))
		search->budget.out_of_memory = true;
	path_builder_cleanup(&builder);
}

struct audience_masks chain_search_masks(const struct chain_search *search, const struct chain_candidate *chosen)
{
	return chosen != NULL ? (struct audience_masks){chosen->mask, chosen->not_judged} : search->served;
}

bool chain_search_self_signed(struct chain_search *search)
{
	const struct certificate *leaf = search->pool.served->items[0].certificate;

	return signature_memo_self_signed(&search->memo, leaf) || (leaf->self_issued && leaf->key_bits == 0);
}

struct chain_choice chain_search_choice(const struct chain_search *search)
{
	return (struct chain_choice){search->candidates, search->num_candidates, search->served, search->pool.now};
}

/* A path that was cut by its maximum depth lacks no issuer: it is no reason to send less than what was given. */
static bool is_cut(const struct chain_search *search, const struct chain_candidate *best)
{
	return best->root == NULL && best->mask == 0 && best->not_judged == 0 && best->chain.count == MEND_MAX_DEPTH &&
	       search->budget.refused != NULL;
}

const struct chain_candidate *chain_search_best(const struct chain_search *search)
{
	struct chain_choice choice = chain_search_choice(search);
	const struct chain_candidate *best = chain_choice_best(&choice);

	return best == NULL || is_cut(search, best) ? NULL : best;
}
