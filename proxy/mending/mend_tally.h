/* mend_tally - counts mends by outcome and duration, and fetches by outcome. Used by the control thread alone. */
#ifndef PROXY_MENDING_MEND_TALLY_H
#define PROXY_MENDING_MEND_TALLY_H

#include "chaincache/mend/mend.h"

/* Upper bounds of the histogram in milliseconds, and in seconds as Prometheus writes them. */
#define MEND_BUCKETS(X)                                                                                                \
	X(1, "0.001")                                                                                                  \
	X(5, "0.005")                                                                                                  \
	X(20, "0.02")                                                                                                  \
	X(100, "0.1")                                                                                                  \
	X(500, "0.5")                                                                                                  \
	X(2000, "2")                                                                                                   \
	X(5000, "5")                                                                                                   \
	X(15000, "15")

#define MEND_FETCH_RESULTS(X)                                                                                          \
	X(MEND_FETCH_OK, "ok")                                                                                         \
	X(MEND_FETCH_FAILED, "failed")                                                                                 \
	X(MEND_FETCH_REFUSED, "refused")                                                                               \
	X(MEND_FETCH_PAUSED, "paused")

#define MEND_OUTCOMES(X)                                                                                               \
	X(MEND_OUTCOME_TRUSTED, "trusted")                                                                             \
	X(MEND_OUTCOME_UNTRUSTED, "untrusted")                                                                         \
	X(MEND_OUTCOME_ERROR, "error")

enum mend_fetch_result {
#define X(id, word) id,
	MEND_FETCH_RESULTS(X)
#undef X
	    NUM_MEND_FETCH_RESULTS
};

enum mend_outcome {
#define X(id, word) id,
	MEND_OUTCOMES(X)
#undef X
	    NUM_MEND_OUTCOMES
};

enum {
#define X(ms, word) MEND_BUCKET_##ms,
	MEND_BUCKETS(X)
#undef X
	    NUM_MEND_BUCKETS
};

struct mend_tally {
	uint64_t fetches[NUM_MEND_FETCH_RESULTS];
	uint64_t issuers; /* fetched, and indeed the issuers that were looked for */
	uint64_t mends[NUM_MEND_OUTCOMES];
	uint64_t took_ns; /* all mends together, fetching included */
	uint64_t at_most[NUM_MEND_BUCKETS]; /* each counts the ones below, too */
	uint64_t steps; /* that ran in threads */
	uint64_t steps_waited_ns; /* for a thread, all together */
	uint64_t steps_cpu_ns; /* CPU time of all together */
	uint64_t verdicts_refused; /* on backends' chains: more was asked than is judged at one time */
};

const char *mend_fetch_result_name(enum mend_fetch_result result);
const char *mend_outcome_name(enum mend_outcome outcome);
const char *mend_bucket_name(size_t bucket);
uint64_t mend_tally_count(const struct mend_tally *tally); /* of all mends */

/* `tally` may be NULL. `failure` is read where the fetch was not ok; `result` is NULL where no mend could be made. */
void mend_tally_fetch(struct mend_tally *tally, bool ok, enum fetch_failure failure);
void mend_tally_mend(struct mend_tally *tally, const struct mend_result *result, uint64_t took_ns);
void mend_tally_step(struct mend_tally *tally, uint64_t waited_ns, uint64_t cpu_ns);
void mend_tally_refuse(struct mend_tally *tally); /* a verdict on a backend's chain */

#endif
