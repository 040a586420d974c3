/* Memory that runs out, at one allocation after the other, while `check --json` and `mend` run: the command says so and ends
 * with 3, or all is as if nothing had happened. Nothing in between is printed, and a file is written whole or not at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/err.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/file.h"
#include "proxy/cli/exit_status.h"
#include "proxy/commands/check/check.h"
#include "proxy/commands/check/mend_command.h"
#include "tests/support/failing_memory.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define MAX_PATH_CHARS 300
#define MAX_ARGUMENTS 20
#define MAX_BYTES ((size_t)1024 * 1024)
#define OPTIONS                                                                                                        \
	"--roots", "root.pem", "--cache", "cache", "--offline", "--time", "2026-01-01T00:00:00Z", "--name", "a.example"

/* The first allocations one by one, where options are read; then by a step, each command with another remainder. */
enum { EVERY_ONE = 40, STEP = 23 };

static char folder[] = "/tmp/test_command_memory.XXXXXX";

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

struct command {
	int (*run)(int argc, char **argv);
	const char *arguments[MAX_ARGUMENTS]; /* NULL behind the last */
	const char *written; /* a file that it writes; NULL: none */
	int status; /* where memory suffices */
};

static bool run(const struct command *command, size_t nth, struct printed *out)
{
	char *arguments[MAX_ARGUMENTS + 1] = {0};
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

/* Nothing, or a document that says what failed. */
static bool tells_failure(const struct printed *printed)
{
	if (printed->out.len == 0)
		return true;
	json_t *document = json_loadb((const char *)printed->out.data, printed->out.len, 0, NULL);
	bool tells = json_integer_value(json_object_get(document, "exit_status")) == STATUS_UNKNOWN &&
		     json_string_length(json_object_get(document, "error")) > 0;
	json_decref(document);
	return tells;
}

static bool same(const struct buffer *a, const struct buffer *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* After a failure what it writes is as it was: not there. */
static bool is_written(const struct command *command)
{
	return command->written != NULL && access(command->written, F_OK) == 0;
}

static bool check_once(const struct command *command, size_t nth, const struct printed *whole)
{
	struct printed printed;
	bool has_failed = run(command, nth, &printed);
	bool holds = printed.status == STATUS_UNKNOWN
			 ? tells_failure(&printed) && printed.err.len > 0 && !is_written(command)
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

static void check(const struct command *command, size_t remainder)
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
	assert_true(nth > EVERY_ONE + STEP);
	printed_cleanup(&whole);
}

static void test_check(void **state)
{
	static const struct command commands[] = {
	    {command_check, {"check", "--json", "--chain", "good.pem", OPTIONS}, NULL, STATUS_OK},
	    {command_check, {"check", "--json", "--chain", "turned.pem", OPTIONS}, NULL, STATUS_REPAIRABLE},
	    {command_check, {"check", "--json", "--chain", "incomplete.pem", OPTIONS}, NULL, STATUS_BROKEN},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		check(&commands[i], i);
}

static void test_mend(void **state)
{
	static const struct command commands[] = {
	    {command_mend, {"mend", "turned.pem", OPTIONS}, NULL, STATUS_OK},
	    {command_mend, {"mend", "turned.pem", "--json", "--exit-code", OPTIONS}, NULL, STATUS_CHANGED},
	    {command_mend, {"mend", "turned.pem", "--json", "-o", "mended.pem", OPTIONS}, "mended.pem", STATUS_OK},
	    {command_mend, {"mend", "incomplete.pem", OPTIONS}, NULL, STATUS_BROKEN},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		check(&commands[i], STEP / 2 + i);
}

static void write_chain(const char *path, const struct certificate *const certificates[], size_t count)
{
	struct buffer pem;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	buffer_init(&pem, MAX_BYTES);
	for (size_t i = 0; i < count; i++)
		assert_ok(certificate_write_pem(certificates[i], &pem));
	assert_true(fputs(buffer_text(&pem), file) != EOF);
	assert_int_equal(fclose(file), 0);
	buffer_cleanup(&pem);
}

/* calloc is stood in for with every BoringSSL. */
static void *allocate(size_t size)
{
	return calloc(1, size);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("cache", 0700) != 0)
		return -1;
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *upper = PKI(.cn = "Upper", .issuer = root, .ca = true);
	const struct certificate *lower = PKI(.cn = "Lower", .issuer = upper, .ca = true);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = lower, .dns = PKI_STRINGS("a.example"));

	write_chain("root.pem", &root, 1);
	write_chain("good.pem", (const struct certificate *const[]){leaf, lower, upper}, 3);
	write_chain("turned.pem", (const struct certificate *const[]){leaf, upper, lower}, 3);
	write_chain("incomplete.pem", (const struct certificate *const[]){leaf, lower}, 2);
	json_set_alloc_funcs(allocate, free);
	/* BoringSSL's own state of the thread is there from now on. */
	ERR_put_error(ERR_LIB_USER, 0, 0, __FILE__, __LINE__);
	ERR_clear_error();
	return 0;
}

static int teardown(void **state)
{
	char command[2 * MAX_PATH_CHARS];
	(void)state;

	pki_cleanup();
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_mend),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
