#include "bench/load/name_counts.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct name_count *row_of(struct name_counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->num_rows; i++) {
		if (strncmp(counts->rows[i].name, name, NAME_COUNTS_MAX_CHARS) == 0)
			return &counts->rows[i];
	}
	return NULL;
}

void name_counts_add(struct name_counts *counts, const char *name, uint64_t count)
{
	struct name_count *row = row_of(counts, name);

	if (row == NULL) {
		bool last = counts->num_rows >= NAME_COUNTS_MAX_ROWS - 1;
		row = &counts->rows[last ? NAME_COUNTS_MAX_ROWS - 1 : counts->num_rows];
		snprintf(row->name, sizeof(row->name), "%s", last ? "other" : name);
		counts->num_rows = last ? NAME_COUNTS_MAX_ROWS : counts->num_rows + 1;
	}
	row->count += count;
}

void name_counts_add_words(struct name_counts *counts, const char *prefix, const char *words)
{
	char name[NAME_COUNTS_MAX_CHARS + 1];
	size_t len = 0;

	for (size_t i = 0; i < 2; i++) {
		for (const char *at = i == 0 ? prefix : words; *at != '\0' && len < NAME_COUNTS_MAX_CHARS; at++) {
			unsigned char c = (unsigned char)*at;
			if (isalnum(c))
				name[len++] = (char)tolower(c);
			else if (len > 0 && name[len - 1] != '_')
				name[len++] = '_';
		}
	}
	name[len] = '\0';
	name_counts_add(counts, name, 1);
}

void name_counts_merge(struct name_counts *into, const struct name_counts *from)
{
	for (size_t i = 0; i < from->num_rows; i++)
		name_counts_add(into, from->rows[i].name, from->rows[i].count);
}

uint64_t name_counts_total(const struct name_counts *counts)
{
	uint64_t total = 0;
	for (size_t i = 0; i < counts->num_rows; i++)
		total += counts->rows[i].count;
	return total;
}
