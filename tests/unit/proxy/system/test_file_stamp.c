#include "proxy/system/file_stamp.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/unit.h"
#include "tests/support/unit_folder.h"

enum { LATER_S = 3600 };

static int make_folder(void **state)
{
	if (unit_folder_make(state) != 0 || mkdir(unit_folder_path("sub"), 0700) != 0)
		return -1;
	unit_folder_write("a", "one");
	unit_folder_write("sub/b", "two");
	return 0;
}

/* As seen long after all changes, so that it lasts. */
static struct file_stamp stamp_of(const char *first, const char *second)
{
	struct file_stamp_maker maker;
	struct file_stamp stamp;

	file_stamp_begin(&maker, time(NULL) + LATER_S);
	file_stamp_add(&maker, unit_folder_path(first));
	if (second != NULL)
		file_stamp_add(&maker, unit_folder_path(second));
	file_stamp_end(&maker, &stamp);
	return stamp;
}

static bool is_same(struct file_stamp a, struct file_stamp b)
{
	return file_stamp_same(&a, &b);
}

static void test_files_that_are_as_they_were(void **state)
{
	(void)state;
	assert_true(is_same(stamp_of("a", "sub"), stamp_of("a", "sub")));
	assert_false(is_same(stamp_of("a", "sub"), stamp_of("sub", "a")));
	assert_false(is_same(stamp_of("a", NULL), stamp_of("sub/b", NULL)));
	assert_false(is_same((struct file_stamp){0}, (struct file_stamp){0}));
}

/* The size alone says nothing: times and modes count. */
static void test_each_change_is_seen(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct file_stamp before = stamp_of("a", NULL);

	(void)state;
	assert_int_equal(utimensat(AT_FDCWD, unit_folder_path("a"), times, 0), 0);
	struct file_stamp older = stamp_of("a", NULL);
	assert_false(is_same(before, older));
	chmod(unit_folder_path("a"), 0400);
	assert_false(is_same(older, stamp_of("a", NULL)));
	chmod(unit_folder_path("a"), 0600);
}

static void test_an_entry_of_a_directory_counts(void **state)
{
	struct file_stamp before = stamp_of("sub", NULL);

	(void)state;
	unit_folder_write("sub/b", "three");
	assert_false(is_same(before, stamp_of("sub", NULL)));
	before = stamp_of("sub", NULL);
	unit_folder_write("sub/c", "");
	assert_false(is_same(before, stamp_of("sub", NULL)));
	unlink(unit_folder_path("sub/c"));
}

/* It could be written again without a trace; a file that is missing is looked for again. */
static void test_what_is_young_or_missing_does_not_last(void **state)
{
	struct file_stamp_maker maker;
	struct file_stamp stamp;

	(void)state;
	unit_folder_write("a", "now");
	file_stamp_begin(&maker, time(NULL));
	file_stamp_add(&maker, unit_folder_path("a"));
	file_stamp_end(&maker, &stamp);
	assert_false(is_same(stamp, stamp));
	assert_false(is_same(stamp_of("none", NULL), stamp_of("none", NULL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_files_that_are_as_they_were),
	    cmocka_unit_test(test_each_change_is_seen),
	    cmocka_unit_test(test_an_entry_of_a_directory_counts),
	    cmocka_unit_test(test_what_is_young_or_missing_does_not_last),
	};
	return cmocka_run_group_tests(tests, make_folder, unit_folder_remove);
}
