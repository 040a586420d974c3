/* mend_result - what a finished mend hands out, put together from the search and the fetches; findings come after. */
#ifndef CHAINCACHE_MEND_RESULT_H
#define CHAINCACHE_MEND_RESULT_H

#include "chaincache/chain_search.h"
#include "chaincache/fetch_plan.h"
#include "chaincache/mend.h"

/* mend_result_fill fills a zero-initialised `result`, with room for `num_names` verdicts. Should memory run out, the
 * served chain is what goes out, and lists are shorter than they should be. The search and the plan must outlive it. */
void mend_result_fill(struct mend_result *result, struct chain_search *search, const struct fetch_plan *plan,
		      bool pinned, size_t num_names);
void mend_result_cleanup(struct mend_result *result);

#endif
