/* memory_peers - a TLS server and a client of the same BoringSSL that shake hands in memory, without a socket. */
#ifndef BENCH_LIMIT_MEMORY_PEERS_H
#define BENCH_LIMIT_MEMORY_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

/* Describes the handshakes to measure. Without files, a key and a self-signed certificate are made. */
struct handshake_kind {
	bool rsa; /* RSA-2048 in place of ECDSA P-256 */
	uint16_t version; /* TLS1_2_VERSION or TLS1_3_VERSION */
	bool resumed; /* by a ticket */
	const char *groups; /* that the client offers, colons between them; NULL: BoringSSL's default */
	const char *certificate; /* a PEM file: the chain, leaf first; NULL: made */
	const char *private_key; /* its PEM file */
};

struct memory_peers {
	SSL_CTX *server_ctx;
	SSL_CTX *client_ctx;
	SSL_SESSION *session; /* of kinds that resume */
};

/* memory_peers_init returns NULL, or why it could not. Cleaned up by memory_peers_cleanup in either case. */
const char *memory_peers_init(struct memory_peers *peers, const struct handshake_kind *kind);
void memory_peers_cleanup(struct memory_peers *peers);

/* memory_peers_shake_hands does one handshake and returns the CPU time that the server's calls spent, in
 * nanoseconds, from SSL_new to SSL_free, which no server does without; -1 when it failed, or was full where it should have resumed. */
int64_t memory_peers_shake_hands(const struct memory_peers *peers);

#endif
