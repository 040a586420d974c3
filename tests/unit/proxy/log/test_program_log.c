#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/log/program_log.h"

struct pipes {
	int ends[2];
	struct program_log log;
	char text[8192];
};

static int set_up(void **state)
{
	struct pipes *pipes = calloc(1, sizeof(*pipes));
	if (pipe(pipes->ends) != 0)
		return -1;
	unsetenv("JOURNAL_STREAM");
	program_log_init(&pipes->log, pipes->ends[1], LOG_LEVEL_WARNING);
	*state = pipes;
	return 0;
}

static int tear_down(void **state)
{
	struct pipes *pipes = *state;
	close(pipes->ends[0]);
	close(pipes->ends[1]);
	free(pipes);
	return 0;
}

/* Returns the text in the pipe, which must not be empty. */
static const char *said(struct pipes *pipes)
{
	ssize_t len = read(pipes->ends[0], pipes->text, sizeof(pipes->text) - 1);
	assert_true(len > 0);
	pipes->text[len] = '\0';
	return pipes->text;
}

static void test_a_line_has_what_and_why(void **state)
{
	struct pipes *pipes = *state;

	program_log_write(&pipes->log, LOG_LEVEL_ERROR, "site mail", "no backend in %d tries", 3);
	assert_string_equal(said(pipes), "chainmend: site mail: no backend in 3 tries\n");
	program_log_write(&pipes->log, LOG_LEVEL_WARNING, "", "plain");
	assert_string_equal(said(pipes), "chainmend: plain\n");
}

static void test_lesser_levels_are_not_written(void **state)
{
	struct pipes *pipes = *state;

	program_log_write(&pipes->log, LOG_LEVEL_INFO, "a", "info");
	program_log_write(&pipes->log, LOG_LEVEL_DEBUG, "a", "debug");
	program_log_lines(&pipes->log, LOG_LEVEL_INFO, "info\n");
	program_log_write(&pipes->log, LOG_LEVEL_ERROR, "a", "error");
	assert_string_equal(said(pipes), "chainmend: a: error\n");
}

static void test_strangers_cannot_forge_a_line(void **state)
{
	struct pipes *pipes = *state;

	program_log_write(&pipes->log, LOG_LEVEL_ERROR, "a\nchainmend: b", "%s", "x\r\n\x1b[31m\x7f");
	assert_string_equal(said(pipes), "chainmend: a\\x0achainmend: b: x\\x0d\\x0a\\x1b[31m\\x7f\n");
}

static void test_a_long_line_is_cut_and_ends(void **state)
{
	struct pipes *pipes = *state;
	char big[3 * PROGRAM_LOG_MAX_LINE];

	memset(big, '\n', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	program_log_write(&pipes->log, LOG_LEVEL_ERROR, "a", "%s", big);
	const char *text = said(pipes);
	size_t len = strlen(text);
	assert_in_range(len, 1, PROGRAM_LOG_MAX_LINE);
	assert_string_equal(text + len - 4, "...\n");
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
}

static void test_each_line_of_a_text_is_a_line(void **state)
{
	struct pipes *pipes = *state;

	program_log_lines(&pipes->log, LOG_LEVEL_ERROR, "a.ini:1: x\n\na.ini:2: y");
	assert_string_equal(said(pipes), "chainmend: a.ini:1: x\nchainmend: a.ini:2: y\n");
}

static void test_under_the_journal_a_line_begins_with_its_level(void **state)
{
	struct pipes *pipes = *state;
	struct stat status;
	char stream[64];

	assert_int_equal(fstat(pipes->ends[1], &status), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	program_log_init(&pipes->log, pipes->ends[1], LOG_LEVEL_WARNING);
	program_log_write(&pipes->log, LOG_LEVEL_WARNING, "a", "b");
	assert_string_equal(said(pipes), "<4>chainmend: a: b\n");
	setenv("JOURNAL_STREAM", "1:1", 1);
	program_log_init(&pipes->log, pipes->ends[1], LOG_LEVEL_WARNING);
	program_log_write(&pipes->log, LOG_LEVEL_WARNING, "a", "b");
	assert_string_equal(said(pipes), "chainmend: a: b\n");
	unsetenv("JOURNAL_STREAM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_line_has_what_and_why, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_lesser_levels_are_not_written, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_strangers_cannot_forge_a_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_long_line_is_cut_and_ends, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_each_line_of_a_text_is_a_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_under_the_journal_a_line_begins_with_its_level, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
