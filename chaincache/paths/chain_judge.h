/* chain_judge - judges whether the clients of one trust store accept a chain as it is sent.
 *
 * The verdict is that of the weakest client: it has the chain and the store alone, neither fetches nor backtracks, and
 * refuses a chain with a CA certificate in it that is not valid today. The leaf's own faults do not count
 * (path_verifier_leaf).
 */
#ifndef CHAINCACHE_PATHS_CHAIN_JUDGE_H
#define CHAINCACHE_PATHS_CHAIN_JUDGE_H

#include "chaincache/paths/issuer_pool.h"
#include "chaincache/paths/path_verifier.h"
#include "chaincache/paths/signature_memo.h"
#include "chaincache/revocation/revocation.h"

struct remembered_verdict {
	uint8_t path[SHA256_BYTES]; /* of the path's certificates' digests */
	struct path_verdict verdict;
};

struct chain_judge {
	const struct issuer_pool *pool;
	struct signature_memo *memo;
	struct revocation *revocation; /* NULL: nothing is known of it */
	bool ignore_trust; /* one audience, which trusts every self-signed certificate that is known */
	struct remembered_verdict verdicts[MEND_MAX_VERIFICATIONS];
	size_t num_verdicts;
};

/* The certificates of a chain in the order in which they are sent, leaf first; borrowed. */
struct sent_chain {
	const struct certificate_entry *items;
	size_t count;
};

enum audience_answer {
	AUDIENCE_ACCEPTS,
	AUDIENCE_REFUSES, /* a path was found and is not good: verdict */
	AUDIENCE_NOT_JUDGED, /* a path was found, and only a client that knows one of its algorithms can say: verdict */
	AUDIENCE_FINDS_STALE, /* `stale` is sent and not valid today */
	AUDIENCE_FINDS_NO_PATH, /* the path's end leads nowhere */
};

/* Of the audiences: bit i stands for audience i. No bit is set in both. */
struct audience_masks {
	uint32_t accept;
	uint32_t not_judged;
};

struct audience_verdict {
	enum audience_answer answer;
	struct path path; /* as far as the client came; its anchor last where it found one */
	struct path_verdict verdict;
	const struct certificate *stale;
};

/* chain_judge_audiences is the number of audiences: the trust stores, or 1 when trust is ignored. */
size_t chain_judge_audiences(const struct chain_judge *judge);

/* chain_judge_everybody is the mask of all audiences. */
uint32_t chain_judge_everybody(const struct chain_judge *judge);

void chain_judge_ask(struct chain_judge *judge, struct sent_chain chain, size_t audience, struct audience_verdict *out);

/* chain_judge_masks asks all audiences. */
struct audience_masks chain_judge_masks(struct chain_judge *judge, struct sent_chain chain);

/* chain_judge_verify verifies one path that ends at its anchor, and looks whether a CA certificate in it was revoked; each
 * path once. */
struct path_verdict chain_judge_verify(struct chain_judge *judge, const struct path *path);

/* chain_judge_own_path follows issuers through the chain alone, without backtracking, and leaves out a self-signed
 * certificate at its end. An issuer that cannot be judged is followed where there is no true one. */
void chain_judge_own_path(struct chain_judge *judge, struct sent_chain chain, struct path *out);

#endif
