#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/io/loop.h"
#include "proxy/system/file_watch.h"

enum { MAX_PATH = 128 };

struct place {
	struct loop *loop;
	struct file_watch *watch;
	char folder[64];
	char a[MAX_PATH];
	char b[MAX_PATH];
};

static void on_change(void *context)
{
	(void)context;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	snprintf(place->folder, sizeof(place->folder), "/tmp/test_file_watch.XXXXXX");
	if (mkdtemp(place->folder) == NULL)
		return -1;
	snprintf(place->a, sizeof(place->a), "%s/a", place->folder);
	snprintf(place->b, sizeof(place->b), "%s/b", place->folder);
	write_file(place->a, "one");
	assert_ok(loop_new(&place->loop));
	place->watch = file_watch_new(place->loop, place, on_change);
	const char *paths[] = {place->a, place->b};
	assert_true(file_watch_set(place->watch, paths, 2));
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	file_watch_free(place->watch);
	assert_true(loop_free(place->loop));
	unlink(place->a);
	unlink(place->b);
	rmdir(place->folder);
	free(place);
	return 0;
}

/* Told by the second look that sees the same, and by no further one. */
static void assert_told_once(struct file_watch *watch)
{
	assert_false(file_watch_look(watch));
	assert_true(file_watch_look(watch));
	assert_false(file_watch_look(watch));
}

static void test_nothing_new_is_not_told(void **state)
{
	struct place *place = *state;
	for (int i = 0; i < 3; i++)
		assert_false(file_watch_look(place->watch));
}

static void test_a_file_that_changes_appears_goes_or_is_replaced(void **state)
{
	struct place *place = *state;
	char beside[MAX_PATH + 8];

	write_file(place->a, "one and more");
	assert_told_once(place->watch);
	write_file(place->b, "new");
	assert_told_once(place->watch);
	unlink(place->b);
	assert_told_once(place->watch);
	snprintf(beside, sizeof(beside), "%s.new", place->a);
	write_file(beside, "one and more");
	assert_int_equal(rename(beside, place->a), 0);
	assert_told_once(place->watch);
}

static void test_a_symbolic_link_that_points_elsewhere_is_a_change(void **state)
{
	struct place *place = *state;
	char target[MAX_PATH + 8];

	snprintf(target, sizeof(target), "%s.target", place->a);
	write_file(target, "two");
	assert_int_equal(symlink(place->a, place->b), 0);
	assert_told_once(place->watch);
	unlink(place->b);
	assert_int_equal(symlink(target, place->b), 0);
	assert_told_once(place->watch);
	unlink(target);
}

static void test_a_file_that_is_still_written_is_waited_for(void **state)
{
	struct place *place = *state;
	char text[8] = "";

	for (size_t i = 0; i < 5; i++) {
		text[i] = 'x';
		write_file(place->b, text);
		assert_false(file_watch_look(place->watch));
	}
	assert_true(file_watch_look(place->watch));
}

/* A reload looks, reads, and takes its time before it sets the files anew: a change in between is reported. */
static void test_a_change_during_a_reload_is_told(void **state)
{
	struct place *place = *state;
	const char *paths[] = {place->b, place->a};

	write_file(place->b, "was read");
	assert_false(file_watch_look(place->watch));
	write_file(place->a, "came too late to be read");
	assert_true(file_watch_set(place->watch, paths, 2));
	assert_told_once(place->watch);
}

static void test_no_file_at_all(void **state)
{
	struct place *place = *state;

	assert_true(file_watch_set(place->watch, NULL, 0));
	write_file(place->a, "changed");
	assert_false(file_watch_look(place->watch));
	assert_false(file_watch_look(place->watch));
}

/* A site more at the beginning moves all other files: each of them is known still. */
static void test_many_files_that_move(void **state)
{
	enum { NUM_PATHS = 20001, MAX_NAME = 24 };
	struct place *place = *state;
	char(*names)[MAX_NAME] = calloc(NUM_PATHS, sizeof(*names));
	const char **paths = calloc(NUM_PATHS, sizeof(*paths));

	for (size_t i = 0; i < NUM_PATHS; i++) {
		snprintf(names[i], MAX_NAME, "/none/%zu.pem", i);
		paths[i] = names[i];
	}
	paths[NUM_PATHS - 1] = place->a;
	assert_true(file_watch_set(place->watch, paths + 1, NUM_PATHS - 1));
	write_file(place->a, "changed");
	assert_true(file_watch_set(place->watch, paths, NUM_PATHS));
	assert_told_once(place->watch);
	free(paths);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_nothing_new_is_not_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_file_that_changes_appears_goes_or_is_replaced, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_symbolic_link_that_points_elsewhere_is_a_change, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_file_that_is_still_written_is_waited_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_change_during_a_reload_is_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_file_at_all, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_many_files_that_move, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
