#include "proxy/mending/mend_tally.h"

enum { NS_OF_A_MS = 1000000 };

const char *mend_fetch_result_name(enum mend_fetch_result result)
{
	static const char *const names[] = {
#define X(id, word) [id] = (word),
	    MEND_FETCH_RESULTS(X)
#undef X
	};
	return names[result];
}

const char *mend_outcome_name(enum mend_outcome outcome)
{
	static const char *const names[] = {
#define X(id, word) [id] = (word),
	    MEND_OUTCOMES(X)
#undef X
	};
	return names[outcome];
}

const char *mend_bucket_name(size_t bucket)
{
	static const char *const names[] = {
#define X(ms, word) (word),
	    MEND_BUCKETS(X)
#undef X
	};
	return names[bucket];
}

uint64_t mend_tally_count(const struct mend_tally *tally)
{
	uint64_t count = 0;
	for (size_t i = 0; i < NUM_MEND_OUTCOMES; i++)
		count += tally->mends[i];
	return count;
}

static enum mend_fetch_result result_of(bool ok, enum fetch_failure failure)
{
	if (ok)
		return MEND_FETCH_OK;
	switch (failure) {
	case FETCH_FAILURE_REFUSED:
		return MEND_FETCH_REFUSED;
	case FETCH_FAILURE_PAUSED:
		return MEND_FETCH_PAUSED;
	case FETCH_FAILURE_NETWORK:
		break;
	}
	return MEND_FETCH_FAILED;
}

void mend_tally_fetch(struct mend_tally *tally, bool ok, enum fetch_failure failure)
{
	if (tally != NULL)
		tally->fetches[result_of(ok, failure)]++;
}

void mend_tally_mend(struct mend_tally *tally, const struct mend_result *result, uint64_t took_ns)
{
	static const uint64_t bounds_ms[] = {
#define X(ms, word) (ms),
	    MEND_BUCKETS(X)
#undef X
	};
	enum mend_outcome outcome = MEND_OUTCOME_ERROR;

	if (tally == NULL)
		return;
	if (result != NULL) {
		outcome = result->mended_trusted ? MEND_OUTCOME_TRUSTED : MEND_OUTCOME_UNTRUSTED;
		tally->issuers += result->num_fetched;
	}
	tally->mends[outcome]++;
	tally->took_ns += took_ns;
	for (size_t i = 0; i < NUM_MEND_BUCKETS; i++) {
		if (took_ns <= bounds_ms[i] * NS_OF_A_MS)
			tally->at_most[i]++;
	}
}

void mend_tally_step(struct mend_tally *tally, uint64_t waited_ns, uint64_t cpu_ns)
{
	if (tally == NULL)
		return;
	tally->steps++;
	tally->steps_waited_ns += waited_ns;
	tally->steps_cpu_ns += cpu_ns;
}

void mend_tally_refuse(struct mend_tally *tally)
{
	if (tally != NULL)
		tally->verdicts_refused++;
}
