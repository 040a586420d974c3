/* mend_result - the result of a mend: both chains, the verdict of each trust store on them, and the findings. */
#ifndef CHAINCACHE_MEND_MEND_RESULT_H
#define CHAINCACHE_MEND_MEND_RESULT_H

#include "chaincache/mend/coverage.h"
#include "chaincache/mend/fetch_plan.h"
#include "chaincache/mend/finding.h"
#include "chaincache/mend/mend_input.h"

#define MEND_MAX_RUNNERS_UP 8

struct chain_search;

struct store_verdict {
	const char *name; /* borrowed from the trust_store_set */
	bool served_trusted; /* clients of this audience accept the served chain as it is sent */
	bool mended_trusted;
	bool served_judged; /* false: whether they accept it cannot be judged here, and it does not count as trusted */
	bool mended_judged;
};

/* A path that was found and not chosen. */
struct runner_up {
	struct certificate_list path; /* leaf first, anchor last */
	char why[384]; /* why it lost: "accepted by 1 of 2 stores", "expires first: 2027-01-01 ..." */
};

struct mend_result {
	struct error
	    error; /* ERROR_MEMORY: it could not be judged; `mended` is what is served, and there is no finding */
	struct certificate_list served; /* in the order in which it was given, the leaf not always first */
	struct certificate_list mended; /* leaf, then each issuer in turn, without the root */
	const struct certificate *anchor; /* the root that `mended` ends at, trusted or not; NULL: none is known */
	bool changed; /* mended differs from served */
	bool served_trusted; /* all stores (ignore_trust: the chain is complete up to a self-signed certificate) */
	bool mended_trusted;
	struct store_verdict *stores;
	size_t num_stores;
	struct name_result *names;
	size_t num_names;
	struct finding_list findings;
	struct runner_up *runners_up;
	size_t num_runners_up;
	struct fetched_issuer *fetched;
	size_t num_fetched;
	bool wants_retry; /* something could not be fetched that may be had later */
	int64_t first_expiry; /* of the mended chain, seconds since 1970 */
	unsigned num_signature_checks; /* spent of the budget, for tests and the log */
	unsigned num_verifications;
	unsigned num_steps;
	size_t num_name_comparisons;
};

/* mend_result_fill fills a zero-initialised `result` from the search and the fetches, with room for a verdict on each
 * of the input's names; the caller adds the findings. After an error, call mend_result_fail. The search and the plan
 * must outlive it. */
MUST_USE struct error mend_result_fill(struct mend_result *result, struct chain_search *search,
				       const struct fetch_plan *plan, const struct mend_input *input, bool pinned);

/* mend_result_fail leaves nothing but the error and the chains, both as they are served. It takes the contents of the
 * lists and allocates nothing. */
void mend_result_fail(struct mend_result *result, struct error error, struct certificate_list *take_served,
		      struct certificate_list *take_mended);
void mend_result_cleanup(struct mend_result *result);

#endif
