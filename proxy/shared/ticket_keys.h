/* ticket_keys - the keys that session tickets are sealed with (RFC 8446 4.6.1, RFC 5077): immutable, shared by all
 * workers.
 *
 * A snapshot holds them, so a handshake uses those of the snapshot under which its connection was accepted, without a
 * lock. New keys are a new set with a new snapshot. The last reference wipes them.
 */
#ifndef PROXY_SHARED_TICKET_KEYS_H
#define PROXY_SHARED_TICKET_KEYS_H

#include <stdint.h>

#include <openssl/ssl.h>

#include "chaincache/base/error.h"

#define TICKET_KEYS_MAX 16
#define TICKET_NAME_BYTES 16
#define TICKET_SECRET_BYTES 32

/* One key. Its owner wipes it. */
struct ticket_secret {
	uint8_t name[TICKET_NAME_BYTES]; /* stands in the ticket, in the clear */
	uint8_t secret[TICKET_SECRET_BYTES];
};

struct ticket_keys;

/* ticket_keys_new makes a set of 1 to TICKET_KEYS_MAX keys (copied): the first one writes, all are read. */
MUST_USE struct error ticket_keys_new(const struct ticket_secret *secrets, size_t count, struct ticket_keys **out);
struct ticket_keys *ticket_keys_ref(struct ticket_keys *keys);
void ticket_keys_unref(struct ticket_keys *keys); /* NULL is fine */

/* ticket_keys_serve seals and opens the tickets of `ctx` with the keys that the client_handshake of each SSL names. */
void ticket_keys_serve(SSL_CTX *ctx);

#endif
