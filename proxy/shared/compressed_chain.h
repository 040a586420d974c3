/* compressed_chain - a chain in the form of the CompressedCertificate message (RFC 8879): made once, on the control
 * thread, and sent from memory to every client that takes one of its forms.
 *
 * Immutable. A form that is no smaller than the chain itself is not offered.
 */
#ifndef PROXY_SHARED_COMPRESSED_CHAIN_H
#define PROXY_SHARED_COMPRESSED_CHAIN_H

#include <openssl/ssl.h>

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/certificate_list.h"

#define COMPRESSED_CHAIN_MAX_BYTES ((size_t)256 * 1024) /* of a Certificate message; longer ones stay as they are */
#define COMPRESSED_CHAIN_FORMS 2

/* RFC 8879 7.3; BoringSSL has no names for them. */
enum certificate_compression { COMPRESSION_ZLIB = 1, COMPRESSION_BROTLI = 2 };

struct compressed_form {
	enum certificate_compression algorithm;
	struct buffer bytes;
};

struct compressed_chain {
	struct certificate_list chain;
	struct compressed_form forms[COMPRESSED_CHAIN_FORMS]; /* the smallest first */
	size_t num_forms; /* 0: none is worth it */
};

MUST_USE struct error compressed_chain_new(const struct certificate_list *chain, struct compressed_chain **out);
void compressed_chain_free(struct compressed_chain *compressed); /* NULL is fine */

/* compressed_chain_serve offers the forms in handshakes of `ctx`, which sends this chain. `compressed` becomes the
 * app data of `ctx`, and outlives it. */
MUST_USE struct error compressed_chain_serve(const struct compressed_chain *compressed, SSL_CTX *ctx);

/* compressed_chain_is says whether `message` (a Certificate message's body, RFC 8446 4.4.2) is this chain and nothing else. */
bool compressed_chain_is(const struct compressed_chain *compressed, struct bytes message);

#endif
