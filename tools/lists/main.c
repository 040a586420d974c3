/* chainmend-lists - prints lists from the tables in the code, for the texts that are made at build time.
 *
 *   chainmend-lists OUT NAME           writes the list of that name to the file OUT
 *   chainmend-lists OUT --fill FILE    writes FILE to OUT, with each list in it as it is now
 */
#include <stdio.h>
#include <string.h>

#include "chaincache/base/file.h"
#include "tools/lists/lists.h"
#include "tools/lists/marked_text.h"

enum { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

#define MAX_TEXT_BYTES ((size_t)4 * 1024 * 1024)

static int complain(const char *about, struct error error)
{
	char words[ERROR_MAX_TEXT];

	if (error.kind == ERROR_FORMAT && error.code > 0)
		fprintf(stderr, "chainmend-lists: %s:%d: %s\n", about, error.code, error.step);
	else
		fprintf(stderr, "chainmend-lists: %s: %s\n", about, error_print(error, words, sizeof(words)));
	return STATUS_FAILED;
}

static struct error fill(const char *path, struct buffer *out)
{
	struct buffer text;

	buffer_init(&text, MAX_TEXT_BYTES);
	struct error error = file_read_all(path, MAX_TEXT_BYTES, &text);
	if (!failed(error))
		error = marked_text_fill(buffer_bytes(&text), out);
	buffer_cleanup(&text);
	return error;
}

static struct error print_list(const char *name, struct buffer *out)
{
	const struct list *list = lists_find(bytes_of_string(name));
	return list != NULL ? list->print(out) : error_of(ERROR_USAGE, 0, "there is no list of this name");
}

static struct error write_whole(const char *path, struct bytes text)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL)
		return error_system("it cannot be written");
	bool written = fwrite(text.data, 1, text.len, file) == text.len;
	written = fclose(file) == 0 && written;
	return written ? error_none() : error_system("it cannot be written");
}

int main(int argc, char **argv)
{
	struct buffer text;
	bool is_fill = argc == 4 && strcmp(argv[2], "--fill") == 0;

	if (argc != 3 && !is_fill) {
		fputs("Usage: chainmend-lists OUT NAME\n       chainmend-lists OUT --fill FILE\n", stderr);
		return STATUS_USAGE;
	}
	int status = STATUS_OK;
	buffer_init(&text, MAX_TEXT_BYTES);
	struct error error = is_fill ? fill(argv[3], &text) : print_list(argv[2], &text);
	if (failed(error)) {
		status = complain(argv[argc - 1], error);
	} else {
		error = write_whole(argv[1], buffer_bytes(&text));
		status = failed(error) ? complain(argv[1], error) : STATUS_OK;
	}
	buffer_cleanup(&text);
	return status;
}
