#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/log/fix_log_sink.h"
#include "tests/support/journal_stand_in.h"

static struct fix_line *make_line(const struct finding_list *findings)
{
	const struct finding_group group = {"mail", SUBJECT_CLIENTS, 0};
	const struct finding_change change = {FINDING_APPEARED, &findings->items[0], 0};
	const struct fix_line_facts facts = {.run = "2026-01-01T00:00:00.000Z", .group = &group, .change = &change};
	return fix_line_new(&facts);
}

/* An entry with the finding's fields, and the JSON as its message. */
static void test_a_line_becomes_an_entry(void **state)
{
	static const char *const wanted[] = {"CHAINMEND_CODE\n",     "self_signed\n", "CHAINMEND_SITE\n", "mail\n",
					     "CHAINMEND_SEVERITY\n", "MESSAGE\n",     "{\"time\":\"1970"};
	struct journal_stand_in *stand_in = *state;
	struct finding_list findings = {0};
	struct fix_log_sink sink;
	char got[JOURNAL_MAX_MESSAGE];

	finding_list_add(&findings, FINDING_SELF_SIGNED, "self-signed");
	struct fix_line *line = make_line(&findings);
	assert_non_null(line);
	assert_int_equal(fix_line_priority(line), 3);
	assert_memory_equal(line->text, "<3>{", 4);
	assert_ok(fix_log_sink_init(&sink, "stderr", stand_in->path));
	assert_ok(fix_log_sink_reopen(&sink));
	assert_ok(fix_log_sink_write(&sink, line));
	ssize_t len = recv(stand_in->fd, got, sizeof(got), 0);
	assert_true(len > 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_non_null(memmem(got, (size_t)len, wanted[i], strlen(wanted[i])));
	assert_null(memmem(got, (size_t)len, "<3>", 3));
	fix_log_sink_cleanup(&sink);
	fix_line_free(line);
	finding_list_cleanup(&findings);
}

/* A journal that was started anew has another socket at the same path. */
static void test_the_next_line_finds_a_journal_that_was_started_anew(void **state)
{
	struct journal_stand_in *stand_in = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct finding_list findings = {0};
	struct fix_log_sink sink;
	char got[JOURNAL_MAX_MESSAGE];

	finding_list_add(&findings, FINDING_SELF_SIGNED, "self-signed");
	struct fix_line *line = make_line(&findings);
	assert_ok(fix_log_sink_init(&sink, "stderr", stand_in->path));
	close(stand_in->fd);
	unlink(stand_in->path);
	assert_ok(fix_log_sink_write(&sink, line)); /* to stderr */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", stand_in->path);
	stand_in->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(stand_in->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_ok(fix_log_sink_write(&sink, line));
	assert_true(recv(stand_in->fd, got, sizeof(got), 0) > 0);
	fix_log_sink_cleanup(&sink);
	fix_line_free(line);
	finding_list_cleanup(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_line_becomes_an_entry, journal_stand_in_set_up,
					    journal_stand_in_tear_down),
	    cmocka_unit_test_setup_teardown(test_the_next_line_finds_a_journal_that_was_started_anew,
					    journal_stand_in_set_up, journal_stand_in_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
