/* public_key - judges a public key: its kind, its size, and whether it verifies signatures here (RFC 5280 4.1.2.7).
 *
 * BoringSSL parses kinds of keys that it cannot verify with, and follows a null pointer when it is asked for the size
 * of some: a DSA key may inherit its parameters from its issuer (RFC 3279 2.3.2). So the kind is judged by the
 * algorithm's object identifier before BoringSSL parses the key, and only a usable key becomes an EVP_PKEY. struct
 * certificate holds it; no other file takes a key from an X509 (scripts/rooms.py checks that).
 *
 * X509_verify_cert and TLS handshakes take keys by themselves. They compare kinds first, and refuse a DSA key without
 * reading its parameters.
 */
#ifndef CHAINCACHE_CERTIFICATE_PUBLIC_KEY_H
#define CHAINCACHE_CERTIFICATE_PUBLIC_KEY_H

#include <stdbool.h>

#include <openssl/base.h>

/* KEY_TYPE_RSA_PSS is id-RSASSA-PSS (RFC 4055 1.2): an RSA key that is bound to PSS signatures. Few clients know it,
 * and it is not usable here. Ordinary RSA keys may sign by PSS too. */
enum key_type { KEY_TYPE_RSA, KEY_TYPE_RSA_PSS, KEY_TYPE_EC, KEY_TYPE_ED25519, KEY_TYPE_OTHER };

struct public_key {
	enum key_type type; /* of a key that is not usable: KEY_TYPE_RSA_PSS or KEY_TYPE_OTHER */
	unsigned bits; /* RSA: of the modulus; EC: of the group's order; 0 where the key is not usable */
	int ec_curve_nid; /* NID_undef unless KEY_TYPE_EC */
	EVP_PKEY *key; /* owned; NULL where the key is not usable: of another kind, or broken */
};

/* public_key_read judges a SubjectPublicKeyInfo. The caller frees out->key, and empties BoringSSL's queue of errors, which
 * says why a key does not parse. */
void public_key_read(X509_PUBKEY *info, struct public_key *out);

/* public_key_is_usable says whether `key`, a private one too, is of a kind that is usable here. */
bool public_key_is_usable(const EVP_PKEY *key);

#endif
