/* namesake - finds an authority of the right name with another key: it was renewed with a new key, and the certificate of one key
 * stands where that of the other belongs.
 */
#ifndef CHAINCACHE_MEND_NAMESAKE_H
#define CHAINCACHE_MEND_NAMESAKE_H

#include "chaincache/mend/audit.h"

#define NAMESAKE_WORDS_CHARS 256

/* namesake_is says whether `other` has the name of child's issuer, may issue, and did not: its key does not verify child. */
bool namesake_is(const struct audit *audit, const struct certificate *other, const struct certificate *child);

/* namesake_find is such a certificate of what is served, else of what is known; NULL: there is none. *out_served says which. */
const struct certificate *namesake_find(struct audit *audit, const struct certificate *child, bool *out_served);

/* namesake_words writes which keys they are, by their identifiers, a clause; returns `out`. */
const char *namesake_words(const struct certificate *other, const struct certificate *child,
			   char out[NAMESAKE_WORDS_CHARS]);

#endif
