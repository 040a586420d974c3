/* signature_memo - remembers whether a key verifies a certificate's signature: each pair is checked once a mend.
 *
 * Remembered by the certificate and the issuer's key: cross-signed and renewed twins of an issuer share one answer.
 */
#ifndef CHAINCACHE_PATHS_SIGNATURE_MEMO_H
#define CHAINCACHE_PATHS_SIGNATURE_MEMO_H

#include "chaincache/certificate/issuer_match.h"
#include "chaincache/paths/budget.h"

struct signature_answer {
	uint8_t child[SHA256_BYTES];
	uint8_t issuer_key[SHA256_BYTES];
	enum signature_verdict verdict;
};

/* Zero-initialised is valid and empty, once `budget` is set. Holds always: count is the budget's signature checks. */
struct signature_memo {
	struct budget *budget; /* borrowed */
	struct signature_answer answers[MEND_MAX_SIGNATURE_CHECKS];
	size_t count;
	size_t ceiling; /* answers that may be there before a new question is refused; 0: all of them */
};

/* signature_memo_ask says whether issuer's key verifies child's signature; names are not compared. SIGNATURE_NOT_JUDGED
 * only where nothing else speaks against the issuer (issuer_match_fits). A question above the budget is answered with
 * SIGNATURE_FAILS, and the budget remembers. */
enum signature_verdict signature_memo_ask(struct signature_memo *memo, const struct certificate *issuer,
					  const struct certificate *child);

/* signature_memo_verifies: whether signature_memo_ask says SIGNATURE_VERIFIES. */
bool signature_memo_verifies(struct signature_memo *memo, const struct certificate *issuer,
			     const struct certificate *child);

/* signature_memo_self_signed: self-issued, and verified by its own key. */
bool signature_memo_self_signed(struct signature_memo *memo, const struct certificate *certificate);

/* signature_memo_self_issued: self-issued, and whether its own key verifies it cannot be judged. */
bool signature_memo_self_issued(struct signature_memo *memo, const struct certificate *certificate);

#endif
