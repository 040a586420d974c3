#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/commands/log/log_history.h"

static const struct log_finding *take(struct log_history *history, unsigned minute, const char *event, const char *id,
				      const char *run, const char *more)
{
	char text[512];
	struct log_line line;
	snprintf(
	    text, sizeof(text),
	    "{\"time\":\"2026-11-20T10:%02u:00.000Z\",\"event\":\"%s\",\"site\":\"mail\",\"id\":\"%s\",\"run\":\"%s\","
	    "\"code\":\"weak_key\",\"severity\":\"error\"%s}",
	    minute, event, id, run, more);
	assert_int_equal(log_line_scan(bytes_of_string(text), &line), LOG_LINE_FINDING);
	return log_history_take(history, &line);
}

#define A "000000000000000a"
#define B "000000000000000b"

static void test_a_finding_is_open_until_it_is_resolved(void **state)
{
	struct log_history history = {0};
	(void)state;
	take(&history, 1, "appeared", A, "r", ",\"stores\":[]");
	take(&history, 2, "appeared", B, "r", "");
	const struct log_finding *finding = take(&history, 3, "resolved", A, "r", "");
	enum log_state *states = log_history_states(&history);
	assert_int_equal(states[0], LOG_STATE_RESOLVED);
	assert_int_equal(states[1], LOG_STATE_OPEN);
	assert_int_equal(history.num_findings, 2);
	assert_int_equal(finding->num_lines, 2);
	assert_string_equal(finding->first_time, "2026-11-20T10:01:00.000Z");
	assert_string_equal(finding->last_time, "2026-11-20T10:03:00.000Z");
	/* The fault stands in the line before. */
	assert_non_null(strstr(finding->last.text, "appeared"));
	assert_non_null(finding->fix.text);
	free(states);
	take(&history, 4, "appeared", A, "r", "");
	states = log_history_states(&history);
	assert_int_equal(states[0], LOG_STATE_OPEN);
	free(states);
	log_history_cleanup(&history);
}

static void test_a_later_run_ends_what_it_does_not_tell(void **state)
{
	struct log_history history = {0};
	(void)state;
	take(&history, 1, "appeared", A, "first", "");
	take(&history, 2, "appeared", B, "first", "");
	take(&history, 3, "appeared", B, "second", "");
	enum log_state *states = log_history_states(&history);
	assert_int_equal(states[0], LOG_STATE_NOT_SEEN_AGAIN);
	assert_int_equal(states[1], LOG_STATE_OPEN);
	free(states);
	take(&history, 4, "changed", A, "first", ""); /* the two run side by side */
	states = log_history_states(&history);
	assert_int_equal(states[0], LOG_STATE_OPEN);
	free(states);
	log_history_cleanup(&history);
}

/* `cat new old`, or a clock that was set back. */
static void test_times_need_not_stand_in_order(void **state)
{
	struct log_history history = {0};
	(void)state;
	take(&history, 9, "appeared", A, "r", "");
	take(&history, 3, "changed", A, "r", "");
	take(&history, 5, "appeared", B, "r", "");
	enum log_state *states = log_history_states(&history);
	assert_int_equal(states[0], LOG_STATE_OPEN);
	assert_int_equal(states[1], LOG_STATE_OPEN);
	assert_string_equal(history.findings[0].first_time, "2026-11-20T10:03:00.000Z");
	assert_string_equal(history.last_time, "2026-11-20T10:09:00.000Z");
	free(states);
	log_history_cleanup(&history);
}

static void test_rows_of_a_table_are_by_event(void **state)
{
	struct log_history history = {.by_event = true};
	(void)state;
	take(&history, 1, "appeared", A, "r", "");
	take(&history, 2, "resolved", A, "r", "");
	assert_int_equal(take(&history, 3, "appeared", A, "r", "")->num_lines, 2);
	assert_int_equal(history.num_findings, 2);
	assert_non_null(history.findings[1].last.text);
	log_history_cleanup(&history);
}

static void test_it_does_not_grow_without_bound(void **state)
{
	struct log_history history = {0};
	char id[20];
	(void)state;
	for (unsigned i = 0; i < LOG_HISTORY_MAX_FINDINGS + 5; i++) {
		snprintf(id, sizeof(id), "%016x", i);
		take(&history, 1, "appeared", id, "r", "");
	}
	assert_int_equal(history.num_findings, LOG_HISTORY_MAX_FINDINGS);
	assert_int_equal(history.num_not_kept, 5);
	assert_non_null(take(&history, 2, "changed", "0000000000000001", "r", ""));
	log_history_cleanup(&history);
}

/* A line a run, and far more of them than are kept. */
static void test_runs_are_found_and_bounded(void **state)
{
	struct log_history history = {0};
	char run[20];
	(void)state;
	for (unsigned i = 0; i < 2 * LOG_HISTORY_MAX_RUNS; i++) {
		snprintf(run, sizeof(run), "%u", i);
		assert_int_equal(take(&history, 1, "appeared", A, run, "")->run,
				 i < LOG_HISTORY_MAX_RUNS ? i : UINT32_MAX);
	}
	assert_int_equal(history.num_runs, LOG_HISTORY_MAX_RUNS);
	assert_int_equal(take(&history, 2, "changed", B, "0", "")->run, 0);
	log_history_cleanup(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_finding_is_open_until_it_is_resolved),
	    cmocka_unit_test(test_a_later_run_ends_what_it_does_not_tell),
	    cmocka_unit_test(test_times_need_not_stand_in_order),
	    cmocka_unit_test(test_rows_of_a_table_are_by_event),
	    cmocka_unit_test(test_it_does_not_grow_without_bound),
	    cmocka_unit_test(test_runs_are_found_and_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
