#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "chaincache/files/certificate_file.h" /* file_read_all */
#include "proxy/cli/atomic_file.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)1024 * 1024)

static char folder[] = "/tmp/test_atomic_file.XXXXXX";
static char path[200];

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/out.pem", folder);
	return 0;
}

static const char *in_folder(const char *name)
{
	static char made[300];
	snprintf(made, sizeof(made), "%s/%s", folder, name);
	return made;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(in_folder("link"));
	unlink(in_folder("target"));
	return rmdir(folder); /* fails when anything else was left behind */
}

static struct error write_text(const char *where, const char *text)
{
	return atomic_file_write(where, bytes_of_string(text));
}

static void expect_content(const char *where, const char *text)
{
	struct buffer content;
	buffer_init(&content, MAX_BYTES);
	assert_ok(file_read_all(where, MAX_BYTES, &content));
	assert_string_equal(buffer_text(&content), text);
	buffer_cleanup(&content);
}

static void test_a_file_is_made_and_replaced(void **state)
{
	struct stat status;
	(void)state;
	assert_ok(write_text(path, "first\n"));
	expect_content(path, "first\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_ok(write_text(path, "second, and longer\n"));
	expect_content(path, "second, and longer\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_ok(write_text(path, ""));
	expect_content(path, "");
}

static void test_a_link_goes_on_pointing(void **state)
{
	struct stat status;
	(void)state;
	assert_ok(write_text(in_folder("target"), "old\n"));
	assert_int_equal(symlink("target", in_folder("link")), 0);
	assert_ok(write_text(in_folder("link"), "new\n"));
	expect_content(in_folder("target"), "new\n");
	assert_int_equal(lstat(in_folder("link"), &status), 0);
	assert_true(S_ISLNK(status.st_mode));
}

static void test_what_cannot_be_written_is_told(void **state)
{
	static char longest[10000];
	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	assert_kind(write_text(in_folder("no-such-folder/out"), "x"), ERROR_SYSTEM);
	assert_kind(write_text(folder, "x"), ERROR_SYSTEM);
	assert_true(failed(write_text(longest, "x")));
	assert_kind(write_text("/dev/full", "x"), ERROR_SYSTEM);
	assert_ok(write_text("/dev/null", "x"));
}

static void test_what_is_there_is_not_written_over(void **state)
{
	(void)state;
	unlink(path);
	assert_ok(atomic_file_create(path, bytes_of_string("first\n")));
	struct error error = atomic_file_create(path, bytes_of_string("second\n"));
	assert_kind(error, ERROR_SYSTEM);
	assert_int_equal(error.code, EEXIST);
	expect_content(path, "first\n");
	/* Nor is what a link points at, be it nowhere. */
	unlink(in_folder("link"));
	assert_int_equal(symlink("nowhere", in_folder("link")), 0);
	assert_kind(atomic_file_create(in_folder("link"), bytes_of_string("x")), ERROR_SYSTEM);
	assert_int_not_equal(access(in_folder("nowhere"), F_OK), 0);
	assert_kind(atomic_file_create(in_folder("no-such-folder/out"), bytes_of_string("x")), ERROR_SYSTEM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_file_is_made_and_replaced),
	    cmocka_unit_test(test_a_link_goes_on_pointing),
	    cmocka_unit_test(test_what_cannot_be_written_is_told),
	    cmocka_unit_test(test_what_is_there_is_not_written_over),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
