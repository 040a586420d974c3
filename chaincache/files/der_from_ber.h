/* der_from_ber - writes BER (X.690) as DER, as far as PKCS#12 needs it: each length becomes definite and short, and an
 * OCTET STRING in pieces becomes one. It does not look into OCTET STRINGs. */
#ifndef CHAINCACHE_FILES_DER_FROM_BER_H
#define CHAINCACHE_FILES_DER_FROM_BER_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

/* der_from_ber takes the first element of `ber`, and leaves out what follows it. ERROR_FORMAT where it does not parse,
 * ERROR_LIMIT where it is nested more than BER_MAX_NESTING deep, ERROR_MEMORY. The caller frees *out by OPENSSL_free,
 * which wipes it. */
MUST_USE struct error der_from_ber(struct bytes ber, uint8_t **out, size_t *out_len);

#endif
