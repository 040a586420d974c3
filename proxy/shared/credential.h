/* credential - one certificate with its key and its chain, ready to be served: an SSL_CTX that is only read.
 *
 * Immutable and reference-counted (atomic): the control thread builds it, the workers serve it. The SSL_CTX carries
 * everything that a handshake needs: chain, key, versions, ciphers, groups; what is offered by ALPN comes with the
 * handshake (client_handshake.h).
 */
#ifndef PROXY_SHARED_CREDENTIAL_H
#define PROXY_SHARED_CREDENTIAL_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/certificate_list.h"
#include "proxy/shared/chain_tally.h"
#include "proxy/wire/client_hello.h"

#define CREDENTIAL_SITE_ID_BYTES 24 /* of a session id context; the rest is the name that the client asked for */

struct credential {
	atomic_uint references;
	SSL_CTX *ssl_ctx; /* owned */
	struct certificate_list chain; /* what goes out, leaf first */
	uint8_t chain_sha256[SHA256_BYTES]; /* of the certificates' digests: which chain it is */
	struct chain_tally *tally; /* one reference; NULL: nobody counts */
	bool is_ecdsa; /* the leaf's key: EC or Ed25519, not RSA */
	uint16_t signature_algorithm; /* that its key signs with in TLS 1.3; 0 for RSA */
	uint16_t curve; /* SSL_GROUP_*, of an ECDSA key; 0: none */
	char **names; /* the leaf's dNSNames, lower case, sorted, for credential_covers */
	size_t num_names;
	struct compressed_chain *compressed; /* owned; NULL: certificate_compression is off */
	struct tls_groups groups;
	uint16_t tls_min;
	uint16_t tls_max;
	uint8_t site_id[CREDENTIAL_SITE_ID_BYTES];
};

struct config_site;
struct compressed_chain;

/* credential_new makes a credential: `chain` is copied, `key` is referenced. ERROR_MISMATCH when key and leaf do not
 * belong together. */
MUST_USE struct error credential_new(const struct config_site *site, const struct certificate_list *chain,
				     EVP_PKEY *key, struct credential **out);

/* credential_set_tally counts the handshakes that show this chain there (takes a reference). Call it before any
 * worker has the credential. */
void credential_set_tally(struct credential *credential, struct chain_tally *tally);

/* credential_digest_chain writes the digest of a chain, as it is in chain_sha256. */
void credential_digest_chain(const struct certificate_list *chain, uint8_t out[SHA256_BYTES]);
struct credential *credential_ref(struct credential *credential);
void credential_unref(struct credential *credential);

/* credential_covers says whether the leaf's dNSNames cover `sni` (lower case, no trailing dot), by RFC 9525's
 * rules. */
bool credential_covers(const struct credential *credential, const char *sni);

/* credential_fit says whether the client of `hello` can verify it. */
enum client_hello_fit credential_fit(const struct credential *credential, const struct client_hello *hello);

/* credential_attach continues the handshake of `ssl`, which began with the SSL_CTX of `first`, with this credential.
 * Call it in the select_certificate callback. The name that `hello` asks for becomes part of the session id context:
 * a session is resumed for the same site and the same name alone. Its key shares decide where the first group in
 * common would cost a round trip. */
MUST_USE struct error credential_attach(const struct credential *credential, const struct credential *first, SSL *ssl,
					const struct client_hello *hello);

#endif
