/* self_test - the last look before a chain is published: is it accepted by whom the former one was accepted by?
 *
 * A TLS handshake in memory, by BoringSSL's own client, shows what a client receives; X509_verify_cert then judges
 * that against each store's roots and nothing else, as a client does that neither fetches nor keeps intermediates.
 * It shares no code with discovery and choice, so that an error in those cannot reach the clients.
 */
#ifndef PROXY_GLUE_SELF_TEST_H
#define PROXY_GLUE_SELF_TEST_H

#include "chaincache/trust_store.h"

struct self_test {
	const struct certificate_list *chain; /* what is to be published, leaf first */
	EVP_PKEY *key;
	const struct certificate_list *former; /* what it replaces */
	EVP_PKEY *former_key;
	const struct trust_store_set *stores;
	int64_t now; /* seconds since 1970 */
};

/* self_test_run: *out_store is the name of the first store (borrowed from the set) that accepts `former` and not
 * `chain`; NULL when there is none. An error when the trial could not be held: then nothing is known. */
MUST_USE struct error self_test_run(const struct self_test *test, const char **out_store);

#endif
