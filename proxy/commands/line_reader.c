#include "proxy/commands/line_reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FIRST_CAPACITY 4096

static bool is_stdin(const struct line_reader *reader)
{
	return strcmp(reader->path, "-") == 0;
}

static struct error open_file(struct line_reader *reader)
{
	struct stat status;
	FILE *file = is_stdin(reader) ? stdin : fopen(reader->path, "re");
	if (file == NULL)
		return error_system("open");
	if (fstat(fileno(file), &status) != 0 || S_ISDIR(status.st_mode)) {
		if (file != stdin)
			fclose(file);
		return error_of(ERROR_FORMAT, 0, "it is no file");
	}
	reader->file = file;
	reader->device = status.st_dev;
	reader->inode = status.st_ino;
	return error_none();
}

struct error line_reader_open(struct line_reader *reader, const char *path)
{
	*reader = (struct line_reader){.path = path};
	return open_file(reader);
}

void line_reader_close(struct line_reader *reader)
{
	if (reader->file != NULL && reader->file != stdin)
		fclose(reader->file);
	free(reader->line);
	*reader = (struct line_reader){0};
}

static bool grow(struct line_reader *reader)
{
	size_t capacity = reader->capacity == 0 ? FIRST_CAPACITY : reader->capacity * 2;
	char *line = realloc(reader->line, capacity);
	if (line == NULL)
		return false;
	reader->line = line;
	reader->capacity = capacity;
	return true;
}

/* The rest of a line that is too long is read and dropped: only its length so far is kept, above the maximum. */
static void put(struct line_reader *reader, char c)
{
	if (reader->len > LINE_READER_MAX_BYTES)
		return;
	if (reader->len + 1 >= reader->capacity && !grow(reader)) {
		reader->len = LINE_READER_MAX_BYTES + 1;
		return;
	}
	reader->line[reader->len++] = c;
}

static bool finish_line(struct line_reader *reader)
{
	bool whole = reader->len <= LINE_READER_MAX_BYTES && (reader->line != NULL || grow(reader));
	reader->given = true;
	if (whole)
		reader->line[reader->len] = '\0';
	else
		reader->num_too_long++;
	return whole;
}

bool line_reader_next(struct line_reader *reader, bool at_end)
{
	if (reader->given) /* otherwise half a line may stand there, until the rest of it comes */
		reader->len = 0;
	reader->given = false;
	for (;;) {
		int c = fgetc(reader->file);
		if (c == EOF)
			break;
		if (c != '\n') {
			put(reader, (char)c);
			continue;
		}
		if (finish_line(reader))
			return true;
		reader->len = 0;
	}
	clearerr(reader->file);
	return at_end && reader->len > 0 && finish_line(reader);
}

void line_reader_wait(struct line_reader *reader)
{
	static const struct timespec pause = {.tv_nsec = LINE_READER_PAUSE_MS * 1000000L};
	struct stat status;
	nanosleep(&pause, NULL);
	if (is_stdin(reader) || stat(reader->path, &status) != 0)
		return;
	bool replaced = status.st_dev != reader->device || status.st_ino != reader->inode;
	bool shortened = !replaced && ftello(reader->file) > status.st_size;
	if (!replaced && !shortened)
		return;
	FILE *former = reader->file;
	struct error error = open_file(reader);
	if (failed(error))
		return; /* on its way to be there: looked at again after the next pause */
	fclose(former);
	reader->len = 0;
}
