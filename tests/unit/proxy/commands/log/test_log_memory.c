/* Memory that runs out, at one allocation after the other, while `log` prints JSON: the command says so and ends with 1, or
 * all is as if nothing had happened. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/cli/exit_status.h"
#include "proxy/commands/log/log.h"
#include "tests/support/starved_command.h"
#include "tests/support/unit.h"

#define NUM_LINES 70 /* more than an array of the history holds at first */

static char folder[] = "/tmp/test_log_memory.XXXXXX";

static void test_json_is_whole_or_says_why_not(void **state)
{
	static const struct starved_command commands[] = {
	    {command_log, {"log", "fixes.log", "--json", "--site", "shop"}, NULL, STATUS_OK, STATUS_FAILED, true},
	    {command_log, {"log", "fixes.log", "--summary", "--json"}, NULL, STATUS_OK, STATUS_FAILED, false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		starved_command_check(&commands[i], i);
}

static void write_line(FILE *file, int number, const char *more)
{
	fprintf(file,
		"{\"time\":\"2026-11-20T10:%02d:%02d.000Z\",\"event\":\"appeared\",\"run\":\"r\",\"site\":\"shop\","
		"\"id\":\"%d\",\"code\":\"wrong_order\",\"severity\":\"fixed\",\"message\":\"m\",\"advice\":\"a\","
		"\"name\":\"n%d.example\"%s}\n",
		number / 60, number % 60, number, number, more);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		return -1;
	FILE *file = fopen("fixes.log", "w");
	if (file == NULL)
		return -1;
	for (int i = 0; i < NUM_LINES; i++)
		write_line(file, i, "");
	write_line(file, NUM_LINES, ",\"rejections\":[{\"name\":\"a.example\",\"count\":3}]");
	starved_command_setup();
	return fclose(file);
}

static int teardown(void **state)
{
	char command[100];
	(void)state;

	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_is_whole_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
