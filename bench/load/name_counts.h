/* name_counts - how often each of a few names occurred: causes of failure, ciphers, groups. */
#ifndef BENCH_LOAD_NAME_COUNTS_H
#define BENCH_LOAD_NAME_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#define NAME_COUNTS_MAX_ROWS 64 /* what comes beyond counts under the last row, which is then called "other" */
#define NAME_COUNTS_MAX_CHARS 79

/* Zero-initialised is empty. Rows stand in the order in which they came. */
struct name_counts {
	struct name_count {
		char name[NAME_COUNTS_MAX_CHARS + 1];
		uint64_t count;
	} rows[NAME_COUNTS_MAX_ROWS];
	size_t num_rows;
};

/* name_counts_add counts `name`, cut to its maximum. */
void name_counts_add(struct name_counts *counts, const char *name, uint64_t count);

/* name_counts_add_words counts prefix and words put together as one identifier: letters made small, and whatever is
 * neither a letter nor a digit one underscore. */
void name_counts_add_words(struct name_counts *counts, const char *prefix, const char *words);

void name_counts_merge(struct name_counts *into, const struct name_counts *from);
uint64_t name_counts_total(const struct name_counts *counts);

#endif
