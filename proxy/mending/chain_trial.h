/* chain_trial - tries a chain out before it is published: do all accept it who accept the former one?
 *
 * A TLS handshake in memory, by BoringSSL's own client, shows what a client receives; X509_verify_cert then judges
 * that against each store's roots and nothing else, as a client does that neither fetches nor keeps intermediates.
 * It shares no code with discovery and choice, so that an error in those cannot reach the clients.
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

/* Whom the chain would lose; each NULL when there is none. */
struct chain_trial_loss {
	const char *store; /* the first that accepts `former` and not `chain`; borrowed from the set */
	const struct host_name *name; /* the first that the leaf of `former` covers and that of `chain` does not */
};

/* chain_trial_run: a former chain that no store accepts can lose nobody. An error when the trial could not be held:
 * then nothing is known. */
MUST_USE struct error chain_trial_run(const struct chain_trial *trial, struct chain_trial_loss *out);

#endif
