/* claims - words that at most one site may claim: of all sites, or of those that share a listen address. */
#ifndef CONF_CLAIMS_H
#define CONF_CLAIMS_H

#include "conf/config.h"

struct claims;

/* claims_new has room for every name and hostname of the configuration, which it borrows; NULL when out of memory. */
struct claims *claims_new(const struct config *config);
void claims_free(struct claims *claims); /* NULL is fine */

/* claims_add adds a claim of `word` (borrowed; letters in either case are the same) by a site, by its index. Between
 * two calls of claims_settle there is room for one claim a site and one a hostname. */
void claims_add(struct claims *claims, const char *word, size_t site);

enum claims_scope { CLAIMS_ANYWHERE, CLAIMS_AT_AN_ADDRESS };

/* claims_settle reports each claim of a site that a site before it has made too, with the indexes of the nearest such
 * site and of its own. Then it forgets all claims. */
void claims_settle(struct claims *claims, enum claims_scope scope,
		   void (*report)(void *context, size_t first_site, size_t second_site), void *context);

#endif
