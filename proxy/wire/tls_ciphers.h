/* tls_ciphers - the cipher suites of TLS 1.2 and below, in the rules of BoringSSL. A rule that only removes suites may
 * name unknown ones ("HIGH:!aNULL:!RC4"). Pure. */
#ifndef PROXY_WIRE_TLS_CIPHERS_H
#define PROXY_WIRE_TLS_CIPHERS_H

#include <openssl/ssl.h>

#include "chaincache/base/buffer.h"

/* tls_ciphers_check appends a clause about what is wrong with `text`: the name that is meant, and which are known.
 * Nothing where it is right. */
MUST_USE struct error tls_ciphers_check(const char *text, struct buffer *out);

/* tls_ciphers_set sets them in a context. */
MUST_USE struct error tls_ciphers_set(SSL_CTX *ctx, const char *text);

#endif
