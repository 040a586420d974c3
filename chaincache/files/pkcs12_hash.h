/* pkcs12_hash - makes the keys of PKCS#12 out of a password (RFC 7292 appendix B). BoringSSL does so too, but does not
 * offer it. */
#ifndef CHAINCACHE_FILES_PKCS12_HASH_H
#define CHAINCACHE_FILES_PKCS12_HASH_H

#include <openssl/bytestring.h>

#include "chaincache/base/error.h"
#include "chaincache/files/password_turns.h"

#define PKCS12_TOO_MANY_TURNS "the PKCS#12 file asks for more than 10 million turns of its password's hash"

enum pkcs12_purpose { PKCS12_KEY = 1, PKCS12_IV = 2, PKCS12_MAC = 3 }; /* appendix B.3 */

struct pkcs12_hash {
	const EVP_MD *md;
	const char *password; /* UTF-8; NULL for none, which hashes unlike the empty one */
	CBS salt;
	uint32_t num_turns; /* at least 1 */
};

/* pkcs12_hash_make writes `out_len` bytes. It makes the turns for each digest that they take, and spends none.
 * ERROR_MISMATCH for a password that cannot be one: it is no UTF-8, or beyond the Basic Multilingual Plane. */
MUST_USE struct error pkcs12_hash_make(const struct pkcs12_hash *hash, enum pkcs12_purpose purpose, uint8_t *out,
				       size_t out_len);

#endif
