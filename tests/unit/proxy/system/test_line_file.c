#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/system/line_file.h"

enum { MAX_PATH = 256 };

struct place {
	char folder[64];
	char path[MAX_PATH];
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	snprintf(place->folder, sizeof(place->folder), "/tmp/test_line_file.XXXXXX");
	if (mkdtemp(place->folder) == NULL)
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/log", place->folder);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	unlink(place->path);
	rmdir(place->folder);
	free(place);
	return 0;
}

static void assert_content(const char *path, const char *expected)
{
	char content[4096] = "";
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, content, sizeof(content) - 1);
	close(fd);
	assert_true(len >= 0);
	assert_string_equal(content, expected);
}

static struct error write_text(struct line_file *file, const char *text)
{
	return line_file_write(file, bytes_of_string(text));
}

static void test_lines_are_appended_and_survive_a_reopening(void **state)
{
	struct place *place = *state;
	char moved[MAX_PATH + 8];
	struct line_file file;

	assert_ok(line_file_init(&file, place->path));
	assert_ok(write_text(&file, "one\n"));
	assert_ok(write_text(&file, "two\n"));
	assert_content(place->path, "one\ntwo\n");
	snprintf(moved, sizeof(moved), "%s.1", place->path);
	assert_int_equal(rename(place->path, moved), 0);
	assert_ok(write_text(&file, "three\n"));
	assert_content(moved, "one\ntwo\nthree\n");
	assert_ok(line_file_reopen(&file));
	assert_ok(write_text(&file, "four\n"));
	assert_content(place->path, "four\n");
	line_file_close(&file);
	unlink(moved);
}

static void test_what_is_there_stays(void **state)
{
	struct place *place = *state;
	struct line_file file;

	for (int i = 0; i < 2; i++) {
		assert_ok(line_file_init(&file, place->path));
		assert_ok(write_text(&file, "line\n"));
		line_file_close(&file);
	}
	assert_content(place->path, "line\nline\n");
}

static void test_a_missing_directory_is_made_one_level_deep(void **state)
{
	struct place *place = *state;
	char inner[MAX_PATH + 16];
	char path[MAX_PATH + 32];
	struct line_file file;

	snprintf(inner, sizeof(inner), "%s/inner", place->folder);
	snprintf(path, sizeof(path), "%s/log", inner);
	assert_ok(line_file_init(&file, path));
	assert_ok(write_text(&file, "x\n"));
	assert_content(path, "x\n");
	line_file_close(&file);
	unlink(path);
	rmdir(inner);
	snprintf(path, sizeof(path), "%s/a/b/log", place->folder);
	assert_ok(line_file_init(&file, path));
	assert_kind(write_text(&file, "x\n"), ERROR_SYSTEM);
	line_file_close(&file);
}

static void test_a_directory_and_a_full_device_are_errors(void **state)
{
	struct place *place = *state;
	struct line_file file;

	assert_ok(line_file_init(&file, place->folder));
	assert_kind(write_text(&file, "x\n"), ERROR_SYSTEM);
	line_file_close(&file);
	assert_ok(line_file_init(&file, "/dev/full"));
	struct error error = write_text(&file, "x\n");
	assert_kind(error, ERROR_SYSTEM);
	assert_int_equal(error.code, ENOSPC);
	line_file_close(&file);
}

/* A limit on the file's size cuts a write short, as a disk does that becomes full. */
static void test_a_line_that_is_cut_short_is_taken_back(void **state)
{
	struct place *place = *state;
	struct rlimit whole;
	struct line_file file;
	char line[64];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	line[sizeof(line) - 2] = '\n';
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
	struct rlimit small = {.rlim_cur = 20, .rlim_max = whole.rlim_max};
	signal(SIGXFSZ, SIG_IGN);

	assert_ok(line_file_init(&file, place->path));
	assert_ok(write_text(&file, "before\n"));
	setrlimit(RLIMIT_FSIZE, &small);
	struct error error = write_text(&file, line);
	setrlimit(RLIMIT_FSIZE, &whole);
	assert_kind(error, ERROR_SYSTEM);
	assert_content(place->path, "before\n");
	assert_ok(write_text(&file, "after\n"));
	assert_content(place->path, "before\nafter\n");
	line_file_close(&file);
}

static void test_a_fifo_that_nobody_reads_does_not_wait(void **state)
{
	struct place *place = *state;
	struct line_file file;

	assert_int_equal(mkfifo(place->path, 0600), 0);
	assert_ok(line_file_init(&file, place->path));
	struct error error = write_text(&file, "x\n");
	assert_kind(error, ERROR_SYSTEM);
	assert_int_equal(error.code, ENXIO);
	line_file_close(&file);
}

static void test_a_link_is_followed_where_it_is_ours_and_not_where_it_is_another_users(void **state)
{
	struct place *place = *state;
	struct line_file file;
	char target[MAX_PATH];

	snprintf(target, sizeof(target), "%s/target", place->folder);
	assert_int_equal(symlink(target, place->path), 0);
	assert_ok(line_file_init(&file, place->path));
	assert_ok(line_file_write(&file, bytes_of_string("ours\n")));
	line_file_close(&file);
	assert_int_equal(access(target, F_OK), 0);
	assert_int_equal(unlink(target), 0);
	if (geteuid() == 0) {
		assert_int_equal(lchown(place->path, 64321, 64321), 0);
		assert_ok(line_file_init(&file, place->path));
		assert_kind(line_file_write(&file, bytes_of_string("theirs\n")), ERROR_USAGE);
		line_file_close(&file);
		assert_int_equal(access(target, F_OK), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_lines_are_appended_and_survive_a_reopening, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_there_stays, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_missing_directory_is_made_one_level_deep, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_directory_and_a_full_device_are_errors, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_line_that_is_cut_short_is_taken_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_fifo_that_nobody_reads_does_not_wait, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_link_is_followed_where_it_is_ours_and_not_where_it_is_another_users,
					    set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
