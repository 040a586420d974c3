#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/log/fix_log_sink.h"
#include "proxy/system/journal.h"

enum { MAX_PATH = 100, MAX_MESSAGE = 4096 };

/* A datagram socket that stands for the journal's. */
struct stand_in {
	char folder[64];
	char path[MAX_PATH];
	int fd;
};

static int set_up(void **state)
{
	struct stand_in *stand_in = calloc(1, sizeof *stand_in);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(stand_in->folder, sizeof stand_in->folder, "/tmp/test_journal.XXXXXX");
	if (mkdtemp(stand_in->folder) == NULL)
		return -1;
	snprintf(stand_in->path, sizeof stand_in->path, "%s/socket", stand_in->folder);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", stand_in->path);
	stand_in->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*state = stand_in;
	return bind(stand_in->fd, (const struct sockaddr *)&address, sizeof address);
}

static int tear_down(void **state)
{
	struct stand_in *stand_in = *state;
	close(stand_in->fd);
	unlink(stand_in->path);
	rmdir(stand_in->folder);
	free(stand_in);
	return 0;
}

static void test_an_entry_has_its_fields(void **state)
{
	struct stand_in *stand_in = *state;
	struct journal journal;
	char got[MAX_MESSAGE];
	static const char value[] = "two\nlines";
	static const char wanted[] = "MESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\nPRIORITY\n\x01\0\0\0\0\0\0\0"
				     "4\n";
	const struct journal_field fields[] = {{"MESSAGE", bytes_of(value, sizeof value - 1)},
					       {"PRIORITY", bytes_of("4", 1)}};

	assert_ok(journal_open(stand_in->path, &journal));
	assert_ok(journal_send(&journal, fields, 2));
	assert_int_equal(recv(stand_in->fd, got, sizeof got, 0), sizeof wanted - 1);
	assert_memory_equal(got, wanted, sizeof wanted - 1);
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
	    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	int fd = -1;
	if (recvmsg(socket, &message, 0) == 0 && CMSG_FIRSTHDR(&message) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

static void test_what_no_datagram_holds_goes_as_a_memory_file(void **state)
{
	struct stand_in *stand_in = *state;
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

static void test_nobody_there(void **state)
{
	struct stand_in *stand_in = *state;
	struct journal journal;
	char path[MAX_PATH + 5];
	char too_long[256];
	const struct journal_field field = {"MESSAGE", bytes_of("x", 1)};

	snprintf(path, sizeof path, "%s-not", stand_in->path);
	assert_kind(journal_open(path, &journal), ERROR_SYSTEM);
	memset(too_long, 'a', sizeof too_long - 1);
	too_long[sizeof too_long - 1] = '\0';
	assert_kind(journal_open(too_long, &journal), ERROR_LIMIT);
	assert_ok(journal_open(stand_in->path, &journal));
	close(stand_in->fd);
	stand_in->fd = -1;
	assert_kind(journal_send(&journal, &field, 1), ERROR_SYSTEM);
	journal_close(&journal);
}

static struct fix_line *make_line(const struct finding_list *findings)
{
	const struct finding_group group = {"mail", SUBJECT_CLIENTS, 0};
	const struct told_finding told = {FINDING_APPEARED, &findings->items[0], 0};
	const struct fix_line_facts facts = {.run = "2026-01-01T00:00:00.000Z", .group = &group, .told = &told};
	return fix_line_new(&facts);
}

/* The sink: an entry with the finding's fields, and the JSON as its message. */
static void test_a_line_becomes_an_entry(void **state)
{
	static const char *const wanted[] = {"CHAINMEND_CODE\n",     "self_signed\n", "CHAINMEND_SITE\n", "mail\n",
					     "CHAINMEND_SEVERITY\n", "MESSAGE\n",     "{\"time\":\"1970"};
	struct stand_in *stand_in = *state;
	struct finding_list findings = {0};
	struct fix_log_sink sink;
	char got[MAX_MESSAGE];

	finding_list_add(&findings, FINDING_SELF_SIGNED, "self-signed");
	struct fix_line *line = make_line(&findings);
	assert_non_null(line);
	assert_int_equal(fix_line_priority(line), 3);
	assert_memory_equal(line->text, "<3>{", 4);
	assert_ok(fix_log_sink_init(&sink, "stderr", stand_in->path));
	assert_ok(fix_log_sink_reopen(&sink));
	assert_ok(fix_log_sink_write(&sink, line));
	ssize_t len = recv(stand_in->fd, got, sizeof got, 0);
	assert_true(len > 0);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		assert_non_null(memmem(got, (size_t)len, wanted[i], strlen(wanted[i])));
	assert_null(memmem(got, (size_t)len, "<3>", 3));
	fix_log_sink_cleanup(&sink);
	fix_line_free(line);
	finding_list_cleanup(&findings);
}

/* A journal that was started anew has another socket at the same path. */
static void test_the_next_line_finds_a_journal_that_was_started_anew(void **state)
{
	struct stand_in *stand_in = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct finding_list findings = {0};
	struct fix_log_sink sink;
	char got[MAX_MESSAGE];

	finding_list_add(&findings, FINDING_SELF_SIGNED, "self-signed");
	struct fix_line *line = make_line(&findings);
	assert_ok(fix_log_sink_init(&sink, "stderr", stand_in->path));
	close(stand_in->fd);
	unlink(stand_in->path);
	assert_ok(fix_log_sink_write(&sink, line)); /* to stderr */
	snprintf(address.sun_path, sizeof address.sun_path, "%s", stand_in->path);
	stand_in->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(stand_in->fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_ok(fix_log_sink_write(&sink, line));
	assert_true(recv(stand_in->fd, got, sizeof got, 0) > 0);
	fix_log_sink_cleanup(&sink);
	fix_line_free(line);
	finding_list_cleanup(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_an_entry_has_its_fields, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_no_datagram_holds_goes_as_a_memory_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_nobody_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_line_becomes_an_entry, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_next_line_finds_a_journal_that_was_started_anew, set_up,
					    tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
