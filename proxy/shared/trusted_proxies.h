/* trusted_proxies - whose word about a client is taken: X-Forwarded-*. Immutable once it is made. */
#ifndef PROXY_SHARED_TRUSTED_PROXIES_H
#define PROXY_SHARED_TRUSTED_PROXIES_H

#include <sys/socket.h>

#include "conf/config.h"

struct trusted_proxies;

/* trusted_proxies_new reads addresses, blocks and the word unix. *out is NULL for an empty list. ERROR_FORMAT for what is none
 * of them. */
MUST_USE struct error trusted_proxies_new(const struct string_list *list, struct trusted_proxies **out);
void trusted_proxies_free(struct trusted_proxies *proxies); /* NULL is fine */

/* trusted_proxies_has: `proxies` may be NULL, and has nobody then. */
bool trusted_proxies_has(const struct trusted_proxies *proxies, const struct sockaddr *peer);

#endif
