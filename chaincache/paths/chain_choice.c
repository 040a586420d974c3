#include "chaincache/paths/chain_choice.h"

#include <stdio.h>

#include "chaincache/certificate/certificate_words.h"

/* Returns when the first of the chain and its root expires, in seconds since 1970. */
static int64_t first_expiry(const struct chain_candidate *candidate)
{
	int64_t first = candidate->root != NULL ? candidate->root->not_after : INT64_MAX;

	for (size_t i = 0; i < candidate->chain.count; i++)
		if (candidate->chain.items[i].certificate->not_after < first)
			first = candidate->chain.items[i].certificate->not_after;
	return first;
}

static int count_bits(uint32_t mask)
{
	int count = 0;

	for (; mask != 0; mask &= mask - 1)
		count++;
	return count;
}

/* Returns the stores that can be served at all, each by some chain. */
static uint32_t reachable(const struct chain_choice *choice)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < choice->count; i++)
		mask |= choice->candidates[i].mask;
	return mask;
}

/* Prefers the longest chain of served certificates that every reachable store accepts: a cross-sign that older clients
 * need stays. */
static int ownness(const struct chain_choice *choice, const struct chain_candidate *candidate)
{
	if (!candidate->served_only || candidate->mask == 0 || candidate->mask != reachable(choice))
		return 0;
	return (int)candidate->chain.count;
}

static int count_stale(const struct chain_choice *choice, const struct chain_candidate *candidate)
{
	int count = 0;

	for (size_t i = 1; i < candidate->chain.count; i++)
		count += !certificate_valid_at(candidate->chain.items[i].certificate, choice->now);
	return count;
}

/* Ranks a chain that nobody accepts: a good one to an untrusted root before one to a trusted root that is refused. */
static int reach(const struct chain_candidate *candidate)
{
	if (candidate->root == NULL)
		return 0;
	if (candidate->verdict.fault == PATH_GOOD)
		return 3;
	return candidate->chain.end == PATH_END_ANCHOR ? 2 : 1;
}

static int sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

enum criterion {
	BY_AUDIENCES_KEPT,
	BY_AUDIENCES,
	BY_AUDIENCES_NOT_JUDGED,
	BY_OWN_PATH,
	BY_REACH,
	BY_STALENESS,
	BY_SERVED_RUN,
	BY_RUN_LENGTH,
	BY_FIRST_EXPIRY,
	BY_SIZE,
	BY_BYTES,
	CRITERION_COUNT,
};

/* Clients that may accept the served chain, for all that can be judged here, keep a chain that they may accept. */
static bool keeps_audiences(const struct chain_choice *choice, const struct chain_candidate *candidate)
{
	uint32_t lost = choice->served.accept & ~candidate->mask;
	uint32_t perhaps_lost = choice->served.not_judged & ~(candidate->mask | candidate->not_judged);

	return lost == 0 && perhaps_lost == 0;
}

/* Returns below 0 when a is better than b by this criterion. Those from BY_REACH to BY_RUN_LENGTH rank chains that no
 * store accepts: the longest run of true issuers wins, and the served chain is extended rather than replaced. */
static int compare_by(const struct chain_choice *choice, enum criterion criterion, const struct chain_candidate *a,
		      const struct chain_candidate *b)
{
	bool accepted = a->mask != 0;

	switch (criterion) {
	case BY_AUDIENCES_KEPT:
		return keeps_audiences(choice, b) - keeps_audiences(choice, a);
	case BY_AUDIENCES:
		return count_bits(b->mask) - count_bits(a->mask);
	case BY_AUDIENCES_NOT_JUDGED:
		return count_bits(b->not_judged) - count_bits(a->not_judged);
	case BY_OWN_PATH:
		return ownness(choice, b) - ownness(choice, a);
	case BY_REACH:
		return accepted ? 0 : reach(b) - reach(a);
	case BY_STALENESS:
		return accepted ? 0 : count_stale(choice, a) - count_stale(choice, b);
	case BY_SERVED_RUN:
		return accepted ? 0 : b->keeps_served_run - a->keeps_served_run;
	case BY_RUN_LENGTH:
		return accepted || a->root != NULL ? 0 : (int)b->chain.count - (int)a->chain.count;
	case BY_FIRST_EXPIRY:
		return sign(first_expiry(b), first_expiry(a));
	case BY_SIZE:
		return sign((int64_t)path_bytes(&a->chain), (int64_t)path_bytes(&b->chain));
	case BY_BYTES:
		return path_compare_bytes(&a->chain, &b->chain);
	case CRITERION_COUNT:
		break;
	}
	return 0;
}

/* Returns the first criterion by which they differ; CRITERION_COUNT: none. */
static enum criterion decide(const struct chain_choice *choice, const struct chain_candidate *a,
			     const struct chain_candidate *b, int *out_order)
{
	enum criterion criterion = BY_AUDIENCES_KEPT;

	for (; criterion < CRITERION_COUNT; criterion++) {
		*out_order = compare_by(choice, criterion, a, b);
		if (*out_order != 0)
			return criterion;
	}
	return CRITERION_COUNT;
}

const struct chain_candidate *chain_choice_best(const struct chain_choice *choice)
{
	const struct chain_candidate *best = NULL;
	int order = 0;

	for (size_t i = 0; i < choice->count; i++) {
		const struct chain_candidate *candidate = &choice->candidates[i];
		if (!keeps_audiences(choice, candidate))
			continue;
		if (best == NULL || (decide(choice, candidate, best, &order) != CRITERION_COUNT && order < 0))
			best = candidate;
	}
	return best;
}

static void why_not_accepted(const struct chain_candidate *loser, char *out, size_t out_size)
{
	if (loser->root == NULL)
		snprintf(out, out_size, "its end is unknown: no issuer of %s was found",
			 certificate_words_subject(path_last(&loser->chain)).text);
	else if (loser->verdict.fault == PATH_GOOD)
		snprintf(out, out_size, "it ends at %s, which no store trusts",
			 certificate_words_subject(loser->root).text);
	else if (loser->verdict.fault == PATH_NOT_JUDGED)
		snprintf(out, out_size, "whether clients accept it cannot be judged here: at %s %.100s",
			 certificate_words_subject(loser->chain.items[loser->verdict.index].certificate).text,
			 loser->verdict.reason);
	else
		snprintf(out, out_size, "clients refuse it: %.150s", loser->verdict.reason);
}

void chain_choice_why(const struct chain_choice *choice, const struct chain_candidate *winner,
		      const struct chain_candidate *loser, char *out, size_t out_size)
{
	char date[CERTIFICATE_WORDS_DATE_CHARS], other[CERTIFICATE_WORDS_DATE_CHARS];
	int order = 0;

	switch (decide(choice, winner, loser, &order)) {
	case BY_AUDIENCES_KEPT:
		snprintf(out, out_size, "clients that %s the served chain would refuse it",
			 (choice->served.accept & ~loser->mask) != 0 ? "accept" : "may accept");
		return;
	case BY_AUDIENCES:
		if (loser->mask == 0)
			why_not_accepted(loser, out, out_size);
		else
			snprintf(out, out_size, "accepted by fewer trust stores: %d, not %d", count_bits(loser->mask),
				 count_bits(winner->mask));
		return;
	case BY_AUDIENCES_NOT_JUDGED:
		why_not_accepted(loser, out, out_size);
		return;
	case BY_OWN_PATH:
		snprintf(out, out_size, "the served chain's own path is as good and is kept");
		return;
	case BY_REACH:
	case BY_STALENESS:
		why_not_accepted(loser, out, out_size);
		return;
	case BY_SERVED_RUN:
		snprintf(out, out_size, "it does not go on from what is served, and no store accepts it");
		return;
	case BY_RUN_LENGTH:
		snprintf(out, out_size, "it ends earlier, and no store accepts either");
		return;
	case BY_FIRST_EXPIRY:
		snprintf(out, out_size, "expires first: %s, the chosen one %s",
			 certificate_words_date(first_expiry(loser), date),
			 certificate_words_date(first_expiry(winner), other));
		return;
	case BY_SIZE:
		snprintf(out, out_size, "takes more bytes: %zu, not %zu", path_bytes(&loser->chain),
			 path_bytes(&winner->chain));
		return;
	case BY_BYTES:
	case CRITERION_COUNT:
		break;
	}
	snprintf(out, out_size, "as good; the order of bytes decided");
}
