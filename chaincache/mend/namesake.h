/* namesake - finds an authority of the right name with another key. The authority was renewed with a new key, and its
 * certificate for one key was taken for that of the other.
 */
#ifndef CHAINCACHE_MEND_NAMESAKE_H
#define CHAINCACHE_MEND_NAMESAKE_H

#include "chaincache/mend/audit.h"

#define NAMESAKE_WORDS_CHARS 256

/* namesake_is says whether `other` has the name of child's issuer, may issue, and did not: its key does not verify child. */
bool namesake_is(const struct audit *audit, const struct certificate *other, const struct certificate *child);

/* namesake_find returns such a certificate, a served one first, else one that is known; NULL: none. *out_served: it is
 * served. */
const struct certificate *namesake_find(struct audit *audit, const struct certificate *child, bool *out_served);

/* namesake_words writes which keys they are, by their identifiers, a clause; returns `out`. */
const char *namesake_words(const struct certificate *other, const struct certificate *child,
			   char out[NAMESAKE_WORDS_CHARS]);

#endif
