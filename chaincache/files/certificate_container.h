/* certificate_container - takes the certificates, and the key, out of PKCS#7 and PKCS#12. */
#ifndef CHAINCACHE_FILES_CERTIFICATE_CONTAINER_H
#define CHAINCACHE_FILES_CERTIFICATE_CONTAINER_H

#include <openssl/pool.h>

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"
#include "chaincache/files/password_turns.h"

#define CERTIFICATE_CONTAINER_MAX_BYTES ((size_t)4 * 1024 * 1024)

/* certificate_container_read_pkcs7 takes every certificate out of a SignedData (RFC 5652, RFC 2315; DER or BER).
 * ERROR_FORMAT when there is none in it. The caller frees *out and what is in it. */
MUST_USE struct error certificate_container_read_pkcs7(struct bytes der, STACK_OF(CRYPTO_BUFFER) * *out);

/* certificate_container_read_pkcs12 opens a PFX (RFC 7292). `password` NULL or "": the empty one, in both its forms.
 * *out_key is NULL when there is none in it. ERROR_MISMATCH for a wrong or missing password, ERROR_LIMIT for more turns of
 * its hash than are left. */
MUST_USE struct error certificate_container_read_pkcs12(struct bytes der, const char *password,
							struct password_turns *turns, EVP_PKEY **out_key,
							STACK_OF(CRYPTO_BUFFER) * *out);

#endif
