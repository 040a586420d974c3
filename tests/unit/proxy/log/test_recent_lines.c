#include "proxy/log/recent_lines.h"

#include <stdio.h>

#include "tests/support/unit.h"

static void add(struct recent_lines *lines, unsigned number, enum finding_event event)
{
	const struct finding_group group = {"mail", SUBJECT_BACKEND, 0};
	struct finding_list list = {0};

	finding_list_add(&list, FINDING_WEAK_KEY, "number %u", number);
	const struct finding_change told = {.event = event, .finding = &list.items[0]};
	recent_lines_add(lines, &group, &told, number);
	finding_list_cleanup(&list);
}

static const char *text_at(const json_t *array, size_t index, const char *key)
{
	return json_string_value(json_object_get(json_array_get(array, index), key));
}

static void test_the_latest_comes_first(void **state)
{
	struct recent_lines lines = {0};
	(void)state;
	json_t *array = recent_lines_json(&lines);
	assert_int_equal(json_array_size(array), 0);
	json_decref(array);
	add(&lines, 1, FINDING_APPEARED);
	add(&lines, 2, FINDING_RESOLVED);
	array = recent_lines_json(&lines);
	assert_int_equal(json_array_size(array), 2);
	assert_string_equal(text_at(array, 0, "message"), "number 2");
	assert_string_equal(text_at(array, 0, "event"), "resolved");
	assert_string_equal(text_at(array, 0, "site"), "mail");
	assert_string_equal(text_at(array, 0, "subject_of"), "backend");
	assert_string_equal(text_at(array, 1, "time"), "1970-01-01T00:00:00.001Z");
	json_decref(array);
	recent_lines_cleanup(&lines);
}

static void test_the_oldest_makes_room(void **state)
{
	struct recent_lines lines = {0};
	char wanted[40];
	(void)state;
	for (unsigned i = 0; i < 3 * RECENT_LINES_MAX + 7; i++)
		add(&lines, i, FINDING_CHANGED);
	json_t *array = recent_lines_json(&lines);
	assert_int_equal(json_array_size(array), RECENT_LINES_MAX);
	for (unsigned i = 0; i < RECENT_LINES_MAX; i++) {
		snprintf(wanted, sizeof(wanted), "number %u", 3 * RECENT_LINES_MAX + 6 - i);
		assert_string_equal(text_at(array, i, "message"), wanted);
	}
	json_decref(array);
	recent_lines_cleanup(&lines);
	recent_lines_cleanup(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_latest_comes_first),
	    cmocka_unit_test(test_the_oldest_makes_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
