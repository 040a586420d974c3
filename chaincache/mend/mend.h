/* mend - mends one served chain, as a state machine that opens no socket, reads no clock and writes no log.
 *
 *	mend_new -> mend_advance -> MEND_WANT_URLS: fetch what mend_requests names, side by side, give each answer
 *	                            exactly once (mend_give_body or mend_give_failure), then mend_advance again
 *	                         -> MEND_DONE: mend_result
 *
 * Gather, discover, verify, choose, never make it worse, write down (the order of the contract's section 4). The result
 * depends on the input alone, not on the order of its candidates.
 */
#ifndef CHAINCACHE_MEND_MEND_H
#define CHAINCACHE_MEND_MEND_H

#include "chaincache/mend/fetch_plan.h"
#include "chaincache/mend/mend_input.h"
#include "chaincache/mend/mend_result.h"

#define MEND_TIMEOUT_MS 15000 /* of all fetching of a mend; kept by the driver */

enum mend_state { MEND_WANT_URLS, MEND_DONE };

struct mend;

MUST_USE struct error mend_new(const struct mend_input *input, struct mend **out);
void mend_free(struct mend *mend);

/* mend_advance does all work that needs no answer. It may be called again at any time; the driver that runs out of time
 * fails the open requests and calls it once more. */
enum mend_state mend_advance(struct mend *mend);

/* mend_requests: the requests that are open in MEND_WANT_URLS; valid until the next mend_advance. */
const struct mend_request *mend_requests(const struct mend *mend, size_t *out_count);

/* One answer a request, `index` into mend_requests. `detail` is a short reason in words ("timed out after 5 s"). */
void mend_give_body(struct mend *mend, size_t index, struct bytes body);
void mend_give_failure(struct mend *mend, size_t index, enum fetch_failure failure, const char *detail);

/* mend_result is valid from MEND_DONE until mend_free. Its `error` is to be looked at first. */
const struct mend_result *mend_result(const struct mend *mend);

/* mend_findings are those of the result, for what its driver alone knows; from MEND_DONE until mend_free. */
struct finding_list *mend_findings(struct mend *mend);

/* mend_exit_status is the exit status of `check`: see the contract, section 2. 3 where nothing could be judged
 * (result->error). Findings that were dropped count as those that were kept. */
int mend_exit_status(const struct mend_result *result, bool strict);

#endif
