/* client_hello - reads the parts of a ClientHello that choose the certificate and the key exchange (RFC 8446 4.1.2,
 * RFC 6066 3, RFC 7301). Pure. */
#ifndef PROXY_WIRE_CLIENT_HELLO_H
#define PROXY_WIRE_CLIENT_HELLO_H

#include <openssl/ssl.h>

#include "chaincache/base/bytes.h"
#include "chaincache/certificate/host_name.h"
#include "proxy/wire/tls_groups.h"

struct client_hello {
	bool has_sni; /* a host_name entry that can be a name; `sni` is "" otherwise */
	char sni[HOST_NAME_MAX_CHARS + 1]; /* lower case, without a trailing dot */
	struct bytes alpn; /* the protocol name list, borrowed from the hello; empty when there is none */
	struct bytes signature_algorithms; /* two bytes each, borrowed; empty: none (TLS 1.2: RSA and SHA-1) */
	struct bytes cipher_suites; /* two bytes each, borrowed */
	struct bytes supported_groups; /* the same */
	struct bytes key_shares; /* the list's body (RFC 8446 4.2.8), borrowed; empty when there is none */
	bool offers_tls13;
};

/* client_hello_read never fails: a malformed extension counts as missing, and BoringSSL refuses it afterwards. */
void client_hello_read(const SSL_CLIENT_HELLO *hello, struct client_hello *out);

/* client_hello_copy_name writes a name that a client sent, in the form of `sni`; false, and "", if it can be none. */
bool client_hello_copy_name(struct bytes name, char out[HOST_NAME_MAX_CHARS + 1]);

/* The demands of a leaf and its site on a client. */
struct client_hello_demand {
	uint16_t signature_algorithm; /* SSL_SIGN_*, that the leaf's key signs with in TLS 1.3; 0: RSA, by RSA-PSS */
	uint16_t curve; /* SSL_GROUP_*, of an ECDSA key; 0: none */
	uint16_t tls_max; /* that the site speaks */
	const STACK_OF(SSL_CIPHER) * ciphers; /* of the site, for TLS 1.2 and below */
};

enum client_hello_fit {
	CLIENT_HELLO_MISFIT, /* no handshake is possible */
	CLIENT_HELLO_UNLIKELY, /* in TLS 1.2, without having said so the client may take the curve or the signature */
	CLIENT_HELLO_FITS,
};

/* client_hello_fit says whether the client can verify such a leaf: by its signature algorithms in TLS 1.3 (RFC 8446
 * 4.2.3), by cipher suites, signature algorithms and the curves in its groups below (RFC 5246 7.4.2, RFC 8422 5.1). */
enum client_hello_fit client_hello_fit(const struct client_hello *hello, const struct client_hello_demand *demand);

/* client_hello_sparing_group returns the group to choose in place of the first of `groups` that the client supports,
 * where that one would cost a HelloRetryRequest (RFC 8446 4.1.4): the best of those that the client sent a share for.
 * Else 0. With a list that an operator wrote, only a group that is at least as strong. */
uint16_t client_hello_sparing_group(const struct client_hello *hello, const struct tls_groups *groups);

#endif
