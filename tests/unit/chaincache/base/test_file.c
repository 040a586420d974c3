#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/file.h"
#include "tests/support/unit_folder.h"

static void test_reads_a_whole_file_up_to_the_maximum(void **state)
{
	struct buffer content;
	(void)state;

	unit_folder_write("ten", "0123456789");
	buffer_init(&content, 10);
	assert_ok(file_read_all(unit_folder_path("ten"), 10, &content));
	assert_string_equal(buffer_text(&content), "0123456789");
	buffer_cleanup(&content);
	buffer_init(&content, 10);
	assert_step(file_read_all(unit_folder_path("ten"), 9, &content), ERROR_LIMIT, "larger");
	buffer_cleanup(&content);
	unit_folder_write("none", "");
	assert_ok(file_read_all(unit_folder_path("none"), 10, &content));
	assert_int_equal(content.len, 0);
	buffer_cleanup(&content);
}

static void test_refuses_what_is_no_file(void **state)
{
	struct buffer content;
	(void)state;

	buffer_init(&content, 10);
	assert_step(file_read_all(unit_folder(), 10, &content), ERROR_FORMAT, "directory");
	assert_step(file_read_all("/dev/zero", 10, &content), ERROR_FORMAT, "device");
	struct error error = file_read_all(unit_folder_path("missing"), 10, &content);
	assert_kind(error, ERROR_SYSTEM);
	assert_int_equal(error.code, ENOENT);
	buffer_cleanup(&content);
}

static void test_says_what_to_do_about_a_file(void **state)
{
	static const struct {
		struct error error;
		const char *words; /* "": nothing */
	} cases[] = {
	    {{ERROR_SYSTEM, ENOENT, "open"}, "check the path"},
	    {{ERROR_SYSTEM, EACCES, "open"}, "readable"},
	    {{ERROR_SYSTEM, EIO, "read"}, ""},
	    {{ERROR_FORMAT, 0, "the file is empty"}, "the right file"},
	    {{ERROR_FORMAT, 0, "an odd key: convert it"}, ""},
	    {{ERROR_LIMIT, 0, "the file holds more than 100 certificates"}, "take out"},
	    {{ERROR_MISMATCH, 0, "the password does not open the private key"}, ""},
	    {{ERROR_MEMORY, 0, "read"}, ""},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *advice = file_advice(cases[i].error);
		assert_non_null(strstr(advice, cases[i].words));
		assert_int_equal(advice[0], cases[i].words[0] != '\0' ? ':' : '\0');
	}
}

/* Its writer may hold it open for ever. */
static void test_refuses_a_named_pipe(void **state)
{
	struct buffer content;
	(void)state;

	assert_int_equal(mkfifo(unit_folder_path("pipe"), 0600), 0);
	buffer_init(&content, 10);
	assert_step(file_read_all(unit_folder_path("pipe"), 10, &content), ERROR_FORMAT, "named pipe");
	int writer = open(unit_folder_path("pipe"), O_RDWR | O_CLOEXEC);
	assert_true(writer >= 0);
	assert_step(file_read_all(unit_folder_path("pipe"), 10, &content), ERROR_FORMAT, "named pipe");
	close(writer);
	buffer_cleanup(&content);
	assert_int_equal(unlink(unit_folder_path("pipe")), 0);
}

static void test_reads_a_pipe_to_its_end(void **state)
{
	struct buffer content;
	int ends[2];
	char path[64];
	(void)state;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "abc", 3), 3);
	/* Opened before the writer goes, as a shell's <(command) is. */
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	close(ends[1]);
	buffer_init(&content, 10);
	assert_ok(file_read_all(path, 10, &content));
	assert_string_equal(buffer_text(&content), "abc");
	buffer_cleanup(&content);
	close(ends[0]);
}

static void test_lists_a_folder_in_order(void **state)
{
	struct file_names names;
	(void)state;

	assert_int_equal(mkdir(unit_folder_path("list"), 0700), 0);
	assert_ok(file_list_folder(unit_folder_path("list"), &names));
	assert_int_equal(names.count, 0);
	file_names_cleanup(&names);
	unit_folder_write("list/b", "");
	unit_folder_write("list/a", "");
	unit_folder_write("list/B", "");
	unit_folder_write("list/.hidden", "");
	assert_ok(file_list_folder(unit_folder_path("list"), &names));
	assert_int_equal(names.count, 4);
	assert_string_equal(names.items[0], ".hidden");
	assert_string_equal(names.items[1], "B");
	assert_string_equal(names.items[3], "b");
	file_names_cleanup(&names);
	assert_kind(file_list_folder(unit_folder_path("missing"), &names), ERROR_SYSTEM);
	assert_int_equal(names.count, 0);
}

static void test_knows_folders(void **state)
{
	(void)state;
	assert_true(file_is_folder(unit_folder()));
	assert_false(file_is_folder(unit_folder_path("ten")));
	assert_false(file_is_folder(unit_folder_path("missing")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_a_whole_file_up_to_the_maximum),
	    cmocka_unit_test(test_refuses_what_is_no_file),
	    cmocka_unit_test(test_says_what_to_do_about_a_file),
	    cmocka_unit_test(test_refuses_a_named_pipe),
	    cmocka_unit_test(test_reads_a_pipe_to_its_end),
	    cmocka_unit_test(test_lists_a_folder_in_order),
	    cmocka_unit_test(test_knows_folders),
	};

	return cmocka_run_group_tests(tests, unit_folder_make, unit_folder_remove);
}
