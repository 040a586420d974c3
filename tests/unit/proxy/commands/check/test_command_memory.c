/* Memory that runs out, at one allocation after the other, while `check --json` and `mend` run: the command says so and ends
 * with 3, or all is as if nothing had happened. Nothing in between is printed, and a file is written whole or not at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "proxy/cli/exit_status.h"
#include "proxy/commands/check/check.h"
#include "proxy/commands/check/mend_command.h"
#include "tests/support/pki.h"
#include "tests/support/starved_command.h"
#include "tests/support/unit.h"

#define MAX_PATH_CHARS 300
#define MAX_BYTES ((size_t)1024 * 1024)
#define OPTIONS                                                                                                        \
	"--roots", "root.pem", "--cache", "cache", "--offline", "--time", "2026-01-01T00:00:00Z", "--name", "a.example"

static char folder[] = "/tmp/test_command_memory.XXXXXX";

static void test_check(void **state)
{
	static const struct starved_command commands[] = {
	    {command_check,
	     {"check", "--json", "--chain", "good.pem", OPTIONS},
	     NULL,
	     STATUS_OK,
	     STATUS_UNKNOWN,
	     false},
	    {command_check,
	     {"check", "--json", "--chain", "turned.pem", OPTIONS},
	     NULL,
	     STATUS_REPAIRABLE,
	     STATUS_UNKNOWN,
	     false},
	    {command_check,
	     {"check", "--json", "--chain", "incomplete.pem", OPTIONS},
	     NULL,
	     STATUS_BROKEN,
	     STATUS_UNKNOWN,
	     false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		starved_command_check(&commands[i], i);
}

static void test_mend(void **state)
{
	static const struct starved_command commands[] = {
	    {command_mend, {"mend", "turned.pem", OPTIONS}, NULL, STATUS_OK, STATUS_UNKNOWN, false},
	    {command_mend,
	     {"mend", "turned.pem", "--json", "--exit-code", OPTIONS},
	     NULL,
	     STATUS_CHANGED,
	     STATUS_UNKNOWN,
	     false},
	    {command_mend,
	     {"mend", "turned.pem", "--json", "-o", "mended.pem", OPTIONS},
	     "mended.pem",
	     STATUS_OK,
	     STATUS_UNKNOWN,
	     false},
	    {command_mend, {"mend", "incomplete.pem", OPTIONS}, NULL, STATUS_BROKEN, STATUS_UNKNOWN, false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		starved_command_check(&commands[i], i);
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
	starved_command_setup();
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
