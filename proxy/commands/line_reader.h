/* line_reader - the lines of a file, and where it is followed those that are still to come, over a rotation too. */
#ifndef PROXY_COMMANDS_LINE_READER_H
#define PROXY_COMMANDS_LINE_READER_H

#include <stdio.h>
#include <sys/types.h>

#include "chaincache/error.h"

#define LINE_READER_MAX_BYTES ((size_t)4 * 1024 * 1024) /* of a line; a longer one is passed over and counted */
#define LINE_READER_PAUSE_MS 200 /* between two looks at a file that is followed */

struct line_reader {
	const char *path; /* borrowed; "-": stdin */
	FILE *file;
	dev_t device; /* of the file that is open, to see it replaced */
	ino_t inode;
	char *line; /* owned; without its line feed */
	size_t len;
	size_t capacity;
	bool given; /* the line was whole: the next one begins afresh */
	size_t num_too_long;
};

MUST_USE struct error line_reader_open(struct line_reader *reader, const char *path);
void line_reader_close(struct line_reader *reader);

/* line_reader_next reads the next whole line into reader->line; false at the end of what is there. A last line without a
 * line feed is one only when `at_end` says that nothing can come any more. */
bool line_reader_next(struct line_reader *reader, bool at_end);

/* line_reader_wait sleeps a little, and goes over to the new file when the path has one. */
void line_reader_wait(struct line_reader *reader);

#endif
