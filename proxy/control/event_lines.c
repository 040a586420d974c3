#include "proxy/control/event_lines.h"

#include <stdlib.h>
#include <string.h>

struct event_line {
	char *key;
	uint64_t held_back;
	uint64_t logged_ms;
	uint64_t seen_ms;
};

struct event_lines {
	struct event_line items[EVENT_LINES_MAX];
	size_t count;
};

struct event_lines *event_lines_new(void)
{
	return calloc(1, sizeof(struct event_lines));
}

void event_lines_free(struct event_lines *lines)
{
	if (lines == NULL)
		return;
	for (size_t i = 0; i < lines->count; i++)
		free(lines->items[i].key);
	free(lines);
}

static struct event_line *find(struct event_lines *lines, const char *key)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (strcmp(lines->items[i].key, key) == 0)
			return &lines->items[i];
	}
	return NULL;
}

static struct event_line *oldest(struct event_lines *lines)
{
	struct event_line *old = &lines->items[0];

	for (size_t i = 1; i < lines->count; i++) {
		if (lines->items[i].seen_ms < old->seen_ms)
			old = &lines->items[i];
	}
	return old;
}

static struct event_line *add(struct event_lines *lines, const char *key)
{
	char *copy = strdup(key);
	if (copy == NULL)
		return NULL;
	struct event_line *line = NULL;
	if (lines->count < EVENT_LINES_MAX) {
		line = &lines->items[lines->count++];
	} else {
		line = oldest(lines);
		free(line->key);
	}
	*line = (struct event_line){.key = copy};
	return line;
}

uint64_t event_lines_count(struct event_lines *lines, const char *key, uint64_t count, uint64_t now_ms, bool *out_again)
{
	struct event_line *line = find(lines, key);

	*out_again = line != NULL;
	if (line != NULL) {
		line->seen_ms = now_ms;
		line->held_back += count;
		if (now_ms - line->logged_ms < EVENT_LINES_PAUSE_MS)
			return 0;
		count = line->held_back;
	} else {
		line = add(lines, key);
		if (line == NULL)
			return count;
	}
	line->seen_ms = now_ms;
	line->logged_ms = now_ms;
	line->held_back = 0;
	return count;
}
