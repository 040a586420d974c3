/* mender - mends one chain of the proxy when its turn has come, keeps what was fetched, and hands out the result once.
 *
 * mender_start answers from the loop, never before it returned. mender_now answers at once, without fetching.
 */
#ifndef PROXY_MENDING_MENDER_H
#define PROXY_MENDING_MENDER_H

#include "proxy/mending/mend_services.h"

/* What is to be mended, and by what it is judged. All but `stores`, `crls` and `key` is copied; those are referenced. */
struct mender_question {
	const struct certificate_list *served; /* leaf first, at least one */
	size_t leaf_place; /* where the leaf stood in what was given, 0 for the first */
	const struct certificate_list *extra; /* further candidates; may be NULL */
	struct trust_store_set *stores;
	struct crl_store *crls; /* NULL: revocation is not looked at */
	bool no_staple; /* what goes out has no OCSP response with it */
	const struct host_name *names;
	size_t num_names;
	EVP_PKEY *key; /* may be NULL */
	const uint8_t *pin; /* SHA-256 of a SubjectPublicKeyInfo, or NULL */
	size_t max_chain_bytes;
	bool urgent; /* a handshake waits for it: it does not wait for its turn */
};

/* `result` is NULL when the mend could not even be made (`error` says why), and borrowed while the callback runs. */
typedef void mender_answer(void *context, struct error error, const struct mend_result *result);

struct mender;

/* mender_start: NULL when out of memory, and no answer comes. Fetched issuers are kept by the services before the
 * answer is given. The mender is gone when its answer begins. */
struct mender *mender_start(struct mend_services *services, const struct mender_question *question, void *context,
			    mender_answer *on_answer);

/* mender_cancel: the answer will not come. */
void mender_cancel(struct mender *mender);

/* mender_now mends with what is there, cache included, and answers before it returns. */
void mender_now(struct mend_services *services, const struct mender_question *question, void *context,
		mender_answer *on_answer);

#endif
