/* site_lookup - finds the site of one listener that answers for a name: a hash table, read-only once it is made. */
#ifndef PROXY_SHARED_SITE_LOOKUP_H
#define PROXY_SHARED_SITE_LOOKUP_H

#include "proxy/shared/site.h"

struct site_lookup;

/* site_lookup_new borrows `sites` (at least one, in the order of the configuration) and their credentials. */
MUST_USE struct error site_lookup_new(const struct site *const *sites, size_t num_sites, struct site_lookup **out);
void site_lookup_free(struct site_lookup *lookup);

/* site_lookup_find picks the site for a name that a client asked for (NULL: it sent no SNI): exact hostnames, then
 * wildcard hostnames, then the names of the certificates, else the default site or the first. *out_known says
 * whether the name was found (true for no SNI at all). Never NULL. */
const struct site *site_lookup_find(const struct site_lookup *lookup, const char *sni, bool *out_known);

/* site_lookup_is_elsewhere says whether a Host, with or without a port, belongs to another site of the listener than the
 * handshake's `site`. What no site has belongs to none. */
bool site_lookup_is_elsewhere(const struct site_lookup *lookup, const struct site *site, struct bytes host);

/* site_lookup_first_credential returns the credential that a handshake begins with, before the client's hello is
 * read; NULL while no site of the listener has one. */
struct credential *site_lookup_first_credential(const struct site_lookup *lookup);

/* site_lookup_fallback returns the site that answers a client without SNI. Never NULL. */
const struct site *site_lookup_fallback(const struct site_lookup *lookup);

#endif
