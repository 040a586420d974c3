#include "proxy/commands/check/user_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support/unit.h"

#define MAX_PATH 300

static char folder[] = "/tmp/test_user_cache.XXXXXX";

static const char *in_folder(const char *name, char out[MAX_PATH])
{
	snprintf(out, MAX_PATH, "%s/%s", folder, name);
	return out;
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	char command[2 * MAX_PATH];
	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

static void test_where_the_cache_of_a_user_is(void **state)
{
	char path[MAX_PATH];
	char wanted[MAX_PATH];
	char home[MAX_PATH];
	struct stat status;
	(void)state;
	setenv("XDG_CACHE_HOME", in_folder("deep/er", home), 1);
	assert_string_equal(user_cache_path(path, sizeof(path)), in_folder("deep/er/chainmend", wanted));
	assert_int_not_equal(stat(home, &status), 0);
	user_cache_make_parents(path);
	assert_int_equal(stat(home, &status), 0);
	assert_int_not_equal(stat(path, &status), 0);
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("HOME", in_folder("home", home), 1);
	assert_string_equal(user_cache_path(path, sizeof(path)), in_folder("home/.cache/chainmend", wanted));
	unsetenv("XDG_CACHE_HOME");
	setenv("HOME", "", 1);
	assert_null(user_cache_path(path, sizeof(path)));
	setenv("HOME", in_folder("home", home), 1);
	assert_null(user_cache_path(path, 10));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_where_the_cache_of_a_user_is),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
