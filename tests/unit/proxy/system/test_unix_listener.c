#include "proxy/system/unix_listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/unit.h"

static char folder[] = "/tmp/chainmend-unix-XXXXXX";
static char path[100];

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static bool answers(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	bool connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return connected;
}

static void test_it_listens_for_owner_and_group_and_leaves_nothing(void **state)
{
	struct unix_listener *listener = NULL;
	struct stat status;
	(void)state;
	assert_ok(unix_listener_open(path, &listener));
	assert_true(answers());
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	assert_ptr_equal(unix_listener_ref(listener), listener);
	unix_listener_unref(listener);
	assert_true(answers());
	unix_listener_unref(listener);
	assert_int_equal(access(path, F_OK), -1);
	unix_listener_unref(NULL);
}

static void test_what_somebody_listens_at_is_not_taken(void **state)
{
	struct unix_listener *first = NULL;
	struct unix_listener *second = NULL;
	(void)state;
	assert_ok(unix_listener_open(path, &first));
	struct error error = unix_listener_open(path, &second);
	assert_kind(error, ERROR_SYSTEM);
	assert_int_equal(error.code, EADDRINUSE);
	assert_true(answers());
	unix_listener_unref(first);
}

static void test_what_a_killed_run_left_is_replaced(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct unix_listener *listener = NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_ok(unix_listener_open(path, &listener));
	assert_true(answers());
	unix_listener_unref(listener);
}

static void test_what_took_its_place_stays(void **state)
{
	struct unix_listener *first = NULL;
	struct unix_listener *second = NULL;
	(void)state;
	assert_ok(unix_listener_open(path, &first));
	assert_int_equal(unlink(path), 0);
	assert_ok(unix_listener_open(path, &second));
	unix_listener_unref(first);
	assert_true(answers());
	unix_listener_unref(second);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_a_file_is_left_alone(void **state)
{
	struct unix_listener *listener = NULL;
	FILE *file = fopen(path, "w");
	(void)state;
	assert_non_null(file);
	fclose(file);
	assert_kind(unix_listener_open(path, &listener), ERROR_SYSTEM);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
}

static void test_paths_that_cannot_be(void **state)
{
	struct unix_listener *listener = NULL;
	char long_path[200];
	(void)state;
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	assert_kind(unix_listener_open(long_path, &listener), ERROR_LIMIT);
	assert_kind(unix_listener_open("/nonexistent/socket", &listener), ERROR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_it_listens_for_owner_and_group_and_leaves_nothing),
	    cmocka_unit_test(test_what_somebody_listens_at_is_not_taken),
	    cmocka_unit_test(test_what_a_killed_run_left_is_replaced),
	    cmocka_unit_test(test_what_took_its_place_stays),
	    cmocka_unit_test(test_a_file_is_left_alone),
	    cmocka_unit_test(test_paths_that_cannot_be),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
