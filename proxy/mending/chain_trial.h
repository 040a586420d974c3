/* chain_trial - tries a chain before it is published: clients that accept the former one must accept it too.
 *
 * BoringSSL's own client receives the chain in a TLS handshake in memory. X509_verify_cert then judges it against each
 * store's roots alone, like a client that neither fetches nor keeps intermediates. It shares no code with the search for
 * chains, so that an error there cannot reach the clients.
 */
#ifndef PROXY_MENDING_CHAIN_TRIAL_H
#define PROXY_MENDING_CHAIN_TRIAL_H

#include "chaincache/certificate/host_name.h"
#include "chaincache/stores/trust_store.h"

struct chain_trial {
	const struct certificate_list *chain; /* what is to be published, leaf first */
	EVP_PKEY *key;
	const struct certificate_list *former; /* what it replaces */
	EVP_PKEY *former_key;
	const struct trust_store_set *stores;
	const struct host_name *names; /* that clients use, by the configuration */
	size_t num_names;
	int64_t now; /* seconds since 1970 */
};

/* The clients that the chain would lose; each NULL when there are none. */
struct chain_trial_loss {
	const char *store; /* the first that accepts `former` and not `chain`; borrowed from the set */
	const struct host_name *name; /* the first that the leaf of `former` covers and that of `chain` does not */
};

/* chain_trial_run: a former chain that no store accepts loses nobody. An error where the handshake could not be run: it
 * is then unknown whom the chain would lose. */
MUST_USE struct error chain_trial_run(const struct chain_trial *trial, struct chain_trial_loss *out);

/* chain_trial_stores tries one chain: bit i of *out_accepting is set where store i accepts it. None does where the
 * handshake fails. Errors as chain_trial_run. */
MUST_USE struct error chain_trial_stores(const struct certificate_list *chain, EVP_PKEY *key,
					 const struct trust_store_set *stores, int64_t now, uint32_t *out_accepting);

#endif
