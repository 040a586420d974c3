/* chain_probe - fetches the chain that a server sends: one TLS handshake as a client, asynchronous, with a deadline.
 *
 * TLS begins at once, or after STARTTLS. The chain is taken in the verify callback and not judged: a server that wants
 * a client certificate, or that fails later, still gives its chain. No application data is sent.
 */
#ifndef PROXY_IO_CHAIN_PROBE_H
#define PROXY_IO_CHAIN_PROBE_H

#include "proxy/wire/chain_capture.h" /* enum chain_probe_outcome */
#include "proxy/wire/starttls.h"

#define CHAIN_PROBE_MAX_ALPN_BYTES 65535 /* RFC 7301 3.1 */
#define CHAIN_PROBE_TIMEOUT_MS 10000 /* of everything: resolve, connect, handshake */

struct chain_probe_options {
	const char *host; /* a name or an address, without brackets */
	uint16_t port;
	const char *sni; /* NULL or an IP address: none is sent */
	enum starttls_protocol starttls; /* an XMPP stream is for `sni`, or where there is none for `host` */
	uint64_t timeout_ms; /* 0: CHAIN_PROBE_TIMEOUT_MS */
	SSL_CTX *ssl_ctx; /* that connections begin with (one reference is taken); NULL: TLS 1.0 to 1.3 */
	struct bytes alpn; /* wire format; empty: no protocol is asked for */
	uint16_t tls_max; /* 0: the context's */
	bool ignores_key_usage; /* as tls_client_ignore_key_usage */
	enum certificate_source source; /* given to each certificate: SOURCE_SERVED or SOURCE_BACKEND */
};

/* Borrowed while the callback runs. */
struct chain_probe_result {
	enum chain_probe_outcome outcome;
	const char *reason; /* "" when CHAIN_PROBE_OK, else one clause without a full stop: "connection refused" */
	const char *refusal; /* why the handshake failed although the chain had come; "" where it went through */
	bool key_usage_refused; /* the refusal is for the leaf's keyUsage */
	struct certificate_list chain; /* in the order in which it was sent */
	struct bytes staple; /* the OCSP response that came with it; empty: none */
	bool knows_staple; /* the handshake came so far that one would have been seen */
	const char *address; /* connected to, "192.0.2.1:443" or "[2001:db8::1]:443"; "" before it was connected */
	const char *tls_version; /* "TLSv1.2"; "" before it was agreed on */
	const char *cipher; /* the cipher suite's standard name; "" before it was agreed on */
	const char *alpn; /* the protocol that the server agreed to; "" for none */
};

struct chain_probe;
struct loop;

/* chain_probe_start copies `options`. `on_result` is called exactly once, from the loop and never before this returned,
 * unless the probe is cancelled before; the probe is freed by itself afterwards. NULL when out of memory. */
struct chain_probe *chain_probe_start(struct loop *loop, const struct chain_probe_options *options, void *context,
				      void (*on_result)(void *context, const struct chain_probe_result *result));

/* chain_probe_cancel ends a probe whose on_result has not been called, and never will be; it is freed by the loop. */
void chain_probe_cancel(struct chain_probe *probe);

/* chain_probe_is_unreachable says whether an outcome means that there is no server at all, rather than a bad one. */
bool chain_probe_is_unreachable(enum chain_probe_outcome outcome);

#endif
