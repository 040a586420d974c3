/* mend - the mending of one served chain, as a machine that opens no socket, reads no clock and writes no log.
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

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/certificate/host_name.h"
#include "chaincache/certificate/name_match.h"
#include "chaincache/fetching/fetch_failure.h"
#include "chaincache/mend/finding.h"
#include "chaincache/paths/limits.h"
#include "chaincache/revocation/crl_store.h"
#include "chaincache/stores/issuer_store.h"
#include "chaincache/stores/trust_store.h"

#define MEND_MAX_FETCHES 8 /* a mend */
#define MEND_MAX_FETCH_DEPTH 4 /* fetched issuers of fetched issuers */
#define MEND_TIMEOUT_MS 15000 /* of all fetching of a mend; kept by the driver */
#define MEND_MAX_NAMES 1000

/* Everything is borrowed until mend_free, but what mend_new says it copies. */
struct mend_input {
	const struct certificate_list *served; /* leaf first, as it stands or is sent; at least one (copied) */
	size_t leaf_place; /* where the leaf stood in what was given, before it was put first; 0: it was the first */
	const struct certificate_list *extra; /* further candidates: what a tls backend sends, say; may be NULL (copied) */
	const struct issuer_store *cache; /* may be NULL */
	const struct trust_store_set *stores; /* at least one store, unless ignore_trust */
	const struct host_name *names; /* to be judged (copied); may be NULL */
	size_t num_names;
	const EVP_PKEY *key; /* checked against the leaf; NULL: not judged */
	const struct crl_store *crls; /* that revocation is looked up in; NULL: it is not */
	bool staple_asked; /* the server was asked for an OCSP response, or is known to send none */
	struct bytes staple; /* the response that it sent; empty: none */
	const uint8_t *pin; /* SHA-256 of the leaf's SubjectPublicKeyInfo that is trusted as it is; may be NULL */
	size_t max_chain_bytes; /* 0: no warning */
	int64_t now; /* seconds since 1970: validity is judged as of this time */
	bool offline; /* never asks for a URL */
	bool ignore_trust; /* every other check, but not whether a trusted root is reached */
};

struct mend_request {
	const char *url;
	const struct certificate *child; /* whose issuer is wanted */
};

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

struct store_verdict {
	const char *name; /* borrowed from the trust_store_set */
	bool served_trusted; /* clients of this audience accept the served chain as it is sent */
	bool mended_trusted;
};

struct name_result {
	struct host_name name;
	struct name_match match;
};

/* A path that was found and not chosen. */
struct runner_up {
	struct certificate_list path; /* leaf first, anchor last */
	char why[256]; /* why it lost: "accepted by 1 of 2 stores", "expires first: 2027-01-01 ..." */
};

#define MEND_MAX_RUNNERS_UP 8

/* A CA certificate that a URL gave and that is truly an issuer: to be kept in the cache. */
struct fetched_issuer {
	const struct certificate *certificate;
	const char *url;
};

struct mend_result {
	struct certificate_list served; /* in the order in which it was given, the leaf not always first */
	struct certificate_list mended; /* leaf, then each issuer in turn, without the root */
	const struct certificate *anchor; /* the root that the mended chain ends at, trusted or not; NULL when none is known */
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
	unsigned num_signature_checks; /* of the budgets above, for tests and the log */
	unsigned num_verifications;
	unsigned num_steps;
};

/* mend_result is valid from MEND_DONE until mend_free. */
const struct mend_result *mend_result(const struct mend *mend);

/* mend_exit_status is the exit status of `check` (0, 1 or 2): see the contract, section 2. */
int mend_exit_status(const struct mend_result *result, bool strict);

#endif
