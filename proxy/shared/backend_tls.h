/* backend_tls - how chainmend speaks TLS to a backend: the client side's SSL_CTX of a site.
 *
 * The chain that the backend sends is never judged here: unless backend_verify is off, the handshake stops
 * (ssl_verify_retry) until the control thread has given its verdict, but for a chain that is known to be trusted.
 * Sessions are not resumed, so that each handshake has a verdict of its own.
 */
#ifndef PROXY_SHARED_BACKEND_TLS_H
#define PROXY_SHARED_BACKEND_TLS_H

#include <openssl/ssl.h>

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/certificate/host_name.h"
#include "conf/config.h"
#include "proxy/shared/verdict_memory.h"

/* backend_tls_context_new makes it for a site with tls backends: versions from backend_tls_min, client certificate
 * where one is configured. On failure `out_file` is the file that it is about, where it is about one. */
MUST_USE struct error backend_tls_context_new(const struct config_site *site, SSL_CTX **out, const char **out_file);

/* backend_tls_context_keep makes it with the client certificate of a former one (NULL: none), without reading files. */
MUST_USE struct error backend_tls_context_keep(const struct config_site *site, const SSL_CTX *former, SSL_CTX **out);

/* backend_tls_client_chain appends the client certificate of the context, with its chain; nothing where it has none. */
MUST_USE struct error backend_tls_client_chain(const SSL_CTX *ctx, struct certificate_list *out);

/* backend_tls_context_with makes a context for the same site that sends this chain, leaf first, in place of the one in
 * the file. */
MUST_USE struct error backend_tls_context_with(const struct config_site *site, const struct certificate_list *chain,
					       EVP_PKEY *key, SSL_CTX **out);

enum backend_verdict { BACKEND_VERDICT_UNASKED, BACKEND_VERDICT_ASKED, BACKEND_TRUSTED, BACKEND_NOT_TRUSTED };

/* The verdict over one handshake: the app data of the SSL. The callback turns UNASKED to ASKED. */
struct backend_handshake {
	enum backend_verdict verdict;
	/* Says whether the chain is known to be trusted: then nobody is asked. */
	bool (*is_known)(struct backend_handshake *handshake, const SSL *ssl);
};

/* backend_tls_prepare makes `ssl` (fresh, from the context) ready: `name` is its SNI unless it is an IP address,
 * `handshake`, with is_known set, outlives it. `alpn` (wire format, may be empty) is what is offered. */
MUST_USE struct error backend_tls_prepare(SSL *ssl, const struct host_name *name, struct bytes alpn,
					  struct backend_handshake *handshake);

/* backend_tls_peer_chain appends what the backend sent. At most CHAIN_CAPTURE_MAX_CERTIFICATES are taken. */
MUST_USE struct error backend_tls_peer_chain(const SSL *ssl, struct certificate_list *out);

/* backend_tls_chain_key returns the key of the chain that the backend of a site sent, as it was sent, and of the name
 * that it is judged for. */
struct verdict_key backend_tls_chain_key(const SSL *ssl, const char *site, const char *name);

#endif
