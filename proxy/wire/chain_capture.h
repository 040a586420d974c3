/* chain_capture - a TLS client's handshake for the sake of the chain: bytes in, bytes and a chain out. Pure.
 *
 *	chain_capture_new -> send chain_capture_take_output
 *	                  -> bytes came: chain_capture_feed; the peer closed: chain_capture_end
 *	                  -> CAPTURE_DONE: the chain, or the reason why there is none
 *
 * The chain is taken in the verify callback and not judged. It stays after a later failure, which is then the refusal:
 * the reason why no connection can be made. Where BoringSSL refuses the leaf before, for a key of a kind that it does
 * not know, say, the chain is taken from the message itself.
 */
#ifndef PROXY_WIRE_CHAIN_CAPTURE_H
#define PROXY_WIRE_CHAIN_CAPTURE_H

#include <openssl/ssl.h>

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/certificate_list.h"

#define CHAIN_CAPTURE_MAX_CERTIFICATES                                                                                 \
	101 /* taken from one peer: one more than a mend looks at, so that it reports the rest */
#define CHAIN_CAPTURE_MAX_BYTES ((size_t)1024 * 1024) /* taken from one peer */
#define CHAIN_CAPTURE_MAX_ALPN 255 /* of a protocol's name (RFC 7301 3.1) */
#define CHAIN_CAPTURE_MAX_STAPLE_BYTES ((size_t)64 * 1024) /* a longer one is cut, and does not parse then */
#define CHAIN_CAPTURE_MAX_REASON 256
#define CHAIN_CAPTURE_FAILED "the TLS handshake failed: " /* the start of a reason that no more is known about */

enum chain_probe_outcome {
	CHAIN_PROBE_OK, /* the chain is there */
	CHAIN_PROBE_UNRESOLVED, /* no address for the host */
	CHAIN_PROBE_UNREACHABLE, /* refused, no route ... at every address */
	CHAIN_PROBE_TIMED_OUT,
	CHAIN_PROBE_CLOSED, /* the server closed or reset the connection before it sent a chain */
	CHAIN_PROBE_PLAIN_TEXT, /* the server speaks words on this port, not TLS */
	CHAIN_PROBE_NOT_TLS, /* another protocol, and no plain text */
	CHAIN_PROBE_NO_STARTTLS, /* the server does not speak the protocol, or does not go over to TLS */
	CHAIN_PROBE_NOTHING_IN_COMMON, /* no version or cipher that both speak */
	CHAIN_PROBE_ALERT, /* the server ended the handshake with another alert */
	CHAIN_PROBE_BAD_CERTIFICATES, /* a certificate does not parse, or there is none */
	CHAIN_PROBE_TLS_FAILED, /* anything else that TLS forbids */
	CHAIN_PROBE_NO_MEMORY, /* this machine has no memory or no descriptors: nothing is known about the server */
};

enum chain_capture_state { CAPTURE_GOING, CAPTURE_DONE };

struct chain_capture_options {
	const char *sni; /* NULL or an IP address: none is sent */
	SSL_CTX *ssl_ctx; /* that connections begin with, borrowed; NULL: one for TLS 1.0 to 1.3 */
	struct bytes alpn; /* wire format, borrowed; empty: no protocol is asked for */
	uint16_t tls_max; /* 0: the context's */
	bool ignores_key_usage; /* as tls_client_ignore_key_usage */
	enum certificate_source source; /* given to each certificate */
};

struct chain_capture;

/* chain_capture_new begins the handshake: the ClientHello is ready to be taken. NULL when that fails. */
struct chain_capture *chain_capture_new(const struct chain_capture_options *options);
void chain_capture_free(struct chain_capture *capture); /* NULL is fine */

enum chain_capture_state chain_capture_feed(struct chain_capture *capture, struct bytes from_peer);

/* chain_capture_end: no more bytes will come; always CAPTURE_DONE afterwards. */
void chain_capture_end(struct chain_capture *capture);

/* chain_capture_take_output appends the bytes for the peer. */
MUST_USE struct error chain_capture_take_output(struct chain_capture *capture, struct buffer *out);

/* The outcome. CHAIN_PROBE_OK as soon as the chain has come, before CAPTURE_DONE too. */
enum chain_probe_outcome chain_capture_outcome(const struct chain_capture *capture);
bool chain_capture_has_chain(const struct chain_capture *capture);
const char *chain_capture_reason(const struct chain_capture *capture); /* "" when CHAIN_PROBE_OK */
const struct certificate_list *chain_capture_chain(const struct chain_capture *capture);

/* chain_capture_refusal says why the handshake failed once the chain had come, a clause; "" where it did not. */
const char *chain_capture_refusal(const struct chain_capture *capture);

/* chain_capture_refuses_key_usage says whether the refusal is for the leaf's keyUsage. */
bool chain_capture_refuses_key_usage(const struct chain_capture *capture);

/* chain_capture_alpn is the protocol that the server agreed to; "" for none. */
const char *chain_capture_alpn(const struct chain_capture *capture);

/* chain_capture_staple is the OCSP response that the server sent with the chain (it is asked for one); empty: none. */
struct bytes chain_capture_staple(const struct chain_capture *capture);

/* chain_capture_knows_staple says whether the handshake came so far that a staple would have been seen. */
bool chain_capture_knows_staple(const struct chain_capture *capture);
const char *chain_capture_tls_version(const struct chain_capture *capture); /* "TLSv1.2", "" before it is known */
const char *chain_capture_cipher(const struct chain_capture *capture); /* "" before it is known */

#endif
