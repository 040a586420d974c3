/* leaf_twin - another certificate for the key of the leaf, or for its name: the one before it, or its renewal. */
#ifndef CHAINCACHE_MEND_LEAF_TWIN_H
#define CHAINCACHE_MEND_LEAF_TWIN_H

#include "chaincache/mend/audit.h"

#define LEAF_TWIN_WORDS_CHARS 96

bool leaf_twin_is(const struct audit *audit, const struct certificate *certificate);

/* leaf_twin_words writes which of the two it is: "its expired predecessor (valid until 2026-11-20)". Returns `out`. */
const char *leaf_twin_words(const struct audit *audit, const struct certificate *twin, char out[LEAF_TWIN_WORDS_CHARS]);

#endif
