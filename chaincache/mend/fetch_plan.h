/* fetch_plan - the URLs that a mend fetches, their answers, and the issuers that are kept.
 *
 * A certificate that came is kept only if it is a true issuer: its subject is the child's issuer, its key verifies the
 * child's signature, it is a CA; or it is that to one that is kept from the same body (the rest of a PKCS#7).
 */
#ifndef CHAINCACHE_MEND_FETCH_PLAN_H
#define CHAINCACHE_MEND_FETCH_PLAN_H

#include "chaincache/fetching/fetch_failure.h"
#include "chaincache/paths/signature_memo.h"
#include "chaincache/stores/issuer_store.h"

enum fetch_outcome {
	FETCH_PENDING,
	FETCH_KEPT,
	FETCH_FAILED,
	FETCH_REFUSED,
	FETCH_PAUSED,
	FETCH_NOT_A_CERTIFICATE,
	FETCH_WRONG_ISSUER,
	FETCH_NOT_JUDGED, /* it may be the issuer, which cannot be judged here: it is not kept */
};

#define FETCH_DETAIL_CHARS 512
#define MEND_MAX_FETCHES 8 /* a mend */
#define MEND_MAX_FETCH_DEPTH 4 /* fetched issuers of fetched issuers */

struct mend_request {
	const char *url;
	const struct certificate *child; /* whose issuer is wanted */
};

/* A fetched CA certificate that is a true issuer: it goes into the cache. */
struct fetched_issuer {
	const struct certificate *certificate;
	const char *url;
};

struct fetch_attempt {
	char *url; /* owned */
	const struct certificate *child; /* one reference */
	enum fetch_outcome outcome;
	char detail[FETCH_DETAIL_CHARS]; /* why not, in words */
	size_t num_passed_over; /* certificates of the body that were not looked at */
};

struct fetch_plan {
	struct issuer_store *store; /* owned: the kept ones, with SOURCE_FETCHED */
	struct signature_memo *memo;
	struct fetch_attempt attempts[MEND_MAX_FETCHES];
	size_t num_attempts;
	struct mend_request requests[MEND_MAX_FETCHES]; /* the open ones, as they were when they were asked for */
	size_t request_attempt[MEND_MAX_FETCHES]; /* the attempt of each */
	size_t num_requests;
	struct fetched_issuer *kept; /* owned, with one reference each; urls belong to the attempts */
	unsigned *kept_depth; /* how many fetched issuers stand between a kept certificate and what was known */
	size_t num_kept;
	bool over_limit; /* a URL was left out because MEND_MAX_FETCHES or _DEPTH was met */
};

MUST_USE struct error fetch_plan_init(struct fetch_plan *plan, struct signature_memo *memo);
void fetch_plan_cleanup(struct fetch_plan *plan);

/* fetch_plan_ask opens requests for the issuers of `children`, best first: the first usable URL of each, then the
 * second of each, and so on. No URL is asked for twice. Returns how many are open. */
size_t fetch_plan_ask(struct fetch_plan *plan, const struct certificate *const *children, size_t num_children);

/* fetch_plan_pending says whether a request has no answer yet. */
bool fetch_plan_pending(const struct fetch_plan *plan);

/* One answer a request; a second one is ignored. */
void fetch_plan_give_body(struct fetch_plan *plan, size_t index, struct bytes body);
void fetch_plan_give_failure(struct fetch_plan *plan, size_t index, enum fetch_failure failure, const char *detail);

/* fetch_plan_url_of is the URL that gave a kept certificate, NULL when it was not fetched. */
const char *fetch_plan_url_of(const struct fetch_plan *plan, const struct certificate *certificate);

#endif
