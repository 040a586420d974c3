/* mend_result - what a finished mend hands out, put together from the search and the fetches; findings come after. */
#ifndef CHAINCACHE_MEND_MEND_RESULT_H
#define CHAINCACHE_MEND_MEND_RESULT_H

#include "chaincache/mend/fetch_plan.h"
#include "chaincache/mend/mend.h"
#include "chaincache/paths/chain_search.h"

/* mend_result_fill fills a zero-initialised `result`, with room for a verdict on each of the input's names. Should memory run out, the
 * served chain is what goes out, and lists are shorter than they should be. The search and the plan must outlive it. */
void mend_result_fill(struct mend_result *result, struct chain_search *search, const struct fetch_plan *plan,
		      const struct mend_input *input, bool pinned);
void mend_result_cleanup(struct mend_result *result);

#endif
