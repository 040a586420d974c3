#include "chaincache/paths/signature_memo.h"

static const struct signature_answer *recall(const struct signature_memo *memo, const struct certificate *issuer,
					     const struct certificate *child)
{
	for (size_t i = 0; i < memo->count; i++) {
		const struct signature_answer *answer = &memo->answers[i];
		if (memcmp(answer->child, child->sha256, SHA256_BYTES) == 0 &&
		    memcmp(answer->issuer_key, issuer->spki_sha256, SHA256_BYTES) == 0)
			return answer;
	}
	return NULL;
}

static enum signature_verdict verdict_of(struct signature_memo *memo, const struct certificate *issuer,
					 const struct certificate *child)
{
	const struct signature_answer *known = recall(memo, issuer, child);

	if (known != NULL)
		return known->verdict;
	if (memo->ceiling > 0 && memo->count >= memo->ceiling) {
		budget_refuse(memo->budget, "the number of signature checks for the served chain");
		return SIGNATURE_FAILS;
	}
	if (!budget_spend_signature_check(memo->budget))
		return SIGNATURE_FAILS;

	struct signature_answer *answer = &memo->answers[memo->count++];
	memcpy(answer->child, child->sha256, SHA256_BYTES);
	memcpy(answer->issuer_key, issuer->spki_sha256, SHA256_BYTES);
	answer->verdict = issuer_match_ask(issuer, child);
	if (answer->verdict == SIGNATURE_OUT_OF_MEMORY) {
		memo->budget->out_of_memory = true;
		answer->verdict = SIGNATURE_FAILS;
	}
	return answer->verdict;
}

enum signature_verdict signature_memo_ask(struct signature_memo *memo, const struct certificate *issuer,
					  const struct certificate *child)
{
	enum signature_verdict verdict = verdict_of(memo, issuer, child);

	return verdict == SIGNATURE_NOT_JUDGED && !issuer_match_fits(issuer, child) ? SIGNATURE_FAILS : verdict;
}

bool signature_memo_verifies(struct signature_memo *memo, const struct certificate *issuer,
			     const struct certificate *child)
{
	return signature_memo_ask(memo, issuer, child) == SIGNATURE_VERIFIES;
}

bool signature_memo_self_signed(struct signature_memo *memo, const struct certificate *certificate)
{
	return certificate->self_issued && signature_memo_verifies(memo, certificate, certificate);
}

bool signature_memo_self_issued(struct signature_memo *memo, const struct certificate *certificate)
{
	return certificate->self_issued && signature_memo_ask(memo, certificate, certificate) == SIGNATURE_NOT_JUDGED;
}
