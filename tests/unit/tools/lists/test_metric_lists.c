#include "tools/lists/metric_lists.h"

#include <stdio.h>

#include "proxy/admin/metrics.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)100000)

static const struct metric_family *find(const char *name)
{
	const struct metric_family *family = NULL;
	for (size_t i = 0; (family = metrics_family(i)) != NULL && strcmp(family->name, name) != 0;)
		i++;
	return family;
}

/* As Prometheus' naming rules have it; the help is one sentence, in one line. */
static void test_every_family_is_well_formed(void **state)
{
	const struct metric_family *family;
	(void)state;
	for (size_t i = 0; (family = metrics_family(i)) != NULL; i++) {
		size_t len = strlen(family->name);
		bool is_total = len > 6 && strcmp(family->name + len - 6, "_total") == 0;
		assert_ptr_equal(find(family->name), family);
		assert_ptr_equal(strstr(family->name, "chainmend_"), family->name);
		assert_int_equal(is_total, family->type == METRIC_COUNTER);
		assert_int_equal(family->help[strlen(family->help) - 1], '.');
		assert_null(strpbrk(family->help, "\n\\|"));
	}
	assert_null(metrics_family(SIZE_MAX));
}

/* A counter that names its metric is a family by its row alone; one that names none is none. */
static void test_a_counters_row_is_a_family(void **state)
{
	(void)state;
	assert_string_equal(find("chainmend_connections_open")->help, "Client connections that are open now.");
	assert_int_equal(find("chainmend_connections_open")->type, METRIC_GAUGE);
	assert_null(find("chainmend_connections_open")->labels[0]);
	assert_string_equal(find("chainmend_names_not_covered_total")->labels[0], "site");
	assert_string_equal(find("chainmend_backend_failures_total")->labels[1], "backend");
	assert_null(find("chainmend_handshakes_done"));
	assert_null(find(""));
}

static void test_the_table_has_every_family(void **state)
{
	struct buffer text;
	const struct metric_family *family;
	(void)state;
	buffer_init(&text, MAX_BYTES);
	assert_ok(metric_lists_table(&text));
	for (size_t i = 0; (family = metrics_family(i)) != NULL; i++) {
		char start[200], end[300];
		snprintf(start, sizeof(start), "\n| `%s` | %s | ", family->name, metric_type_name(family->type));
		snprintf(end, sizeof(end), " | %s |\n", family->help);
		const char *row = strstr(buffer_text(&text), start);
		assert_non_null(row);
		assert_non_null(strstr(row, end));
		assert_null(strstr(row + 1, start));
	}
	assert_non_null(strstr(buffer_text(&text), " | gauge | `site`, `severity` | Findings that stand. |\n"));
	buffer_cleanup(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_family_is_well_formed),
	    cmocka_unit_test(test_a_counters_row_is_a_family),
	    cmocka_unit_test(test_the_table_has_every_family),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
