#include "chaincache/mend/mend_result.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/paths/chain_search.h"

static struct sent_chain view_of(const struct certificate_list *list)
{
	return (struct sent_chain){list->items, list->count};
}

/* Returns the root at which clients of some store end: that of the store whose path is the longest, the first of
 * these. */
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

/* Says whether the chosen chain goes on from `child` by an issuer that is known to be the true one. */
static bool has_true_issuer(struct chain_search *search, const struct chain_candidate *chosen,
			    const struct certificate *child)
{
	const struct path *chain = &chosen->chain;

	for (size_t i = 0; i < chain->count; i++) {
		if (!certificate_equal(chain->items[i].certificate, child))
			continue;
		const struct certificate *issuer =
		    i + 1 < chain->count ? chain->items[i + 1].certificate : chosen->root;
		return issuer != NULL && signature_memo_verifies(&search->memo, issuer, child);
	}
	return true;
}

/* Says whether it may have issued `child`, and only a client that knows its kind can say. */
static bool may_have_issued(struct chain_search *search, const struct certificate *issuer,
			    const struct certificate *child)
{
	return issuer_match_names(issuer, child) &&
	       signature_memo_ask(&search->memo, issuer, child) == SIGNATURE_NOT_JUDGED;
}

/* Says whether it may have issued a certificate of the chosen chain whose true issuer is not known. */
static bool may_be_an_issuer(struct chain_search *search, const struct chain_candidate *chosen,
			     const struct certificate *certificate)
{
	for (size_t i = 0; i < chosen->chain.count; i++) {
		const struct certificate *child = chosen->chain.items[i].certificate;
		if (may_have_issued(search, certificate, child) && !has_true_issuer(search, chosen, child))
			return true;
	}
	return false;
}

/* Inserts the served certificate at `place` after those of the list that are served before it, and after one that it
 * may have issued. */
static struct error insert_served(struct chain_search *search, size_t place, struct certificate_list *out)
{
	const struct certificate_list *served = search->pool.served;
	const struct certificate *issuer = served->items[place].certificate;
	size_t behind = 0;
	struct error error = certificate_list_append(out, issuer, served->items[place].source);

	if (failed(error))
		return error;
	while (behind + 1 < out->count && !may_have_issued(search, issuer, out->items[behind].certificate))
		behind++;
	behind = behind + 1 < out->count ? behind + 1 : 0;
	for (size_t i = 0; i < place; i++)
		for (size_t k = behind; k + 1 < out->count; k++)
			if (certificate_equal(out->items[k].certificate, served->items[i].certificate))
				behind = k + 1;
	struct certificate_entry entry = out->items[out->count - 1];
	memmove(out->items + behind + 1, out->items + behind, (out->count - 1 - behind) * sizeof(*out->items));
	out->items[behind] = entry;
	return error;
}

static bool is_valid_twin(const struct chain_search *search, const struct certificate *twin,
			  const struct certificate *stale)
{
	return certificate_valid_at(twin, search->pool.now) && certificate_same_entity(twin, stale);
}

/* Whether `served` is out of its validity, and the chosen root or another served certificate certifies the same key for
 * the same name and is valid: clients refuse what is stale, and have the other. */
static bool has_valid_twin(const struct chain_search *search, const struct chain_candidate *chosen,
			   const struct certificate *served)
{
	const struct certificate_list *all = search->pool.served;

	if (certificate_valid_at(served, search->pool.now))
		return false;
	if (chosen->root != NULL && is_valid_twin(search, chosen->root, served))
		return true;
	for (size_t i = 1; i < all->count; i++)
		if (is_valid_twin(search, all->items[i].certificate, served))
			return true;
	return false;
}

/* Two served issuers that cannot be told apart both stay: one of them is the true one. */
static struct error keep_possible_issuers(struct chain_search *search, const struct chain_candidate *chosen,
					  struct certificate_list *out)
{
	const struct certificate_list *served = search->pool.served;
	struct error error = error_none();

	for (size_t i = 1; i < served->count && !failed(error); i++)
		if (!certificate_list_contains(out, served->items[i].certificate) &&
		    (chosen->root == NULL || !certificate_equal(chosen->root, served->items[i].certificate)) &&
		    !has_valid_twin(search, chosen, served->items[i].certificate) &&
		    may_be_an_issuer(search, chosen, served->items[i].certificate))
			error = insert_served(search, i, out);
	return error;
}

static struct error list_chosen(struct chain_search *search, const struct chain_candidate *chosen,
				struct certificate_list *out)
{
	struct error error = path_to_list(&chosen->chain, out);

	return failed(error) ? error : keep_possible_issuers(search, chosen, out);
}

static struct error set_chain(struct mend_result *result, struct chain_search *search,
			      const struct chain_candidate *chosen)
{
	struct error error = chosen != NULL ? list_chosen(search, chosen, &result->mended)
					    : certificate_list_copy(&result->mended, search->pool.served);

	if (failed(error))
		return error;
	result->anchor = find_anchor(search, &result->mended);
	if (result->anchor == NULL && chosen != NULL)
		result->anchor = chosen->root;
	result->changed = !certificate_list_equal(&result->served, &result->mended);
	result->first_expiry = INT64_MAX;
	for (size_t i = 0; i < result->mended.count; i++)
		if (result->mended.items[i].certificate->not_after < result->first_expiry)
			result->first_expiry = result->mended.items[i].certificate->not_after;
	return error;
}

static const char no_room[] = "keep the result of a mend";

static struct error set_stores(struct mend_result *result, const struct chain_search *search,
			       struct audience_masks served, struct audience_masks mended)
{
	const struct trust_store_set *stores = search->judge.ignore_trust ? NULL : search->pool.stores;
	size_t count = stores != NULL ? trust_store_set_count(stores) : 0;

	if (count == 0)
		return error_none();
	result->stores = calloc(count, sizeof(*result->stores));
	if (result->stores == NULL)
		return error_of(ERROR_MEMORY, 0, no_room);
	for (size_t i = 0; i < count; i++)
		result->stores[i] = (struct store_verdict){.name = trust_store_set_name(stores, i),
							   .served_trusted = (served.accept >> i & 1) != 0,
							   .mended_trusted = (mended.accept >> i & 1) != 0,
							   .served_judged = (served.not_judged >> i & 1) == 0,
							   .mended_judged = (mended.not_judged >> i & 1) == 0};
	result->num_stores = count;
	return error_none();
}

/* Returns the verdicts of real clients: the leaf's own faults, which the choice does not look at, count here. */
static struct audience_masks of_real_clients(struct audience_masks masks, unsigned faults)
{
	if ((faults & ~(unsigned)LEAF_KEY_NOT_JUDGED) != 0)
		return (struct audience_masks){0};
	if (faults != 0)
		return (struct audience_masks){.not_judged = masks.accept | masks.not_judged};
	return masks;
}

static struct error set_trust(struct mend_result *result, struct chain_search *search, struct audience_masks mended,
			      const struct mend_input *input, bool pinned)
{
	uint32_t everybody = chain_judge_everybody(&search->judge);
	bool anchor_itself = result->anchor != NULL && certificate_equal(result->anchor, path_leaf(&search->own));
	unsigned faults = search->leaf_faults;

	/* Nobody checks the signature on a certificate that is the anchor. */
	if (anchor_itself)
		faults &= ~(unsigned)LEAF_WEAK_SIGNATURE;
	struct audience_masks served = of_real_clients(search->served, faults);
	/* Clients take the first certificate for the server's own. */
	if (input->leaf_place > 0 && input->leaf_place < input->served->count)
		served = (struct audience_masks){0};
	mended = of_real_clients(mended, faults);
	result->served_trusted = pinned || served.accept == everybody;
	result->mended_trusted = pinned || mended.accept == everybody;
	return set_stores(result, search, served, mended);
}

static int compare_for_runners_up(const struct chain_choice *choice, const struct chain_candidate *a,
				  const struct chain_candidate *b)
{
	const struct chain_candidate pair[] = {*a, *b};
	struct chain_choice duel = {.candidates = pair, .count = 2, .now = choice->now};

	return chain_choice_best(&duel) == &pair[0] ? -1 : 1;
}

/* Returns the best candidate that is not in `taken`. */
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

static struct error fill_runner_up(struct runner_up *out, const struct chain_choice *choice,
				   const struct chain_candidate *winner, const struct chain_candidate *loser)
{
	struct error error = path_to_list(&loser->chain, &out->path);

	if (!failed(error) && loser->root != NULL && !path_contains(&loser->chain, loser->root))
		error = certificate_list_append(&out->path, loser->root, loser->root_source);
	if (failed(error))
		certificate_list_cleanup(&out->path);
	else
		chain_choice_why(choice, winner, loser, out->why, sizeof(out->why));
	return error;
}

static struct error set_runners_up(struct mend_result *result, const struct chain_search *search,
				   const struct chain_candidate *winner)
{
	struct chain_choice choice = chain_search_choice(search);
	const struct chain_candidate *taken[MEND_MAX_RUNNERS_UP + 1] = {winner};
	size_t num_taken = 1;
	struct error error = error_none();

	if (winner == NULL)
		return error;
	result->runners_up = calloc(MEND_MAX_RUNNERS_UP, sizeof(*result->runners_up));
	if (result->runners_up == NULL)
		return error_of(ERROR_MEMORY, 0, no_room);
	while (result->num_runners_up < MEND_MAX_RUNNERS_UP) {
		const struct chain_candidate *loser = next_best(&choice, taken, num_taken);
		if (loser == NULL)
			break;
		error = fill_runner_up(&result->runners_up[result->num_runners_up], &choice, winner, loser);
		if (failed(error))
			break;
		result->num_runners_up++;
		taken[num_taken++] = loser;
	}
	return error;
}

static struct error set_names(struct mend_result *result, const struct mend_input *input)
{
	if (input->num_names == 0)
		return error_none();
	result->names = calloc(input->num_names, sizeof(*result->names));
	if (result->names == NULL)
		return error_of(ERROR_MEMORY, 0, no_room);
	result->num_names = input->num_names;
	return error_none();
}

/* A later answer may be another one. But a refusal stays until the policy is changed, and an issuer that cannot be
 * judged is the one that was asked for. */
static bool may_be_had_later(const struct fetch_plan *plan)
{
	for (size_t i = 0; i < plan->num_attempts; i++)
		if (plan->attempts[i].outcome != FETCH_KEPT && plan->attempts[i].outcome != FETCH_REFUSED &&
		    plan->attempts[i].outcome != FETCH_NOT_JUDGED)
			return true;
	return false;
}

/* Copies the served chain as it was given, with the leaf in its former place. */
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

struct error mend_result_fill(struct mend_result *result, struct chain_search *search, const struct fetch_plan *plan,
			      const struct mend_input *input, bool pinned)
{
	const struct chain_candidate *chosen = chain_search_best(search);
	struct audience_masks mended = chain_search_masks(search, chosen);
	struct error error = copy_as_given(input, &result->served);

	if (!failed(error))
		error = set_chain(result, search, chosen);
	if (!failed(error))
		error = set_trust(result, search, mended, input, pinned);
	if (!failed(error))
		error = set_runners_up(result, search, chosen);
	if (!failed(error))
		error = set_names(result, input);
	result->fetched = plan->kept;
	result->num_fetched = plan->num_kept;
	result->wants_retry = (mended.accept | mended.not_judged) != chain_judge_everybody(&search->judge) && !pinned &&
			      may_be_had_later(plan);
	result->num_signature_checks = search->budget.num_signature_checks;
	result->num_verifications = search->budget.num_verifications;
	result->num_steps = search->budget.num_steps;
	result->num_name_comparisons = search->budget.num_name_comparisons;
	return error;
}

void mend_result_fail(struct mend_result *result, struct error error, struct certificate_list *take_served,
		      struct certificate_list *take_mended)
{
	mend_result_cleanup(result);
	result->error = error;
	result->served = *take_served;
	result->mended = *take_mended;
	*take_served = *take_mended = (struct certificate_list){0};
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
