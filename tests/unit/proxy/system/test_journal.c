#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/system/journal.h"
#include "tests/support/journal_stand_in.h"

static void test_an_entry_has_its_fields(void **state)
{
	struct journal_stand_in *stand_in = *state;
	struct journal journal;
	char got[JOURNAL_MAX_MESSAGE];
	static const char value[] = "two\nlines";
	static const char wanted[] = "MESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\nPRIORITY\n\x01\0\0\0\0\0\0\0"
				     "4\n";
	const struct journal_field fields[] = {{"MESSAGE", bytes_of(value, sizeof(value) - 1)},
					       {"PRIORITY", bytes_of("4", 1)}};

	assert_ok(journal_open(stand_in->path, &journal));
	assert_ok(journal_send(&journal, fields, 2));
	assert_int_equal(recv(stand_in->fd, got, sizeof(got), 0), sizeof(wanted) - 1);
	assert_memory_equal(got, wanted, sizeof(wanted) - 1);
	journal_close(&journal);
}

static int receive_descriptor(int socket)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec vector = {&byte, 1};
	struct msghdr message = {
	    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	int fd = -1;
	if (recvmsg(socket, &message, 0) == 0 && CMSG_FIRSTHDR(&message) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void test_what_no_datagram_holds_goes_as_a_memory_file(void **state)
{
	struct journal_stand_in *stand_in = *state;
	struct journal journal;
	struct stat status;
	size_t len = 1024 * 1024;
	char *text = malloc(len);
	char head[16];

	assert_non_null(text);
	memset(text, 'x', len);
	const struct journal_field field = {"MESSAGE", bytes_of(text, len)};
	assert_ok(journal_open(stand_in->path, &journal));
	assert_ok(journal_send(&journal, &field, 1));
	int fd = receive_descriptor(stand_in->fd);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, len + strlen("MESSAGE\n") + 8 + 1);
	assert_int_equal(pread(fd, head, 8, 0), 8);
	assert_memory_equal(head, "MESSAGE\n", 8);
	assert_true(pwrite(fd, "y", 1, 0) < 0);
	close(fd);
	free(text);
	journal_close(&journal);
}

static void test_a_journal_that_is_gone_is_an_error(void **state)
{
	struct journal_stand_in *stand_in = *state;
	struct journal journal;
	char path[JOURNAL_MAX_PATH + 5];
	char too_long[256];
	const struct journal_field field = {"MESSAGE", bytes_of("x", 1)};

	snprintf(path, sizeof(path), "%s-not", stand_in->path);
	assert_kind(journal_open(path, &journal), ERROR_SYSTEM);
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_kind(journal_open(too_long, &journal), ERROR_LIMIT);
	assert_ok(journal_open(stand_in->path, &journal));
	close(stand_in->fd);
	stand_in->fd = -1;
	assert_kind(journal_send(&journal, &field, 1), ERROR_SYSTEM);
	journal_close(&journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_an_entry_has_its_fields, journal_stand_in_set_up,
					    journal_stand_in_tear_down),
	    cmocka_unit_test_setup_teardown(test_what_no_datagram_holds_goes_as_a_memory_file, journal_stand_in_set_up,
					    journal_stand_in_tear_down),
	    cmocka_unit_test_setup_teardown(test_a_journal_that_is_gone_is_an_error, journal_stand_in_set_up,
					    journal_stand_in_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
