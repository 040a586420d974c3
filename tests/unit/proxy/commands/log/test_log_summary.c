#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "proxy/commands/log/log_summary_view.h"

static void take(struct log_history *history, const char *site, const char *code, const char *severity,
		 const char *event)
{
	char text[512];
	struct log_line line;
	snprintf(text, sizeof(text),
		 "{\"time\":\"2026-11-20T10:%02u:00.000Z\",\"event\":\"%s\",\"site\":\"%s\",\"code\":\"%s\","
		 "\"severity\":\"%s\",\"message\":\"m\",\"advice\":\"a\"}",
		 (unsigned)history->num_lines, event, site, code, severity);
	assert_int_equal(log_line_scan(bytes_of_string(text), &line), LOG_LINE_FINDING);
	assert_non_null(log_history_take(history, &line));
}

static bool has_name(const struct log_site *site, const char *name)
{
	return bytes_equal(site->name, bytes_of_string(name));
}

static void test_the_weightiest_comes_first(void **state)
{
	static const char *const order[] = {"leaf_expired", "client_rejected", "wrong_order", "leaf_expires_soon",
					    "root_included"};
	struct log_history history = {0};
	struct log_summary summary;
	(void)state;
	take(&history, "quiet", "wrong_order", "fixed", "appeared");
	take(&history, "quiet", "wrong_order", "fixed", "resolved");
	take(&history, "shop", "leaf_expires_soon", "warning", "appeared");
	take(&history, "mail", "root_included", "info", "appeared");
	take(&history, "mail", "leaf_expires_soon", "warning", "appeared");
	take(&history, "mail", "wrong_order", "fixed", "appeared");
	take(&history, "mail", "client_rejected", "warning", "appeared");
	take(&history, "mail", "leaf_expired", "error", "appeared");
	take(&history, "mail", "weak_key", "error", "appeared");
	take(&history, "mail", "weak_key", "error", "resolved");
	assert_ok(log_summary_make(&history, &summary));
	assert_int_equal(summary.num_sites, 3);
	assert_true(has_name(&summary.sites[0], "mail") && has_name(&summary.sites[1], "shop") &&
		    has_name(&summary.sites[2], "quiet"));
	const struct log_site *mail = &summary.sites[0];
	assert_int_equal(mail->num_open, 5);
	assert_int_equal(mail->num_resolved, 1);
	assert_int_equal(mail->open_by_severity[SEVERITY_WARNING], 2);
	for (size_t i = 0; i < mail->num_open; i++)
		assert_true(log_line_is(&mail->items[i].line, LOG_CODE, order[i]));
	json_t *json = log_summary_view_json(&summary);
	assert_int_equal(json_array_size(json_object_get(json, "sites")), 3);
	json_decref(json);
	log_summary_cleanup(&summary);
	log_history_cleanup(&history);
}

static void test_an_empty_log_has_an_empty_summary(void **state)
{
	struct log_history history = {0};
	struct log_summary summary;
	(void)state;
	assert_ok(log_summary_make(&history, &summary));
	assert_int_equal(summary.num_sites, 0);
	log_summary_cleanup(&summary);
	log_history_cleanup(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_weightiest_comes_first),
	    cmocka_unit_test(test_an_empty_log_has_an_empty_summary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
