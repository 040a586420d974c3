#include "proxy/commands/check/user_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support/unit.h"
#include "tests/support/unit_folder.h"

#define MAX_PATH 300

static void test_where_the_cache_of_a_user_is(void **state)
{
	char path[MAX_PATH];
	const char *home = unit_folder_path("deep/er");
	struct stat status;
	(void)state;
	setenv("XDG_CACHE_HOME", home, 1);
	assert_string_equal(user_cache_path(path, sizeof(path)), unit_folder_path("deep/er/chainmend"));
	assert_int_not_equal(stat(home, &status), 0);
	user_cache_make_parents(path);
	assert_int_equal(stat(home, &status), 0);
	assert_int_not_equal(stat(path, &status), 0);
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("HOME", unit_folder_path("home"), 1);
	assert_string_equal(user_cache_path(path, sizeof(path)), unit_folder_path("home/.cache/chainmend"));
	unsetenv("XDG_CACHE_HOME");
	setenv("HOME", "", 1);
	assert_null(user_cache_path(path, sizeof(path)));
	setenv("HOME", unit_folder_path("home"), 1);
	assert_null(user_cache_path(path, 10));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_where_the_cache_of_a_user_is),
	};
	return cmocka_run_group_tests(tests, unit_folder_make, unit_folder_remove);
}
