/* password_cipher - decrypts a part of a PKCS#12 file, or a private key, by its password: PBES2 with PBKDF2 (RFC 8018) and the ciphers of
 * RFC 7292 appendix C, those that BoringSSL knows. BoringSSL does the same inside of PKCS12_get_key_and_certs(), which
 * makes as many turns as the parts of a decrypted part ask for, and tells nobody.
 */
#ifndef CHAINCACHE_FILES_PASSWORD_CIPHER_H
#define CHAINCACHE_FILES_PASSWORD_CIPHER_H

#include <openssl/bytestring.h>

#include "chaincache/base/error.h"
#include "chaincache/files/password_turns.h"

#define PASSWORD_CIPHER_UNSUPPORTED                                                                                    \
	"the PKCS#12 file is damaged, or encrypted in a way that is not supported (turn it into PEM with "             \
	"`openssl pkcs12`)"

/* password_cipher_is_known says whether password_cipher_open supports the algorithm. */
bool password_cipher_is_known(CBS algorithm);

/* password_cipher_open decrypts by `algorithm`, the content of an AlgorithmIdentifier in DER. `password` NULL: none, which
 * is not the empty one. ERROR_LIMIT for too many turns, before one is made; ERROR_CRYPTO for an algorithm that is not
 * supported and for what does not decrypt. The caller frees *out by OPENSSL_free, which wipes it. */
MUST_USE struct error password_cipher_open(CBS algorithm, CBS cipher_text, const char *password,
					   struct password_turns *turns, uint8_t **out, size_t *out_len);

#endif
