/* decompression - a TLS client that takes compressed certificates (RFC 8879). */
#ifndef TESTS_SUPPORT_DECOMPRESSION_H
#define TESTS_SUPPORT_DECOMPRESSION_H

#include <openssl/ssl.h>

#include "proxy/shared/compressed_chain.h"

/* How often each was used. */
struct decompression {
	size_t num_brotli, num_zlib;
};

/* decompression_offer has `ctx` offer one algorithm more; `counts` (its app data) outlives it. */
void decompression_offer(SSL_CTX *ctx, enum certificate_compression algorithm, struct decompression *counts);

/* decompress gives exactly `out_len` bytes, or false. */
bool decompress(enum certificate_compression algorithm, struct bytes in, uint8_t *out, size_t out_len);

#endif
