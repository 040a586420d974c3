/* tls_peer - the server side of a TLS handshake in memory, that sends any chain one likes. */
#ifndef TESTS_SUPPORT_TLS_PEER_H
#define TESTS_SUPPORT_TLS_PEER_H

#include <openssl/ssl.h>

#include "chaincache/base/buffer.h"

struct tls_peer_options {
	const struct bytes *chain; /* what is sent: DER, or what is to look like it; the first must be a certificate */
	size_t chain_len;
	EVP_PKEY *key;
	uint16_t tls_max; /* 0: TLS1_3_VERSION */
	bool wants_client_certificate;
};

struct tls_peer;

struct tls_peer *tls_peer_new(const struct tls_peer_options *options);
void tls_peer_free(struct tls_peer *peer);

/* tls_peer_feed takes what the client sent and appends the answer to `out`. */
void tls_peer_feed(struct tls_peer *peer, struct bytes from_client, struct buffer *out);

const char *tls_peer_server_name(const struct tls_peer *peer); /* that the client asked for; NULL: none */
bool tls_peer_is_done(const struct tls_peer *peer);

#endif
