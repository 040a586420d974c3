#include "chaincache/paths/signature_memo.h"

#include "chaincache/certificate/issuer_match.h"

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

bool signature_memo_verifies(struct signature_memo *memo, const struct certificate *issuer,
			     const struct certificate *child)
{
	const struct signature_answer *known = recall(memo, issuer, child);

	if (known != NULL)
		return known->verifies;
	if (memo->ceiling > 0 && memo->count >= memo->ceiling) {
		budget_refuse(memo->budget, "the number of signature checks for the served chain");
		return false;
	}
	if (!budget_spend_signature_check(memo->budget))
		return false;

	struct signature_answer *answer = &memo->answers[memo->count++];
	memcpy(answer->child, child->sha256, SHA256_BYTES);
	memcpy(answer->issuer_key, issuer->spki_sha256, SHA256_BYTES);
	answer->verifies = issuer_match_signature(issuer, child);
	return answer->verifies;
}

bool signature_memo_self_signed(struct signature_memo *memo, const struct certificate *certificate)
{
	return certificate->self_issued && signature_memo_verifies(memo, certificate, certificate);
}
