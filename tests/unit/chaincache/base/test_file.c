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

static char folder[] = "/tmp/chainmend-test-file-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[sizeof(folder) + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *content)
{
	FILE *file = fopen(in_folder(name), "w");
	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_reads_a_whole_file_up_to_the_maximum(void **state)
{
	struct buffer content;
	(void)state;

	write_file("ten", "0123456789");
	buffer_init(&content, 10);
	assert_ok(file_read_all(in_folder("ten"), 10, &content));
	assert_string_equal(buffer_text(&content), "0123456789");
	buffer_cleanup(&content);
	buffer_init(&content, 10);
	assert_step(file_read_all(in_folder("ten"), 9, &content), ERROR_LIMIT, "larger");
	buffer_cleanup(&content);
	write_file("none", "");
	assert_ok(file_read_all(in_folder("none"), 10, &content));
	assert_int_equal(content.len, 0);
	buffer_cleanup(&content);
}

static void test_refuses_what_is_no_file(void **state)
{
	struct buffer content;
	(void)state;

	buffer_init(&content, 10);
	assert_step(file_read_all(folder, 10, &content), ERROR_FORMAT, "directory");
	assert_step(file_read_all("/dev/zero", 10, &content), ERROR_FORMAT, "device");
	struct error error = file_read_all(in_folder("missing"), 10, &content);
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

	assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
	buffer_init(&content, 10);
	assert_step(file_read_all(in_folder("pipe"), 10, &content), ERROR_FORMAT, "named pipe");
	int writer = open(in_folder("pipe"), O_RDWR | O_CLOEXEC);
	assert_true(writer >= 0);
	assert_step(file_read_all(in_folder("pipe"), 10, &content), ERROR_FORMAT, "named pipe");
	close(writer);
	buffer_cleanup(&content);
	assert_int_equal(unlink(in_folder("pipe")), 0);
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

	assert_int_equal(mkdir(in_folder("list"), 0700), 0);
	assert_ok(file_list_folder(in_folder("list"), &names));
	assert_int_equal(names.count, 0);
	file_names_cleanup(&names);
	write_file("list/b", "");
	write_file("list/a", "");
	write_file("list/B", "");
	write_file("list/.hidden", "");
	assert_ok(file_list_folder(in_folder("list"), &names));
	assert_int_equal(names.count, 4);
	assert_string_equal(names.items[0], ".hidden");
	assert_string_equal(names.items[1], "B");
	assert_string_equal(names.items[3], "b");
	file_names_cleanup(&names);
	assert_kind(file_list_folder(in_folder("missing"), &names), ERROR_SYSTEM);
	assert_int_equal(names.count, 0);
}

static void test_knows_folders(void **state)
{
	(void)state;
	assert_true(file_is_folder(folder));
	assert_false(file_is_folder(in_folder("ten")));
	assert_false(file_is_folder(in_folder("missing")));
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = {"ten", "none", "list/a", "list/b", "list/B", "list/.hidden"};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_folder(names[i]));
	rmdir(in_folder("list"));
	return rmdir(folder);
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

	return cmocka_run_group_tests(tests, setup, teardown);
}
