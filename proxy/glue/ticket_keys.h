/* ticket_keys - the keys that session tickets are sealed with, shared by all workers (RFC 8446 4.6.1, RFC 5077).
 *
 * Made in memory and rotated: a new key every TICKET_KEY_LIFETIME_S, the one before it can still be read. Any thread may
 * use them; the lock is held for a copy of one key. A reload keeps them, so that resumption survives it.
 */
#ifndef PROXY_GLUE_TICKET_KEYS_H
#define PROXY_GLUE_TICKET_KEYS_H

#include <stdint.h>

#include <openssl/ssl.h>

#include "chaincache/error.h"

#define TICKET_KEY_LIFETIME_S (12 * 60 * 60)

struct ticket_keys;

/* ticket_keys_new makes the first key. `now_s` is a monotonic time in seconds, here and below. */
MUST_USE struct error ticket_keys_new(uint64_t now_s, struct ticket_keys **out);
struct ticket_keys *ticket_keys_ref(struct ticket_keys *keys);
void ticket_keys_unref(struct ticket_keys *keys); /* the last one wipes them */

/* ticket_keys_rotate makes a new key when the present one is old enough; otherwise it does nothing. */
MUST_USE struct error ticket_keys_rotate(struct ticket_keys *keys, uint64_t now_s);

/* ticket_keys_attach has `ctx` seal and open its tickets with them; `ctx` must not outlive the caller's reference. */
MUST_USE struct error ticket_keys_attach(struct ticket_keys *keys, SSL_CTX *ctx);

#endif
