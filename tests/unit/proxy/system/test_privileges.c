#include "proxy/system/privileges.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/unit.h"

/* A number that no user has. */
#define NOBODYS "64321"
enum { NOBODYS_NUMBER = 64321, MAX_ERRORS = 1000, GOOD = 0, WRONG = 1 };

/* Runs in a process of its own what changes the process; a line for each thing that is not as it should be. */
static int in_a_child(int (*run)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(run());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool is_refused(const char *user, const char *group, const char *words)
{
	struct buffer errors;

	buffer_init(&errors, MAX_ERRORS);
	bool refused = !privileges_check(user, group, &errors) && strstr(buffer_text(&errors), words) != NULL;
	buffer_cleanup(&errors);
	return refused;
}

static void test_a_number_that_no_user_has_needs_a_group(void **state)
{
	(void)state;
	assert_true(is_refused(NOBODYS, NULL, "add the line group = " NOBODYS));
	assert_false(is_refused(NOBODYS, NOBODYS, ""));
	assert_false(is_refused("0", NULL, "")); /* it is known, and so is its group */
	assert_false(is_refused(NULL, NULL, ""));
	assert_false(is_refused(NULL, NOBODYS, ""));
}

static void test_what_is_no_user_or_group_is_refused(void **state)
{
	static const char *const none[] = {"no-such-user", "-1", "4294967295", "99999999999", "1x", " 1"};
	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_true(is_refused(none[i], "0", "user = "));
		assert_true(is_refused(NULL, none[i], "group = "));
	}
	assert_true(is_refused("no-such-user", "no-such-group", "group = no-such-group"));
}

static bool drop(const char *user, const char *group)
{
	struct buffer errors;

	buffer_init(&errors, MAX_ERRORS);
	bool done = privileges_drop(user, group, &errors);
	buffer_cleanup(&errors);
	return done;
}

static bool is_all(uid_t uid, gid_t gid)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 || getresgid(&gids[0], &gids[1], &gids[2]) != 0)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (uids[i] != uid || gids[i] != gid)
			return false;
	}
	return getgroups(0, NULL) == 0;
}

static void take_groups(void)
{
	static const gid_t groups[] = {0, 4, 27};
	if (setgroups(sizeof(groups) / sizeof(groups[0]), groups) != 0)
		_exit(WRONG);
}

static bool no_core_is_dumped(void)
{
	struct rlimit limit;

	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
}

static int becomes_a_number(void)
{
	take_groups();
	if (!drop(NOBODYS, NOBODYS) || !is_all(NOBODYS_NUMBER, NOBODYS_NUMBER))
		return WRONG;
	return setuid(0) != 0 && setgid(0) != 0 && no_core_is_dumped() ? GOOD : WRONG;
}

/* The numbers fit already, the groups do not. */
static int leaves_groups_where_the_user_fits(void)
{
	take_groups();
	return drop("0", "0") && is_all(0, 0) ? GOOD : WRONG;
}

static int leaves_groups_without_a_user(void)
{
	take_groups();
	return drop(NULL, NULL) && is_all(0, 0) ? GOOD : WRONG;
}

static int takes_a_group_alone(void)
{
	take_groups();
	return drop(NULL, NOBODYS) && is_all(0, NOBODYS_NUMBER) ? GOOD : WRONG;
}

static int refuses_without_root(void)
{
	take_groups();
	if (setresgid(7, 7, 7) != 0 || setresuid(NOBODYS_NUMBER, NOBODYS_NUMBER, NOBODYS_NUMBER) != 0)
		return WRONG;
	if (drop("0", NULL) || drop("0", "7") || drop(NOBODYS, "8") || drop(NULL, "8"))
		return WRONG;
	/* Rights that fit are accepted, with the groups of the start. */
	return drop(NOBODYS, "7") && drop(NULL, NULL) && drop(NULL, "7") && getgroups(0, NULL) == 3 ? GOOD : WRONG;
}

static void test_it_becomes_the_user_whole(void **state)
{
	static int (*const runs[])(void) = {becomes_a_number, leaves_groups_where_the_user_fits,
					    leaves_groups_without_a_user, takes_a_group_alone, refuses_without_root};
	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		assert_int_equal(in_a_child(runs[i]), GOOD);
}

static int hardens(void)
{
	return !failed(privileges_harden()) && no_core_is_dumped() ? GOOD : WRONG;
}

static void test_nobody_needs_to_be_root_for_no_core_dumps(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(hardens), GOOD);
}

static void test_the_user_has_a_name(void **state)
{
	char name[PRIVILEGES_MAX_NAME];
	(void)state;
	assert_string_not_equal(privileges_user_name(name), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_number_that_no_user_has_needs_a_group),
	    cmocka_unit_test(test_what_is_no_user_or_group_is_refused),
	    cmocka_unit_test(test_it_becomes_the_user_whole),
	    cmocka_unit_test(test_nobody_needs_to_be_root_for_no_core_dumps),
	    cmocka_unit_test(test_the_user_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
