/* client_context - the SSL_CTX of a plan: versions, groups, ciphers, signature algorithms, and whom it trusts. */
#ifndef BENCH_LOAD_CLIENT_CONTEXT_H
#define BENCH_LOAD_CLIENT_CONTEXT_H

#include <openssl/ssl.h>

#include "bench/load/load_plan.h"
#include "chaincache/base/error.h"

/* client_context_new makes a context for one thread. Certificates that come compressed count in `*compressed`, which
 * outlives it. ERROR_USAGE where BoringSSL does not know what a list names. */
MUST_USE struct error client_context_new(const struct load_plan *plan, uint64_t *compressed, SSL_CTX **out);

/* client_context_connect makes a client's SSL that asks for `name`: its SNI where it is no address, and what the
 * certificate must cover where certificates are verified. NULL when there is no memory. */
SSL *client_context_connect(SSL_CTX *ctx, const struct load_plan *plan, const char *name);

#endif
