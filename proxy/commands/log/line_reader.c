#include "proxy/commands/log/line_reader.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_CAPACITY ((size_t)256 * 1024)

struct error line_reader_open(struct line_reader *reader, const char *path)
{
	*reader = (struct line_reader){.capacity = FIRST_CAPACITY};
	reader->buffer = malloc(FIRST_CAPACITY + 1);
	if (reader->buffer == NULL)
		return error_of(ERROR_MEMORY, 0, "read");
	return log_source_open(&reader->source, path);
}

void line_reader_close(struct line_reader *reader)
{
	if (reader->source.path != NULL)
		log_source_close(&reader->source);
	free(reader->buffer);
	*reader = (struct line_reader){0};
}

static void forget_rest(struct line_reader *reader)
{
	reader->start = 0;
	reader->looked_at = 0;
	reader->end = 0;
}

/* Makes room for more of the line; false where a line has become too long. */
static bool make_room(struct line_reader *reader)
{
	size_t len = reader->end - reader->start;

	if (reader->start > 0) {
		memmove(reader->buffer, reader->buffer + reader->start, len);
		reader->start = 0;
		reader->looked_at = len;
		reader->end = len;
	}
	if (reader->end < reader->capacity)
		return true;
	if (len > LINE_READER_MAX_BYTES)
		return false;
	char *buffer = realloc(reader->buffer, reader->capacity * 2 + 1);
	if (buffer == NULL)
		return false;
	reader->buffer = buffer;
	reader->capacity *= 2;
	return true;
}

/* Reads more; false at the end of what is there. */
static bool fill(struct line_reader *reader)
{
	size_t len = 0;

	if (!make_room(reader)) {
		reader->skips = true;
		forget_rest(reader);
	}
	reader->error =
	    log_source_read(&reader->source, reader->buffer + reader->end, reader->capacity - reader->end, &len);
	reader->end += len;
	return !failed(reader->error) && len > 0;
}

/* Gives the line up to `stop`; false where it is to be skipped. */
static bool give(struct line_reader *reader, size_t stop)
{
	bool whole = !reader->skips && stop - reader->start <= LINE_READER_MAX_BYTES;

	reader->line = reader->buffer + reader->start;
	reader->len = stop - reader->start;
	reader->line[reader->len] = '\0';
	reader->start = stop < reader->end ? stop + 1 : stop;
	reader->looked_at = reader->start;
	reader->number++;
	reader->num_too_long += !whole;
	reader->skips = false;
	return whole;
}

/* Changes to the file that the path has by now. */
static bool go_over(struct line_reader *reader)
{
	if (!log_source_follow(&reader->source))
		return false; /* it is being replaced: tried again after the next pause */
	reader->moved = false;
	reader->skips = false;
	reader->number = 0;
	forget_rest(reader);
	return true;
}

bool line_reader_next(struct line_reader *reader, bool at_end)
{
	for (;;) {
		const char *found = memchr(reader->buffer + reader->looked_at, '\n', reader->end - reader->looked_at);
		if (found != NULL) {
			if (give(reader, (size_t)(found - reader->buffer)))
				return true;
			continue;
		}
		reader->looked_at = reader->end;
		if (!fill(reader) && (failed(reader->error) || !reader->moved || !go_over(reader)))
			break;
	}
	return at_end && (reader->end > reader->start || reader->skips) && give(reader, reader->end);
}

void line_reader_wait(struct line_reader *reader)
{
	static const struct timespec pause = {.tv_nsec = LINE_READER_PAUSE_MS * 1000000L};

	nanosleep(&pause, NULL);
	switch (log_source_look(&reader->source)) {
	case LOG_SOURCE_SAME:
		break;
	case LOG_SOURCE_REPLACED:
		reader->moved = true;
		break;
	case LOG_SOURCE_CUT:
		(void)go_over(reader);
		break;
	}
}
