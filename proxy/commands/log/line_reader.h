/* line_reader - reads the lines of a log, and follows it as it grows, over a rotation too. */
#ifndef PROXY_COMMANDS_LOG_LINE_READER_H
#define PROXY_COMMANDS_LOG_LINE_READER_H

#include <stdint.h>

#include "proxy/commands/log/log_source.h"

#define LINE_READER_MAX_BYTES ((size_t)4 * 1024 * 1024) /* of a line; a longer one is skipped and counted */
#define LINE_READER_PAUSE_MS 200 /* between two looks at a file that is followed */

/* Holds always: start <= looked_at <= end <= capacity; the bytes from start to looked_at have no line feed. */
struct line_reader {
	struct log_source source;
	char *buffer; /* owned */
	size_t start, looked_at, end, capacity;
	char *line; /* into the buffer, until the next call; without its line feed, zero-terminated */
	size_t len;
	uint64_t number; /* of the line, from 1 on, in the present file */
	size_t num_too_long;
	bool moved; /* the path has another file: it comes after the rest of this one */
	bool skips; /* the rest of a line that is too long */
	struct error error; /* that ended the reading early */
};

MUST_USE struct error line_reader_open(struct line_reader *reader, const char *path);
void line_reader_close(struct line_reader *reader);

/* line_reader_next finds the next whole line; false where there is none yet, or at an error. A last line without a line feed
 * counts only where `at_end` says that nothing more can come. */
bool line_reader_next(struct line_reader *reader, bool at_end);

/* line_reader_wait sleeps a little, and checks whether the path has another file: line_reader_next then changes to it. */
void line_reader_wait(struct line_reader *reader);

#endif
