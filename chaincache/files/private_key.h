/* private_key - reads a private key: PKCS#8 (plain or encrypted), PKCS#1, SEC 1, and PEM's own encryption. */
#ifndef CHAINCACHE_FILES_PRIVATE_KEY_H
#define CHAINCACHE_FILES_PRIVATE_KEY_H

#include <openssl/base.h>

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

#define PRIVATE_KEY_UNSUPPORTED                                                                                        \
	"the private key is of a kind that is not supported (RSA, ECDSA on a P- curve and Ed25519 are; an RSA key "    \
	"that is "                                                                                                     \
	"bound to PSS is not)"

/* private_key_parse_der reads a key of any of these forms. `password` NULL: none is known. ERROR_MISMATCH for a wrong
 * or missing password. The caller frees *out. */
MUST_USE struct error private_key_parse_der(struct bytes der, const char *password, EVP_PKEY **out);

/* private_key_parse_pem reads a PEM block's content, encrypted or not (Proc-Type and DEK-Info, RFC 1421 4.6), which it
 * decrypts in a copy. */
MUST_USE struct error private_key_parse_pem(struct bytes headers, struct bytes der, const char *password,
					    EVP_PKEY **out);

/* private_key_turns returns how many turns of its password's hash an encrypted key asks for; 0 where it asks for none. ERROR_MEMORY. */
MUST_USE struct error private_key_turns(struct bytes der, uint64_t *out_turns);

#endif
