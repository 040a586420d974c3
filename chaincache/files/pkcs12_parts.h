/* pkcs12_parts - reads the unencrypted parts of a PFX (RFC 7292): the certificates of a store without password, as
 * newer Javas write cacerts. BoringSSL opens no PFX without a MAC. */
#ifndef CHAINCACHE_FILES_PKCS12_PARTS_H
#define CHAINCACHE_FILES_PKCS12_PARTS_H

#include <openssl/pool.h>

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

struct pkcs12_parts {
	bool has_mac;
	bool has_encrypted; /* a part or a key is encrypted */
	STACK_OF(CRYPTO_BUFFER) * certificates; /* owned; of the parts that are not encrypted; not NULL */
};

/* pkcs12_parts_read reads DER. ERROR_FORMAT where it does not parse, ERROR_MEMORY: nothing is owned then. */
MUST_USE struct error pkcs12_parts_read(struct bytes der, struct pkcs12_parts *out);
void pkcs12_parts_cleanup(struct pkcs12_parts *parts);

#endif
