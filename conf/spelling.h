/* spelling - the right word that a misspelt one is nearest to. */
#ifndef CONF_SPELLING_H
#define CONF_SPELLING_H

#include <stddef.h>

#define SPELLING_MAX_CHARS 40 /* of a word; a longer one is near to nothing */

struct spelling {
	const char *word; /* borrowed */
	const char *best; /* borrowed from what was offered */
	size_t best_distance;
};

struct spelling spelling_of(const char *word);

/* spelling_offer looks at one right word. */
void spelling_offer(struct spelling *spelling, const char *right);

/* spelling_best is the nearest word offered, the first among equals; NULL when none is near enough to be meant. */
const char *spelling_best(const struct spelling *spelling);

/* spelling_distance counts the edits between two words: a letter more, less, another, or two neighbours swapped. Case
 * does not count, and neither does '-' for '_'. */
size_t spelling_distance(const char *a, const char *b);

#endif
