#include "conf/spelling.h"

#include <stdbool.h>
#include <string.h>

static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if (c == '-')
		return '_';
	return c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t spelling_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);
	if (a_len > SPELLING_MAX_CHARS || b_len > SPELLING_MAX_CHARS)
		return SPELLING_MAX_CHARS;

	/* Optimal string alignment: three rows of the table are enough. */
	size_t rows[3][SPELLING_MAX_CHARS + 1];
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			row[j] = least(least(row[j - 1], above[j]) + 1, above[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

struct spelling spelling_of(const char *word)
{
	return (struct spelling){word, NULL, SPELLING_MAX_CHARS};
}

void spelling_offer(struct spelling *spelling, const char *right)
{
	size_t distance = spelling_distance(spelling->word, right);
	if (distance >= spelling->best_distance)
		return;
	spelling->best = right;
	spelling->best_distance = distance;
}

const char *spelling_best(const struct spelling *spelling)
{
	/* A third of the letters may be wrong, and one at least. */
	size_t allowed = strlen(spelling->word) / 3;
	return spelling->best_distance <= (allowed > 0 ? allowed : 1) ? spelling->best : NULL;
}
