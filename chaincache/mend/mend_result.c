#include "chaincache/mend/mend_result.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/paths/chain_search.h"

static struct sent_chain view_of(const struct certificate_list *list)
{
	return (struct sent_chain){list->items, list->count};
}

/* The root at which clients of some store end: that of the store whose path is the longest, the first of these. */
static const struct certificate *find_anchor(struct chain_search *search, const struct certificate_list *mended)
{
	const struct certificate *anchor = NULL;
	size_t longest = 0;
	struct audience_verdict verdict;

	for (size_t i = 0; i < chain_judge_audiences(&search->judge); i++) {
		chain_judge_ask(&search->judge, view_of(mended), i, &verdict);
		if (verdict.answer == AUDIENCE_ACCEPTS && verdict.path.count > longest) {
			anchor = path_last(&verdict.path);
			longest = verdict.path.count;
		}
	}
	return anchor;
}

static void set_chain(struct mend_result *result, struct chain_search *search, const struct chain_candidate *chosen)
{
	if (chosen == NULL || failed(path_to_list(&chosen->chain, &result->mended))) {
		certificate_list_cleanup(&result->mended);
		if (failed(certificate_list_copy(&result->mended, search->pool.served)))
			certificate_list_cleanup(&result->mended);
	}
	result->anchor = find_anchor(search, &result->mended);
	if (result->anchor == NULL && chosen != NULL)
		result->anchor = chosen->root;
	result->changed = !certificate_list_equal(&result->served, &result->mended);
	result->first_expiry = INT64_MAX;
	for (size_t i = 0; i < result->mended.count; i++)
		if (result->mended.items[i].certificate->not_after < result->first_expiry)
			result->first_expiry = result->mended.items[i].certificate->not_after;
}

static void set_stores(struct mend_result *result, const struct chain_search *search, uint32_t served, uint32_t mended)
{
	const struct trust_store_set *stores = search->judge.ignore_trust ? NULL : search->pool.stores;
	size_t count = stores != NULL ? trust_store_set_count(stores) : 0;

	if (count == 0 || (result->stores = calloc(count, sizeof(*result->stores))) == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		result->stores[i] = (struct store_verdict){.name = trust_store_set_name(stores, i),
							   .served_trusted = (served >> i & 1) != 0,
							   .mended_trusted = (mended >> i & 1) != 0};
	result->num_stores = count;
}

/* The verdicts of real clients: the leaf's own faults, which the choice does not look at, count here. */
static void set_trust(struct mend_result *result, struct chain_search *search, uint32_t mended_mask, bool pinned)
{
	uint32_t everybody = chain_judge_everybody(&search->judge);
	uint32_t served = search->served_mask, mended = mended_mask;
	bool anchor_itself = result->anchor != NULL && certificate_equal(result->anchor, path_leaf(&search->own));
	unsigned faults = search->leaf_faults;

	/* Nobody checks the signature on a certificate that is the anchor. */
	if (anchor_itself)
		faults &= ~(unsigned)LEAF_WEAK_SIGNATURE;
	if (faults != 0)
		served = mended = 0;
	set_stores(result, search, served, mended);
	result->served_trusted = pinned || served == everybody;
	result->mended_trusted = pinned || mended == everybody;
}

static int compare_for_runners_up(const struct chain_choice *choice, const struct chain_candidate *a,
				  const struct chain_candidate *b)
{
	const struct chain_candidate pair[] = {*a, *b};
	struct chain_choice duel = {pair, 2, 0, choice->now};

	return chain_choice_best(&duel) == &pair[0] ? -1 : 1;
}

/* The best candidate that is not in `taken`. */
static const struct chain_candidate *next_best(const struct chain_choice *choice,
					       const struct chain_candidate *const *taken, size_t num_taken)
{
	const struct chain_candidate *best = NULL;

	for (size_t i = 0; i < choice->count; i++) {
		const struct chain_candidate *candidate = &choice->candidates[i];
		bool is_taken = false;
		for (size_t t = 0; t < num_taken; t++)
			is_taken = is_taken || taken[t] == candidate;
		if (!is_taken && (best == NULL || compare_for_runners_up(choice, candidate, best) < 0))
			best = candidate;
	}
	return best;
}

static bool fill_runner_up(struct runner_up *out, const struct chain_choice *choice,
			   const struct chain_candidate *winner, const struct chain_candidate *loser)
{
	struct error error = path_to_list(&loser->chain, &out->path);

	if (!failed(error) && loser->root != NULL && !path_contains(&loser->chain, loser->root))
		error = certificate_list_append(&out->path, loser->root, loser->root_source);
	if (failed(error)) {
		certificate_list_cleanup(&out->path);
		return false;
	}
	chain_choice_why(choice, winner, loser, out->why, sizeof(out->why));
	return true;
}

static void set_runners_up(struct mend_result *result, const struct chain_search *search,
			   const struct chain_candidate *winner)
{
	struct chain_choice choice = chain_search_choice(search);
	const struct chain_candidate *taken[MEND_MAX_RUNNERS_UP + 1] = {winner};
	size_t num_taken = 1;

	if (winner == NULL)
		return;
	result->runners_up = calloc(MEND_MAX_RUNNERS_UP, sizeof(*result->runners_up));
	while (result->runners_up != NULL && result->num_runners_up < MEND_MAX_RUNNERS_UP) {
		const struct chain_candidate *loser = next_best(&choice, taken, num_taken);
		if (loser == NULL ||
		    !fill_runner_up(&result->runners_up[result->num_runners_up], &choice, winner, loser))
			return;
		result->num_runners_up++;
		taken[num_taken++] = loser;
	}
}

/* An answer may be another one later; what the policy refuses stays refused until it is changed. */
static bool may_be_had_later(const struct fetch_plan *plan)
{
	for (size_t i = 0; i < plan->num_attempts; i++)
		if (plan->attempts[i].outcome != FETCH_KEPT && plan->attempts[i].outcome != FETCH_REFUSED)
			return true;
	return false;
}

/* The served chain as it was given: the leaf goes back to where it stood. */
static struct error copy_as_given(const struct mend_input *input, struct certificate_list *out)
{
	struct error error = certificate_list_copy(out, input->served);
	size_t place = input->leaf_place;

	if (failed(error) || place == 0 || place >= out->count)
		return error;
	struct certificate_entry leaf = out->items[0];
	memmove(out->items, out->items + 1, place * sizeof(*out->items));
	out->items[place] = leaf;
	return error;
}

void mend_result_fill(struct mend_result *result, struct chain_search *search, const struct fetch_plan *plan,
		      const struct mend_input *input, bool pinned)
{
	const struct chain_candidate *chosen = chain_search_best(search);
	uint32_t mended_mask = chosen != NULL ? chosen->mask : search->served_mask;

	size_t num_names = input->num_names;

	if (failed(copy_as_given(input, &result->served)))
		certificate_list_cleanup(&result->served);
	set_chain(result, search, chosen);
	set_trust(result, search, mended_mask, pinned);
	set_runners_up(result, search, chosen);
	if (num_names > 0 && (result->names = calloc(num_names, sizeof(*result->names))) != NULL)
		result->num_names = num_names;
	result->fetched = plan->kept;
	result->num_fetched = plan->num_kept;
	result->wants_retry = mended_mask != chain_judge_everybody(&search->judge) && !pinned && may_be_had_later(plan);
	result->num_signature_checks = search->budget.num_signature_checks;
	result->num_verifications = search->budget.num_verifications;
	result->num_steps = search->budget.num_steps;
	result->num_name_comparisons = search->budget.num_name_comparisons;
}

void mend_result_cleanup(struct mend_result *result)
{
	certificate_list_cleanup(&result->served);
	certificate_list_cleanup(&result->mended);
	for (size_t i = 0; i < result->num_runners_up; i++)
		certificate_list_cleanup(&result->runners_up[i].path);
	free(result->runners_up);
	free(result->stores);
	free(result->names);
	finding_list_cleanup(&result->findings);
	*result = (struct mend_result){0};
}
