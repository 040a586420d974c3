/* credential - one certificate with its key and its chain, ready to be served: an SSL_CTX that is only read.
 *
 * Immutable and reference-counted (atomic): the control thread builds it, the workers serve it. The SSL_CTX carries
 * everything that a handshake needs: chain, key, versions, ciphers, groups, ALPN, ticket keys.
 */
#ifndef PROXY_GLUE_CREDENTIAL_H
#define PROXY_GLUE_CREDENTIAL_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include "chaincache/certificate_list.h"

struct credential {
	atomic_uint references;
	SSL_CTX *ssl_ctx; /* owned */
	struct certificate_list chain; /* what goes out, leaf first */
	bool is_ecdsa; /* the leaf's key: EC or Ed25519, not RSA */
};

struct config_site;
struct ticket_keys;

/* credential_new makes a credential: `chain` is copied, `key` and `ticket_keys` are referenced. ERROR_MISMATCH when key
 * and leaf do not belong together. */
MUST_USE struct error credential_new(const struct config_site *site, const struct certificate_list *chain,
				     EVP_PKEY *key, struct ticket_keys *ticket_keys, struct credential **out);
struct credential *credential_ref(struct credential *credential);
void credential_unref(struct credential *credential);

#endif
