/* Gives each file of a folder to a fuzz target, once: what fuzzing found stays found, under every compiler.
 *
 *	corpus_NAME tests/fuzz/corpus/NAME [another folder ...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/file.h"

#define MAX_INPUT_BYTES ((size_t)1024 * 1024)
#define MAX_PATH_CHARS 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of just its size, so that a sanitizer sees one byte too many being read. */
static void run(struct bytes input)
{
	uint8_t *copy = calloc(1, input.len > 0 ? input.len : 1);

	if (copy == NULL)
		abort();
	if (input.len > 0)
		memcpy(copy, input.data, input.len);
	LLVMFuzzerTestOneInput(copy, input.len);
	free(copy);
}

static struct error run_file(const char *path)
{
	struct buffer content;

	buffer_init(&content, MAX_INPUT_BYTES);
	struct error error = file_read_all(path, MAX_INPUT_BYTES, &content);
	if (!failed(error)) {
		printf("%s\n", path);
		fflush(stdout); /* the last line names the file that a crash is about */
		run(buffer_bytes(&content));
	}
	buffer_cleanup(&content);
	return error;
}

static struct error run_folder(const char *folder)
{
	struct file_names names;
	char path[MAX_PATH_CHARS];

	struct error error = file_list_folder(folder, &names);
	if (failed(error))
		return error;
	if (names.count == 0)
		error = error_of(ERROR_FORMAT, 0, "there is no file");
	for (size_t i = 0; i < names.count && !failed(error); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
		error = run_file(path);
	}
	file_names_cleanup(&names);
	return error;
}

int main(int argc, char **argv)
{
	char text[ERROR_MAX_TEXT];

	run(bytes_of(NULL, 0));
	for (int i = 1; i < argc; i++) {
		struct error error = run_folder(argv[i]);
		if (failed(error)) {
			fprintf(stderr, "%s: %s\n", argv[i], error_print(error, text, sizeof(text)));
			return 1;
		}
	}
	return argc > 1 ? 0 : 1;
}
