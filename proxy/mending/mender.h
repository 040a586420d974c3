/* mender - mends one chain of the proxy when its turn has come, keeps the issuers that it fetched, and answers once.
 *
 * mender_start answers from the loop, never before it returned. mender_now answers at once.
 */
#ifndef PROXY_MENDING_MENDER_H
#define PROXY_MENDING_MENDER_H

#include "proxy/mending/mend_services.h"

/* A chain to be mended, and what it is judged by. `stores`, `crls` and `key` are referenced, the rest is copied. */
struct mender_question {
	const struct certificate_list *served; /* leaf first, at least one */
	size_t leaf_place; /* where the leaf stood in what was given, 0 for the first */
	const struct certificate_list *extra; /* further candidates; may be NULL */
	struct trust_store_set *stores;
	struct crl_store *crls; /* NULL: revocation is not checked */
	bool no_staple; /* what goes out has no OCSP response with it */
	const struct host_name *names;
	size_t num_names;
	EVP_PKEY *key; /* may be NULL */
	const uint8_t *pin; /* SHA-256 of a SubjectPublicKeyInfo, or NULL */
	size_t max_chain_bytes;
	bool urgent; /* a handshake waits for it: it goes first, however many run */
};

/* `result` is NULL where no mend could be made (`error` says why), and borrowed while the callback runs. */
typedef void mender_answer(void *context, struct error error, const struct mend_result *result);

struct mender;

/* mender_start: NULL when out of memory, and no answer comes. The services keep the fetched issuers before the answer. The
 * mender is no longer the caller's when the answer begins. */
struct mender *mender_start(struct mend_services *services, const struct mender_question *question, void *context,
			    mender_answer *on_answer);

/* mender_cancel frees it; the answer does not come. */
void mender_cancel(struct mender *mender);

/* mender_now mends without fetching, by what is in the cache, and answers before it returns. */
void mender_now(struct mend_services *services, const struct mender_question *question, void *context,
		mender_answer *on_answer);

#endif
