/* pkcs12_parts - reads a PFX (RFC 7292): the unencrypted parts alone, as of a store without password (newer Javas write
 * cacerts so, and BoringSSL opens no PFX without a MAC), or all that its password opens.
 *
 * A PFX is a MAC over a list of parts; a part is a list of bags, encrypted or not; a bag is a certificate or a key, which
 * may be encrypted once more. What is decrypted says how many turns its own keys ask for, so that each is counted before it
 * is decrypted.
 */
#ifndef CHAINCACHE_FILES_PKCS12_PARTS_H
#define CHAINCACHE_FILES_PKCS12_PARTS_H

#include <openssl/pool.h>

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"
#include "chaincache/files/password_turns.h"

struct pkcs12_parts {
	bool has_mac;
	bool has_encrypted; /* a part or a key is encrypted */
	EVP_PKEY *key; /* owned; NULL: there is none, or the file was not opened */
	STACK_OF(CRYPTO_BUFFER) * certificates; /* owned; not NULL */
};

/* pkcs12_parts_read reads what is not encrypted, and no key. ERROR_FORMAT where it does not parse, ERROR_MEMORY: nothing is
 * owned then. */
MUST_USE struct error pkcs12_parts_read(struct bytes ber, struct pkcs12_parts *out);

/* pkcs12_parts_open reads all that the password opens; NULL or "": the empty one, in both its forms. Further errors:
 * ERROR_MISMATCH for a wrong or missing password, ERROR_LIMIT for more turns than are left, before they are made,
 * ERROR_CRYPTO for what is encrypted in a way that is not supported. Without a MAC it is ERROR_FORMAT. */
MUST_USE struct error pkcs12_parts_open(struct bytes ber, const char *password, struct password_turns *turns,
					struct pkcs12_parts *out);

void pkcs12_parts_cleanup(struct pkcs12_parts *parts);

#endif
