#include "tests/support/starved_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/err.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/file.h"
#include "tests/support/failing_memory.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)1024 * 1024)

/* The first allocations one by one, where options are read; then by a step. */
enum { EVERY_ONE = 40, STEP = 23 };

struct printed {
	struct buffer out, err;
	int status;
};

static void printed_cleanup(struct printed *printed)
{
	buffer_cleanup(&printed->out);
	buffer_cleanup(&printed->err);
}

/* Sends a stream of the process into a file, and back. */
static int divert(FILE *stream, const char *path)
{
	int fd = fileno(stream), kept = dup(fd);

	fflush(stream);
	assert_true(kept >= 0);
	assert_non_null(freopen(path, "w", stream));
	assert_int_equal(fileno(stream), fd);
	return kept;
}

static void restore(FILE *stream, int kept)
{
	fflush(stream);
	clearerr(stream);
	assert_true(dup2(kept, fileno(stream)) >= 0);
	close(kept);
}

static void read_file(const char *path, struct buffer *out)
{
	buffer_init(out, MAX_BYTES);
	assert_ok(file_read_all(path, MAX_BYTES, out));
}

static bool run(const struct starved_command *command, size_t nth, struct printed *out)
{
	char *arguments[STARVED_COMMAND_MAX_ARGUMENTS + 1] = {0};
	int count = 0;

	for (; command->arguments[count] != NULL; count++)
		arguments[count] = (char *)(uintptr_t)command->arguments[count];
	int kept_out = divert(stdout, "stdout"), kept_err = divert(stderr, "stderr");
	failing_memory_begin(nth);
	out->status = command->run(count, arguments);
	bool has_failed = failing_memory_end();
	restore(stdout, kept_out);
	restore(stderr, kept_err);
	read_file("stdout", &out->out);
	read_file("stderr", &out->err);
	return has_failed;
}

/* Nothing, a document that says what failed, or what nobody takes for a document. */
static bool tells_failure(const struct starved_command *command, const struct printed *printed)
{
	if (printed->out.len == 0)
		return true;
	json_t *document = json_loadb((const char *)printed->out.data, printed->out.len, 0, NULL);
	json_t *status = json_object_get(document, "exit_status");
	bool tells = (status == NULL || json_integer_value(status) == command->failed_status) &&
		     json_string_length(json_object_get(document, "error")) > 0;
	bool is_open = document == NULL && command->may_stay_open;
	json_decref(document);
	return tells || is_open;
}

static bool same(const struct buffer *a, const struct buffer *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* After a failure what it writes is as it was: not there. */
static bool is_written(const struct starved_command *command)
{
	return command->written != NULL && access(command->written, F_OK) == 0;
}

static bool check_once(const struct starved_command *command, size_t nth, const struct printed *whole)
{
	struct printed printed;
	bool has_failed = run(command, nth, &printed);
	bool holds = printed.status == command->failed_status
			 ? tells_failure(command, &printed) && printed.err.len > 0 && !is_written(command)
			 : printed.status == whole->status && same(&printed.out, &whole->out) &&
			       is_written(command) == (command->written != NULL);

	if (!holds) {
		print_error("%s, allocation %zu: status %d\n%s%s\n", command->arguments[0], nth, printed.status,
			    buffer_text(&printed.err), buffer_text(&printed.out));
		fail();
	}
	printed_cleanup(&printed);
	if (command->written != NULL)
		unlink(command->written);
	return has_failed;
}

void starved_command_check(const struct starved_command *command, size_t remainder)
{
	struct printed whole;
	size_t nth = 1;

	assert_false(run(command, 0, &whole));
	assert_int_equal(whole.status, command->status);
	if (command->written != NULL)
		assert_int_equal(unlink(command->written), 0);
	while (check_once(command, nth, &whole))
		nth += nth < EVERY_ONE + remainder ? 1 : STEP;
	print_message("%s: %zu allocations\n", command->arguments[0], nth);
	assert_true(nth > 1);
	printed_cleanup(&whole);
}

/* calloc is stood in for with every BoringSSL. */
static void *allocate(size_t size)
{
	return calloc(1, size);
}

void starved_command_setup(void)
{
	json_set_alloc_funcs(allocate, free);
	/* BoringSSL's own state of the thread is there from now on. */
	ERR_put_error(ERR_LIB_USER, 0, 0, __FILE__, __LINE__);
	ERR_clear_error();
}
