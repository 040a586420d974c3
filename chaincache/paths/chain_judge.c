#include "chaincache/paths/chain_judge.h"

#include <openssl/sha.h>

size_t chain_judge_audiences(const struct chain_judge *judge)
{
	if (judge->ignore_trust)
		return 1;
	return judge->pool->stores != NULL ? trust_store_set_count(judge->pool->stores) : 0;
}

uint32_t chain_judge_everybody(const struct chain_judge *judge)
{
	size_t count = chain_judge_audiences(judge);

	return count >= 32 ? UINT32_MAX : ((uint32_t)1 << count) - 1;
}

static void digest_path(const struct path *path, uint8_t out[SHA256_BYTES])
{
	SHA256_CTX context;

	SHA256_Init(&context);
	for (size_t i = 0; i < path->count; i++)
		SHA256_Update(&context, path->items[i].certificate->sha256, SHA256_BYTES);
	SHA256_Final(out, &context);
}

/* Checks all between leaf and anchor: a revoked leaf is a fault of its own, and an anchor is trusted as it is. */
static struct path_verdict check_revocation(const struct chain_judge *judge, const struct path *path,
					    struct path_verdict verdict)
{
	if (judge->revocation == NULL || (verdict.fault != PATH_GOOD && verdict.fault != PATH_NOT_JUDGED))
		return verdict;
	for (size_t i = 1; i + 1 < path->count; i++) {
		struct revocation_answer answer =
		    revocation_look(judge->revocation, path->items[i].certificate, path->items[i + 1].certificate);
		if (answer.status == REVOCATION_REVOKED)
			return (struct path_verdict){PATH_REVOKED, i, "it was revoked by its issuer"};
	}
	return verdict;
}

struct path_verdict chain_judge_verify(struct chain_judge *judge, const struct path *path)
{
	uint8_t digest[SHA256_BYTES];

	digest_path(path, digest);
	for (size_t i = 0; i < judge->num_verdicts; i++)
		if (memcmp(judge->verdicts[i].path, digest, SHA256_BYTES) == 0)
			return judge->verdicts[i].verdict;
	struct path_cost cost = path_verifier_cost(path);
	if (!budget_spend_path(judge->memo->budget, cost.signature_work, cost.num_name_comparisons))
		return (struct path_verdict){PATH_REFUSED, path->count - 1, "too many paths were verified before it"};

	struct remembered_verdict *remembered = &judge->verdicts[judge->num_verdicts++];
	memcpy(remembered->path, digest, SHA256_BYTES);
	remembered->verdict =
	    check_revocation(judge, path, path_verifier_verify(path, judge->pool->purpose, judge->pool->now));
	if (remembered->verdict.fault == PATH_OUT_OF_MEMORY)
		judge->memo->budget->out_of_memory = true;
	return remembered->verdict;
}

/* Says whether a client that has both issuers of `child` in its store uses `a`. */
static bool better_anchor(const struct chain_judge *judge, const struct certificate *a, const struct certificate *b,
			  const struct certificate *child)
{
	bool a_valid = certificate_valid_at(a, judge->pool->now), b_valid = certificate_valid_at(b, judge->pool->now);
	enum key_id_fit a_fit = issuer_match_key_id(a, child), b_fit = issuer_match_key_id(b, child);

	if (a_valid != b_valid)
		return a_valid;
	if (a_fit != b_fit)
		return a_fit > b_fit;
	if (a->not_after != b->not_after)
		return a->not_after > b->not_after;
	return certificate_compare_bytes(a, b) < 0;
}

/* An issuer of a path's last certificate: the best one that was seen. */
struct found_issuer {
	const struct certificate *certificate; /* NULL: none */
	enum signature_verdict verdict;
};

static void consider_issuer(struct chain_judge *judge, const struct certificate *candidate, const struct path *path,
			    struct found_issuer *best)
{
	const struct certificate *child = path_last(path);
	bool may_be_best = best->certificate == NULL || best->verdict != SIGNATURE_VERIFIES ||
			   better_anchor(judge, candidate, best->certificate, child);

	if (!may_be_best || path_would_loop(path, candidate))
		return;
	enum signature_verdict verdict = signature_memo_ask(judge->memo, candidate, child);
	if (verdict == SIGNATURE_FAILS || verdict < best->verdict)
		return;
	if (best->certificate == NULL || verdict > best->verdict ||
	    better_anchor(judge, candidate, best->certificate, child))
		*best = (struct found_issuer){candidate, verdict};
}

static bool store_holds(const struct chain_judge *judge, size_t audience, const struct certificate *certificate)
{
	return (trust_store_set_mask(judge->pool->stores, certificate) >> audience & 1) != 0;
}

static struct found_issuer anchor_in_store(struct chain_judge *judge, size_t audience, const struct path *path)
{
	struct found_issuer best = {0};
	const struct certificate *root;
	size_t cursor = 0;

	while ((root = trust_store_set_next(judge->pool->stores, path_last(path), &cursor)) != NULL)
		if (store_holds(judge, audience, root))
			consider_issuer(judge, root, path, &best);
	return best;
}

static struct found_issuer any_root(struct chain_judge *judge, const struct path *path)
{
	struct found_issuer best = {0};
	struct issuer_candidates candidates = {0};

	if (failed(issuer_pool_find(judge->pool, path_last(path), path->count - 1, &candidates)))
		judge->memo->budget->out_of_memory = true;
	else
		for (size_t i = 0; i < candidates.count; i++) {
			const struct certificate *root = candidates.items[i].entry.certificate;
			if (candidates.items[i].anchor || signature_memo_self_signed(judge->memo, root) ||
			    signature_memo_self_issued(judge->memo, root))
				consider_issuer(judge, root, path, &best);
		}
	issuer_candidates_cleanup(&candidates);
	return best;
}

static bool ends_here(struct chain_judge *judge, size_t audience, const struct certificate *leaf)
{
	if (judge->ignore_trust)
		return issuer_pool_trusts(judge->pool, leaf) || signature_memo_self_signed(judge->memo, leaf);
	return store_holds(judge, audience, leaf);
}

/* Pushes the first certificate of the chain that issued the path's last one, as `verdict` says, wherever it is sent. */
static bool push_sent_issuer(struct chain_judge *judge, struct sent_chain chain, enum signature_verdict verdict,
			     struct path *path)
{
	for (size_t i = 0; i < chain.count; i++) {
		const struct certificate *issuer = chain.items[i].certificate;
		if (issuer_match_names(issuer, path_last(path)) && !path_would_loop(path, issuer) &&
		    signature_memo_ask(judge->memo, issuer, path_last(path)) == verdict)
			return path_push(path, chain.items[i]);
	}
	return false;
}

/* Whether a certificate with the issuer's name and another key is sent before the true issuer, and no key identifier tells
 * them apart: OpenSSL and GnuTLS take the first that fits, and do not look for another when its key verifies nothing. */
static bool meets_namesake(struct chain_judge *judge, struct sent_chain chain, const struct path *path)
{
	const struct certificate *child = path_last(path);

	for (size_t i = 0; i < chain.count; i++) {
		const struct certificate *issuer = chain.items[i].certificate;
		if (!issuer_match_names(issuer, child) || path_would_loop(path, issuer) ||
		    !certificate_valid_at(issuer, judge->pool->now))
			continue;
		enum signature_verdict verdict = signature_memo_ask(judge->memo, issuer, child);
		if (verdict != SIGNATURE_FAILS)
			return false;
		if (issuer_match_fits(issuer, child))
			return true;
	}
	return false;
}

/* Prefers a true issuer to one that cannot be judged, and a root to one that is sent. */
static bool find_path(struct chain_judge *judge, struct sent_chain chain, size_t audience, struct path *path)
{
	path_push(path, chain.items[0]);
	if (ends_here(judge, audience, path_leaf(path)))
		return true;
	for (;;) {
		struct found_issuer anchor =
		    judge->ignore_trust ? any_root(judge, path) : anchor_in_store(judge, audience, path);
		if (anchor.verdict != SIGNATURE_VERIFIES && meets_namesake(judge, chain, path))
			return false;
		if (anchor.verdict != SIGNATURE_VERIFIES && push_sent_issuer(judge, chain, SIGNATURE_VERIFIES, path))
			continue;
		if (anchor.certificate != NULL)
			return path_push(path, (struct certificate_entry){anchor.certificate, SOURCE_ROOTS});
		if (!push_sent_issuer(judge, chain, SIGNATURE_NOT_JUDGED, path))
			return false;
	}
}

static enum audience_answer answer_of(struct path_verdict verdict)
{
	switch (verdict.fault) {
	case PATH_GOOD:
		return AUDIENCE_ACCEPTS;
	case PATH_NOT_JUDGED:
		return AUDIENCE_NOT_JUDGED;
	default:
		return AUDIENCE_REFUSES;
	}
}

static const struct certificate *find_stale(struct sent_chain chain, int64_t now)
{
	for (size_t i = 1; i < chain.count; i++)
		if (!certificate_valid_at(chain.items[i].certificate, now) &&
		    !certificate_equal(chain.items[i].certificate, chain.items[0].certificate))
			return chain.items[i].certificate;
	return NULL;
}

void chain_judge_ask(struct chain_judge *judge, struct sent_chain chain, size_t audience, struct audience_verdict *out)
{
	*out = (struct audience_verdict){.answer = AUDIENCE_FINDS_NO_PATH};
	bool found = find_path(judge, chain, audience, &out->path);

	out->stale = find_stale(chain, judge->pool->now);
	if (found)
		out->verdict = chain_judge_verify(judge, &out->path);
	if (out->stale != NULL)
		out->answer = AUDIENCE_FINDS_STALE;
	else if (found)
		out->answer = answer_of(out->verdict);
}

struct audience_masks chain_judge_masks(struct chain_judge *judge, struct sent_chain chain)
{
	struct audience_masks masks = {0};
	struct audience_verdict verdict;

	for (size_t i = 0; i < chain_judge_audiences(judge); i++) {
		chain_judge_ask(judge, chain, i, &verdict);
		if (verdict.answer == AUDIENCE_ACCEPTS)
			masks.accept |= (uint32_t)1 << i;
		else if (verdict.answer == AUDIENCE_NOT_JUDGED)
			masks.not_judged |= (uint32_t)1 << i;
	}
	return masks;
}

void chain_judge_own_path(struct chain_judge *judge, struct sent_chain chain, struct path *out)
{
	*out = (struct path){.end = PATH_END_DEAD};
	path_push(out, chain.items[0]);
	while (!signature_memo_self_signed(judge->memo, path_last(out)) &&
	       !signature_memo_self_issued(judge->memo, path_last(out)) &&
	       (push_sent_issuer(judge, chain, SIGNATURE_VERIFIES, out) ||
		push_sent_issuer(judge, chain, SIGNATURE_NOT_JUDGED, out)))
		continue;
	if (out->count > 1 && signature_memo_self_signed(judge->memo, path_last(out)))
		out->count--;
}
