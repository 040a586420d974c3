/* certificate - one X.509 certificate, parsed once, immutable, reference-counted (RFC 5280).
 *
 * All fields are computed when it is parsed, and are read-only from then on, so a certificate may be shared between
 * threads; the reference count is atomic.
 */
#ifndef CHAINCACHE_CERTIFICATE_CERTIFICATE_H
#define CHAINCACHE_CERTIFICATE_CERTIFICATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <openssl/base.h>

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"
#include "chaincache/certificate/certificate_extensions.h"
#include "chaincache/certificate/public_key.h"

#define CERTIFICATE_MAX_BYTES ((size_t)64 * 1024) /* of DER */
#define SHA256_BYTES 32
#define SHA256_HEX_CHARS ((size_t)2 * SHA256_BYTES)

/* The hash of the certificate's signature. */
enum signature_digest {
	SIGNATURE_DIGEST_MD5, /* MD2 and MD4 too */
	SIGNATURE_DIGEST_SHA1,
	SIGNATURE_DIGEST_SHA2, /* SHA-224 and up, and signatures that hash by themselves (Ed25519) */
	SIGNATURE_DIGEST_UNKNOWN,
};

/* The purpose of a leaf (RFC 5280 4.2.1.12). */
enum certificate_purpose { PURPOSE_TLS_SERVER, PURPOSE_TLS_CLIENT };

struct certificate {
	atomic_uint references;
	X509 *x509; /* owned; use with functions that take it as const */
	CRYPTO_BUFFER *buffer; /* owned; holds the DER */
	struct bytes der;
	uint8_t sha256[SHA256_BYTES]; /* of the DER */
	char sha256_hex[SHA256_HEX_CHARS + 1]; /* lower case */
	uint8_t spki_sha256[SHA256_BYTES]; /* of the SubjectPublicKeyInfo's DER */

	char *subject; /* RFC 4514, UTF-8, control characters escaped; "" when empty */
	char *issuer;
	char *serial; /* upper-case hex, an even number of digits, '-' before a negative one */
	struct bytes serial_number; /* the contents of the INTEGER, as they stand in the DER */
	char *common_name; /* last CN of the subject, UTF-8, for explanations alone; NULL when there is none */
	uint32_t subject_hash; /* X509_NAME_hash: equal for names that RFC 5280 7.1 calls equal */
	uint32_t issuer_hash;
	struct bytes subject_key_id; /* empty when absent */
	struct bytes authority_key_id; /* the keyIdentifier field */

	int64_t not_before; /* seconds since 1970, UTC */
	int64_t not_after;

	bool is_ca; /* basicConstraints with cA, or a version 1 certificate that is self-issued */
	bool self_issued; /* subject equals issuer */
	bool may_sign_certificates; /* no keyUsage, or keyCertSign in it */
	bool may_sign_handshakes; /* no keyUsage, or digitalSignature in it: all of TLS 1.3, and of 1.2 with (EC)DHE */
	bool has_server_auth; /* no extendedKeyUsage, or serverAuth or anyExtendedKeyUsage in it */
	int path_length; /* pathLenConstraint, -1 when there is none */
	size_t num_constraints; /* subtrees in nameConstraints, permitted and excluded */
	bool must_staple; /* the TLS feature extension asks for status_request (RFC 7633) */
	bool
	    names_public_policy; /* certificatePolicies has one of the CA/Browser Forum's, for public server certificates */
	bool extensions_valid; /* false: an extension does not parse, and no client accepts the certificate */

	enum key_type key_type; /* this and the next three as in struct public_key */
	unsigned key_bits;
	int ec_curve_nid;
	EVP_PKEY *public_key; /* owned; NULL where the key is not usable */
	enum signature_digest signature_digest;

	struct alt_name *alt_names;
	size_t num_alt_names;
	bool has_alt_names; /* the extension is there, be it empty */

	char **ca_issuer_urls; /* caIssuers of authorityInfoAccess (RFC 5280 4.2.2.1), any scheme; see aia.h */
	size_t num_ca_issuer_urls;
	size_t num_urls_dropped; /* over the maximum, or with a control character or one beyond ASCII in it */
};

/* certificate_parse makes a certificate from DER: `der` is copied. Trailing bytes are ERROR_FORMAT, a certificate above
 * CERTIFICATE_MAX_BYTES is ERROR_LIMIT. On success *out holds one reference. */
MUST_USE struct error certificate_parse(struct bytes der, const struct certificate **out);

const struct certificate *certificate_ref(const struct certificate *certificate);
void certificate_unref(const struct certificate *certificate); /* NULL is fine */

/* certificate_equal says whether both are the same bytes. */
bool certificate_equal(const struct certificate *a, const struct certificate *b);

/* certificate_hash is the start of the digest, for tables of certificates. */
static inline uint32_t certificate_hash(const struct certificate *certificate)
{
	uint32_t hash;

	memcpy(&hash, certificate->sha256, sizeof(hash));
	return hash;
}

/* certificate_matches_key says whether `key` (private or public) belongs to the certificate's public key. */
bool certificate_matches_key(const struct certificate *certificate, const EVP_PKEY *key);

/* certificate_valid_at: not_before <= now <= not_after (RFC 5280 4.1.2.5: both ends included). */
bool certificate_valid_at(const struct certificate *certificate, int64_t now);

/* certificate_write_pem appends the PEM block. */
struct buffer;
MUST_USE struct error certificate_write_pem(const struct certificate *certificate, struct buffer *out);

#endif
