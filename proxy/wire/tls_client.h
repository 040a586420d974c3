/* tls_client - how this program speaks TLS to a server: the SSL_CTX that every probe and every connection to a backend
 * begins with, so that a connection gets what a probe saw. */
#ifndef PROXY_WIRE_TLS_CLIENT_H
#define PROXY_WIRE_TLS_CLIENT_H

#include <openssl/ssl.h>

#include "chaincache/base/error.h"

#define TLS_CLIENT_MAX_CHAIN_BYTES ((size_t)1024 * 1024) /* of one server's Certificate message */

/* tls_client_context_new makes a context for these versions (TLS1_VERSION ...). It offers each kind of key and each
 * signature that BoringSSL verifies, SHA-1 last, and keeps no session. The caller sets how a chain is verified. */
MUST_USE struct error tls_client_context_new(uint16_t tls_min, uint16_t tls_max, SSL_CTX **out);

/* tls_client_ignore_key_usage lets the handshake go on although the leaf's keyUsage does not allow what TLS does with its
 * key. Call it in the verify callback, after the chain was read: it gives BoringSSL another leaf. It helps up to TLS 1.2;
 * in TLS 1.3, BoringSSL looks at the keyUsage before the callback (TLS_CLIENT_KEY_USAGE). */
void tls_client_ignore_key_usage(SSL *ssl);

/* A server may have two certificates, and shows the one whose kind of key the client takes. */
enum tls_client_keys { TLS_CLIENT_RSA_KEYS, TLS_CLIENT_EC_KEYS };

/* tls_client_context_limit lets a context of tls_client_context_new take leafs with keys of this kind alone. */
MUST_USE struct error tls_client_context_limit(SSL_CTX *ctx, enum tls_client_keys keys);

enum tls_client_fault {
	TLS_CLIENT_OTHER, /* `words` are BoringSSL's */
	TLS_CLIENT_NOTHING_IN_COMMON, /* no version or cipher that both speak */
	TLS_CLIENT_NO_VERSION, /* the server speaks none that was offered */
	TLS_CLIENT_BAD_CERTIFICATE, /* the chain cannot be read, or its key is of a kind that BoringSSL does not know */
	TLS_CLIENT_KEY_USAGE, /* the leaf's keyUsage forbids what TLS does with its key */
};

struct tls_client_failure {
	enum tls_client_fault fault;
	const char *words; /* a static clause without a full stop */
};

/* tls_client_explain says why a handshake with a server failed; `packed_error` is BoringSSL's first, and no alert of the
 * server. */
struct tls_client_failure tls_client_explain(uint32_t packed_error);

#endif
