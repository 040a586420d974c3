#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/commands/log/log_table.h"

static void take(struct log_history *history, unsigned minute, const char *site, const char *event)
{
	char text[512];
	struct log_line line;
	snprintf(text, sizeof(text),
		 "{\"time\":\"2026-11-20T10:%02u:00.000Z\",\"event\":\"%s\",\"site\":\"%s\",\"code\":\"wrong_order\","
		 "\"severity\":\"fixed\",\"message\":\"m\",\"stores\":[{\"name\":\"s\",\"served_trusted\":false,"
		 "\"mended_trusted\":true}],\"bytes_added\":-12,\"applied\":false}",
		 minute, event, site);
	assert_int_equal(log_line_scan(bytes_of_string(text), &line), LOG_LINE_FINDING);
	assert_non_null(log_history_take(history, &line));
}

static void expect_table(const struct log_history *history, unsigned width, const char *wanted)
{
	char *text = NULL;
	size_t len = 0;
	struct output output = {.file = open_memstream(&text, &len), .width = width};
	struct log_table table = {.output = &output};
	assert_non_null(output.file);
	assert_true(log_table_print(&table, history));
	assert_int_equal(fclose(output.file), 0);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_rows_in_the_order_of_time_with_their_counts(void **state)
{
	struct log_history history = {.by_event = true};
	(void)state;
	expect_table(&history, 100, "");
	take(&history, 1, "mail", "appeared");
	take(&history, 2, "a-rather-long-name-of-a-site", "resolved");
	take(&history, 3, "mail", "appeared");
	expect_table(
	    &history, 100,
	    "TIME (UTC)           SEVERITY  SITE                          CODE\n"
	    "2026-11-20 10:02:00  resolved  a-rather-long-name-of-a-site  wrong_order\n"
	    "    m\n"
	    "    accepted by 0 of 1 trust store before, by 1 after; 12 bytes saved; reported only, what was given\n"
	    "    goes out\n"
	    "2026-11-20 10:03:00  fixed     mail                          wrong_order x2\n"
	    "    m\n"
	    "    accepted by 0 of 1 trust store before, by 1 after; 12 bytes saved; reported only, what was given\n"
	    "    goes out\n");
	log_history_cleanup(&history);
}

static void test_a_narrow_terminal_has_two_lines_a_row(void **state)
{
	struct log_history history = {.by_event = true};
	(void)state;
	take(&history, 1, "a-rather-long-name-of-a-site", "appeared");
	expect_table(&history, 40,
		     "11-20 10:01  fixed     a-rather-long-na~\n"
		     "    wrong_order\n"
		     "    m\n"
		     "    accepted by 0 of 1 trust store\n"
		     "    before, by 1 after; 12 bytes saved;\n"
		     "    reported only, what was given goes\n"
		     "    out\n");
	log_history_cleanup(&history);
}

/* Where the longest name does not fit beside the rest, no name is cut: the row takes two lines. */
static void test_no_name_of_a_site_is_cut_at_80_columns(void **state)
{
	struct log_history history = {.by_event = true};
	(void)state;
	take(&history, 1, "autodiscover.contoso", "appeared");
	expect_table(&history, 80,
		     "11-20 10:01  fixed     autodiscover.contoso                                     \n"
		     "    wrong_order\n"
		     "    m\n"
		     "    accepted by 0 of 1 trust store before, by 1 after; 12 bytes saved; reported\n"
		     "    only, what was given goes out\n");
	log_history_cleanup(&history);
}

static void take_chains(struct log_history *history, const char *before, const char *after)
{
	char text[1024];
	struct log_line line;
	snprintf(text, sizeof(text),
		 "{\"time\":\"2026-11-20T10:01:00.000Z\",\"event\":\"appeared\",\"site\":\"mail\","
		 "\"code\":\"expired_intermediate\",\"severity\":\"fixed\",\"message\":\"m\","
		 "\"before\":[{\"subject\":\"CN=leaf\",\"sha256\":\"00\",\"not_after\":\"2027-01-01T00:00:00Z\"},"
		 "{\"subject\":\"CN=twin\",%s}],\"after\":[{\"subject\":\"CN=leaf\",\"sha256\":\"00\","
		 "\"not_after\":\"2027-01-01T00:00:00Z\"},{\"subject\":\"CN=twin\",%s}]}",
		 before, after);
	assert_int_equal(log_line_scan(bytes_of_string(text), &line), LOG_LINE_FINDING);
	assert_non_null(log_history_take(history, &line));
}

static void test_what_tells_a_twin_from_the_other(void **state)
{
	struct log_history history = {.by_event = true};
	(void)state;
	take_chains(&history, "\"sha256\":\"aa\",\"not_after\":\"2025-02-03T00:00:00Z\"",
		    "\"sha256\":\"bb\",\"not_after\":\"2030-04-05T00:00:00Z\"");
	expect_table(&history, 100,
		     "TIME (UTC)           SEVERITY  SITE      CODE\n"
		     "2026-11-20 10:01:00  fixed     mail      expired_intermediate\n"
		     "    m\n"
		     "    before: 2 certificates: CN=leaf <- CN=twin (valid until 2025-02-03)\n"
		     "    after: 2 certificates: CN=leaf <- CN=twin (valid until 2030-04-05)\n");
	log_history_cleanup(&history);
	history = (struct log_history){.by_event = true};
	take_chains(&history, "\"sha256\":\"0123456789abcdef01\",\"not_after\":\"2030-04-05T00:00:00Z\"",
		    "\"sha256\":\"fedcba987654321001\",\"not_after\":\"2030-04-05T00:00:00Z\"");
	expect_table(&history, 100,
		     "TIME (UTC)           SEVERITY  SITE      CODE\n"
		     "2026-11-20 10:01:00  fixed     mail      expired_intermediate\n"
		     "    m\n"
		     "    before: 2 certificates: CN=leaf <- CN=twin (SHA-256 0123456789abcdef)\n"
		     "    after: 2 certificates: CN=leaf <- CN=twin (SHA-256 fedcba9876543210)\n");
	log_history_cleanup(&history);
}

static void take_side(struct log_history *history, const char *site, const char *subject, const char *stores)
{
	char text[512];
	struct log_line line;
	snprintf(text, sizeof(text),
		 "{\"time\":\"2026-11-20T10:01:00.000Z\",\"event\":\"appeared\",\"site\":\"%s\",\"subject_of\":\"%s\","
		 "\"code\":\"wrong_order\",\"severity\":\"fixed\",\"message\":\"m\",\"stores\":%s}",
		 site, subject, stores);
	assert_int_equal(log_line_scan(bytes_of_string(text), &line), LOG_LINE_FINDING);
	assert_non_null(log_history_take(history, &line));
}

/* A finding of the backend whose certificate the site serves is no row of its own, another one is. */
static void test_both_sides_of_one_certificate_are_one_row(void **state)
{
	static const char refused[] = "[{\"name\":\"s\",\"served_trusted\":false,\"mended_trusted\":false}]";
	struct log_history history = {.by_event = true};
	(void)state;
	take_side(&history, "mail", "backend", "[]");
	take_side(&history, "mail", "certificate", "[]");
	take_side(&history, "shop", "backend", refused);
	take_side(&history, "shop", "certificate", "[]");
	expect_table(&history, 100,
		     "TIME (UTC)           SEVERITY  SITE      CODE\n"
		     "2026-11-20 10:01:00  fixed     mail      wrong_order\n"
		     "    m\n"
		     "    accepted by 0 of 0 trust stores before, by 0 after; 0 bytes added\n"
		     "    on the backend: the same\n"
		     "2026-11-20 10:01:00  fixed     shop      wrong_order\n"
		     "    On the backend: m\n"
		     "    accepted by 0 of 1 trust store before, by 0 after; 0 bytes added\n"
		     "2026-11-20 10:01:00  fixed     shop      wrong_order\n"
		     "    m\n"
		     "    accepted by 0 of 0 trust stores before, by 0 after; 0 bytes added\n");
	log_history_cleanup(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_name_of_a_site_is_cut_at_80_columns),
	    cmocka_unit_test(test_what_tells_a_twin_from_the_other),
	    cmocka_unit_test(test_both_sides_of_one_certificate_are_one_row),
	    cmocka_unit_test(test_rows_in_the_order_of_time_with_their_counts),
	    cmocka_unit_test(test_a_narrow_terminal_has_two_lines_a_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
