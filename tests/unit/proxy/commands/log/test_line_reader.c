#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/commands/log/line_reader.h"
#include "tests/support/unit.h"

static char path[] = "/tmp/test_line_reader.XXXXXX";

static int setup(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void put(const char *mode, const char *text)
{
	FILE *file = fopen(path, mode);
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void expect_line(struct line_reader *reader, bool at_end, const char *line)
{
	assert_true(line_reader_next(reader, at_end));
	assert_string_equal(reader->line, line);
	assert_int_equal(reader->len, strlen(line));
}

static void test_lines_of_a_file(void **state)
{
	struct line_reader reader;
	(void)state;
	put("w", "one\n\nthree\r\nthe last");
	assert_ok(line_reader_open(&reader, path));
	expect_line(&reader, true, "one");
	expect_line(&reader, true, "");
	expect_line(&reader, true, "three\r");
	expect_line(&reader, true, "the last");
	assert_false(line_reader_next(&reader, true));
	line_reader_close(&reader);

	put("w", "");
	assert_ok(line_reader_open(&reader, path));
	assert_false(line_reader_next(&reader, true));
	line_reader_close(&reader);
}

static void test_half_a_line_waits_for_the_rest(void **state)
{
	struct line_reader reader;
	(void)state;
	put("w", "one\ntw");
	assert_ok(line_reader_open(&reader, path));
	expect_line(&reader, false, "one");
	assert_false(line_reader_next(&reader, false));
	assert_false(line_reader_next(&reader, false));
	put("a", "o\nthree\n");
	expect_line(&reader, false, "two");
	expect_line(&reader, false, "three");
	assert_false(line_reader_next(&reader, false));
	line_reader_close(&reader);
}

static void test_a_file_that_is_replaced_or_shortened_is_followed(void **state)
{
	struct line_reader reader;
	char former[sizeof(path) + 10];
	(void)state;
	snprintf(former, sizeof(former), "%s.1", path);
	put("w", "one of the old file\n");
	assert_ok(line_reader_open(&reader, path));
	expect_line(&reader, false, "one of the old file");
	assert_int_equal(rename(path, former), 0);
	line_reader_wait(&reader); /* nothing is there yet */
	assert_false(line_reader_next(&reader, false));
	put("w", "new\n");
	line_reader_wait(&reader);
	expect_line(&reader, false, "new");
	put("w", "");
	line_reader_wait(&reader);
	put("a", "again\n");
	expect_line(&reader, false, "again");
	line_reader_close(&reader);
	assert_int_equal(unlink(former), 0);
}

static void test_a_line_that_is_too_long_is_passed_over(void **state)
{
	struct line_reader reader;
	FILE *file = fopen(path, "w");
	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < LINE_READER_MAX_BYTES + 1; i++)
		fputc('a', file);
	fputs("\nshort\n", file);
	for (size_t i = 0; i < LINE_READER_MAX_BYTES; i++)
		fputc('b', file);
	assert_int_equal(fclose(file), 0);
	assert_ok(line_reader_open(&reader, path));
	expect_line(&reader, true, "short");
	assert_int_equal(reader.num_too_long, 1);
	assert_true(line_reader_next(&reader, true));
	assert_int_equal(reader.len, LINE_READER_MAX_BYTES);
	line_reader_close(&reader);
}

static void test_what_is_no_file(void **state)
{
	struct line_reader reader;
	(void)state;
	assert_kind(line_reader_open(&reader, "/no/such/file"), ERROR_SYSTEM);
	line_reader_close(&reader);
	assert_kind(line_reader_open(&reader, "/tmp"), ERROR_FORMAT);
	line_reader_close(&reader);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_of_a_file),
	    cmocka_unit_test(test_half_a_line_waits_for_the_rest),
	    cmocka_unit_test(test_a_file_that_is_replaced_or_shortened_is_followed),
	    cmocka_unit_test(test_a_line_that_is_too_long_is_passed_over),
	    cmocka_unit_test(test_what_is_no_file),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
