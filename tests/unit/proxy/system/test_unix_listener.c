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
static struct file_owner us;

enum { SOMEBODY = 64321 };

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	us = (struct file_owner){.uid = geteuid(), .gid = getegid()};
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
	assert_ok(unix_listener_open(path, &us, &listener));
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
	assert_ok(unix_listener_open(path, &us, &first));
	struct error error = unix_listener_open(path, &us, &second);
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
	assert_ok(unix_listener_open(path, &us, &listener));
	assert_true(answers());
	unix_listener_unref(listener);
}

static void test_what_took_its_place_stays(void **state)
{
	struct unix_listener *first = NULL;
	struct unix_listener *second = NULL;
	(void)state;
	assert_ok(unix_listener_open(path, &us, &first));
	assert_int_equal(unlink(path), 0);
	assert_ok(unix_listener_open(path, &us, &second));
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
	struct error error = unix_listener_open(path, &us, &listener);
	assert_kind(error, ERROR_SYSTEM);
	assert_int_equal(error.code, EEXIST);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
}

static void test_a_symbolic_link_is_not_followed(void **state)
{
	struct unix_listener *listener = NULL;
	char target[120];
	(void)state;
	snprintf(target, sizeof(target), "%s/target", folder);
	assert_int_equal(symlink(target, path), 0);
	struct error error = unix_listener_open(path, &us, &listener);
	assert_kind(error, ERROR_SYSTEM);
	assert_int_equal(error.code, EEXIST);
	assert_int_equal(access(target, F_OK), -1);
	assert_int_equal(unlink(path), 0);
}

/* Nothing is given away by its path, so that what is put there in the meantime stays its owner's. */
static void test_it_belongs_to_its_user_from_the_beginning(void **state)
{
	const struct file_owner somebody = {.uid = SOMEBODY, .gid = SOMEBODY + 1};
	struct unix_listener *listener = NULL;
	struct stat status;
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(folder, 0700), 0); /* root's own: where the user may not write */
	assert_ok(unix_listener_open(path, &somebody, &listener));
	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_uid, SOMEBODY);
	assert_int_equal(status.st_gid, SOMEBODY + 1);
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_true(answers());
	unix_listener_unref(listener);
	FILE *file = fopen(path, "w"); /* the thread makes its own files again */
	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	assert_int_equal(status.st_uid, 0);
	fclose(file);
	assert_int_equal(unlink(path), 0);
}

static void test_a_stale_socket_of_another_user_in_a_sticky_folder_stays(void **state)
{
	const struct file_owner somebody = {.uid = SOMEBODY, .gid = SOMEBODY};
	const struct file_owner another = {.uid = SOMEBODY + 1, .gid = SOMEBODY + 1};
	struct unix_listener *listener = NULL;
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(folder, 01777), 0);
	assert_ok(unix_listener_open(path, &another, &listener));
	close(listener->fd);
	listener->fd = -1;
	struct unix_listener *second = NULL;
	assert_int_equal(unix_listener_open(path, &somebody, &second).code, EPERM);
	assert_int_equal(access(path, F_OK), 0);
	unix_listener_unref(listener);
	assert_int_equal(chmod(folder, 0700), 0);
}

static void test_paths_that_cannot_be(void **state)
{
	struct unix_listener *listener = NULL;
	char long_path[200];
	(void)state;
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	assert_kind(unix_listener_open(long_path, &us, &listener), ERROR_LIMIT);
	assert_kind(unix_listener_open("/nonexistent/socket", &us, &listener), ERROR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_it_listens_for_owner_and_group_and_leaves_nothing),
	    cmocka_unit_test(test_what_somebody_listens_at_is_not_taken),
	    cmocka_unit_test(test_what_a_killed_run_left_is_replaced),
	    cmocka_unit_test(test_what_took_its_place_stays),
	    cmocka_unit_test(test_a_file_is_left_alone),
	    cmocka_unit_test(test_a_symbolic_link_is_not_followed),
	    cmocka_unit_test(test_it_belongs_to_its_user_from_the_beginning),
	    cmocka_unit_test(test_a_stale_socket_of_another_user_in_a_sticky_folder_stays),
	    cmocka_unit_test(test_paths_that_cannot_be),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
