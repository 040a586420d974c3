/* chain_trial - tries a chain before it is published: clients that accept the former one must accept it too.
 *
 * BoringSSL's own client receives the chain in a TLS handshake in memory. X509_verify_cert then judges it against each
 * store's roots alone, like a client that neither fetches nor keeps intermediates. It shares no code with the search for
 * chains, so that an error there cannot reach the clients.
 */
#ifndef PROXY_MENDING_CHAIN_TRIAL_H
#define PROXY_MENDING_CHAIN_TRIAL_H

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/stores/trust_store.h"

struct chain_trial {
	const struct certificate_list *chain; /* is to be published; leaf first */
	const struct certificate_list *former; /* is replaced; the same leaf */
	EVP_PKEY *key; /* of the leaf */
	const struct trust_store_set *stores;
	int64_t now; /* seconds since 1970 */
};

/* chain_trial_run: *out_lost is the name of the first store that accepts `former` and not `chain`, borrowed from the set;
 * NULL when there is none. An error where the handshake could not be run: it is then unknown which clients the chain
 * would lose. */
MUST_USE struct error chain_trial_run(const struct chain_trial *trial, const char **out_lost);

/* chain_trial_stores tries one chain: bit i of *out_accepting is set where store i accepts it. None does where the
 * handshake fails. Errors as chain_trial_run. */
MUST_USE struct error chain_trial_stores(const struct certificate_list *chain, EVP_PKEY *key,
					 const struct trust_store_set *stores, int64_t now, uint32_t *out_accepting);

#endif
