/* memory_handshake - a client and a credential shake hands in memory, as they do in a connection. */
#ifndef TESTS_SUPPORT_MEMORY_HANDSHAKE_H
#define TESTS_SUPPORT_MEMORY_HANDSHAKE_H

#include "proxy/shared/credential.h"

struct memory_handshake {
	const struct credential *credential;
	const struct credential *first; /* whose SSL_CTX it begins with; NULL: the credential's own */
	struct ticket_keys *ticket_keys;
	SSL_CTX *client_ctx; /* NULL: one that verifies nothing */
	const char *sni; /* NULL: a.example */
	uint16_t version; /* the client's highest; 0: TLS 1.3 */
	SSL_SESSION **session; /* offered where there is one, and replaced by what comes; NULL: none of it */

	/* The result. */
	bool resumed;
	bool retried; /* a HelloRetryRequest was sent */
	uint16_t group;
	size_t num_tickets; /* that the client got */
	size_t server_bytes; /* that the server sent until the handshake was done, ticket included */
	size_t num_certificates; /* that the client got, and the digest of all of them, one behind the other */
	uint8_t certificates_sha256[32];
};

/* memory_handshake_run: false when it cannot be done. One byte goes from the server to the client behind it. */
bool memory_handshake_run(struct memory_handshake *handshake);

/* memory_handshake_resumes runs it, or the test fails; was it resumed? */
bool memory_handshake_resumes(struct memory_handshake *handshake);

#endif
