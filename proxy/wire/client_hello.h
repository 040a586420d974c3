/* client_hello - what a ClientHello says about the certificate that it wants (RFC 8446 4.1.2, RFC 6066 3, RFC
 * 7301). Pure. */
#ifndef PROXY_WIRE_CLIENT_HELLO_H
#define PROXY_WIRE_CLIENT_HELLO_H

#include <openssl/ssl.h>

#include "chaincache/bytes.h"
#include "chaincache/host_name.h"

struct client_hello {
	bool has_sni; /* a host_name entry that can be a name; `sni` is "" otherwise */
	char sni[HOST_NAME_MAX_CHARS + 1]; /* lower case, without a trailing dot */
	struct bytes alpn; /* the protocol name list, borrowed from the hello; empty when there is none */
	struct bytes
	    signature_algorithms; /* two bytes each, borrowed; empty when there is none (TLS 1.2: RSA and SHA-1) */
	bool offers_tls13;
	bool offers_ecdsa_suite; /* of TLS 1.2 and below */
};

/* client_hello_read never fails: what is malformed is as if it were not there, and BoringSSL refuses it
 * afterwards. */
void client_hello_read(const SSL_CLIENT_HELLO *hello, struct client_hello *out);

/* client_hello_verifies says whether the client can verify a leaf that signs with `signature_algorithm` (SSL_SIGN_*);
 * 0 stands for RSA, which every client can. */
bool client_hello_verifies(const struct client_hello *hello, uint16_t signature_algorithm);

#endif
