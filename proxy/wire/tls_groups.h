/* tls_groups - the groups of a key exchange, the best first (RFC 8446 4.2.7), and how strong each is. Pure. */
#ifndef PROXY_WIRE_TLS_GROUPS_H
#define PROXY_WIRE_TLS_GROUPS_H

#include <stdint.h>

#include "chaincache/base/buffer.h"

#define TLS_GROUPS_MAX 8

struct tls_groups {
	uint16_t ids[TLS_GROUPS_MAX]; /* SSL_GROUP_*, each once */
	size_t count;
	bool is_ours; /* not an operator's: a weaker group of it may be taken to spare a round trip */
};

/* tls_groups_read reads `text`, names between colons ("X25519:P-256"), or gives chainmend's own list where it is
 * NULL: X25519MLKEM768 where the BoringSSL has it, X25519, P-256, P-384. ERROR_FORMAT says which names there are. */
MUST_USE struct error tls_groups_read(const char *text, struct tls_groups *out);

/* tls_groups_check appends a clause about what is wrong with `text`: the name that is meant, and which are known. Nothing
 * where it is right. */
MUST_USE struct error tls_groups_check(const char *text, struct buffer *out);

/* tls_groups_equal: the same groups in the same order, whoever wrote them down. */
bool tls_groups_equal(const struct tls_groups *a, const struct tls_groups *b);

/* tls_groups_strength orders groups by the effort to break them; 0 for unknown ones. */
unsigned tls_groups_strength(uint16_t group);

#endif
