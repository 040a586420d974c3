/* claims - words that at most one site may claim: of all sites, or of those that share a listen address. */
#ifndef CONF_CLAIMS_H
#define CONF_CLAIMS_H

#include "conf/config.h"

struct claims;

/* claims_new has room for every name and hostname of the configuration, which it borrows; NULL when out of memory. */
struct claims *claims_new(const struct config *config);
void claims_free(struct claims *claims); /* NULL is fine */

/* claims_add notes that a site, by its index, claims `word` (borrowed; letters in either case are the same). At most one word
 * a site and one a hostname between two calls of claims_settle. */
void claims_add(struct claims *claims, const char *word, size_t site);

enum claims_scope { CLAIMS_ANYWHERE, CLAIMS_AT_AN_ADDRESS };

/* claims_settle tells of each claim of a site that another site before it has made too, by both sites' indexes: the nearest
 * one before it. Then it forgets all of them. */
void claims_settle(struct claims *claims, enum claims_scope scope,
		   void (*tell)(void *context, size_t first_site, size_t second_site), void *context);

#endif
