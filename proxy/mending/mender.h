/* mender - mends one chain of the proxy when its turn has come, tries it out, keeps the issuers that it fetched, and
 * answers once.
 *
 * mender_start does all that costs time in the services' threads, and answers from the loop, never before it returned.
 * mender_now answers at once, for a look without a loop.
 */
#ifndef PROXY_MENDING_MENDER_H
#define PROXY_MENDING_MENDER_H

#include "proxy/mending/mend_services.h"

/* A chain to be mended, and what it is judged by. `stores`, `crls` and keys are referenced, the rest is copied. */
struct mender_question {
	const struct certificate_list *served; /* leaf first, at least one */
	size_t leaf_place; /* where the leaf stood in what was given, 0 for the first */
	const struct certificate_list *extra; /* further candidates; may be NULL */
	struct trust_store_set *stores;
	struct crl_store *crls; /* NULL: revocation is not checked */
	bool no_staple; /* no OCSP response is sent with the chain */
	enum certificate_purpose purpose; /* of a client certificate, the stores are not asked */
	const struct host_name *names;
	size_t num_names;
	EVP_PKEY *key; /* may be NULL */
	const uint8_t *pin; /* SHA-256 of a SubjectPublicKeyInfo, or NULL */
	size_t max_chain_bytes;
	/* The mended chain would replace it, and is tried against it unless it is revoked (chain_trial.h): the same leaf.
	 * NULL: no trial. */
	const struct certificate_list *former;
	bool ignores_key_usage; /* of the leaf: the handshake judges it */
	bool offline; /* nothing is fetched */
	bool urgent; /* a handshake waits for it: it starts at once, however many run */
	struct pool_share *share; /* of the threads' time; referenced; NULL: the pool's own */
};

/* The answer; borrowed while the callback runs. */
struct mender_outcome {
	struct error error; /* why no mend could be made; `result` is NULL then */
	const struct mend_result *result;
	struct error untried; /* why the chain could not be tried out */
	const char *lost_store; /* by the trial; NULL: none */
};

typedef void mender_answer(void *context, const struct mender_outcome *outcome);

struct mender;

/* mender_start: NULL when out of memory, or when an offline mend could not be made: no answer comes. The services keep the
 * fetched issuers before the answer. The mender is no longer the caller's when the answer begins. */
struct mender *mender_start(struct mend_services *services, const struct mender_question *question, void *context,
			    mender_answer *on_answer);

/* mender_cancel: the answer does not come. It is freed now, or when a step that runs in a thread has ended; the services
 * may be freed before. */
void mender_cancel(struct mender *mender);

/* mender_now mends without fetching, by what is in the cache, and answers before it returns. */
void mender_now(struct mend_services *services, const struct mender_question *question, void *context,
		mender_answer *on_answer);

/* mender_is_revoked says whether the mend found a certificate of this chain to be revoked. */
bool mender_is_revoked(const struct certificate_list *chain, const struct mend_result *result);

#endif
