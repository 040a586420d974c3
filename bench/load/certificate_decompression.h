/* certificate_decompression - lets a client take compressed certificates (RFC 8879). */
#ifndef BENCH_LOAD_CERTIFICATE_DECOMPRESSION_H
#define BENCH_LOAD_CERTIFICATE_DECOMPRESSION_H

#include <stdbool.h>

#include <openssl/ssl.h>

enum { DECOMPRESSION_ZLIB = 1, DECOMPRESSION_BROTLI = 2 }; /* bits; and RFC 8879 7.3 has the same numbers */

/* certificate_decompression_parse reads a list like "brotli,zlib". Returns NULL, or what is wrong with it. */
const char *certificate_decompression_parse(const char *text, unsigned *out_bits);

/* certificate_decompression_offer has the clients of `ctx` offer these. Each certificate message that comes
 * compressed counts in `*used`, which outlives `ctx` and is its app data. False when there is no memory. */
bool certificate_decompression_offer(SSL_CTX *ctx, unsigned bits, uint64_t *used);

#endif
