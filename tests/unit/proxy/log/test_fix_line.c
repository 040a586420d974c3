#include "tests/support/unit.h"

#include <string.h>

#include "proxy/log/fix_line.h"
#include "tests/support/pki.h"

static const struct finding_group mail = {"mail", SUBJECT_CERTIFICATE, 0};

static struct finding *add(struct finding_list *list, enum finding_code code)
{
	return finding_list_add(list, code, "something");
}

static void expect_same_id(const struct finding_group *group, const struct finding *a, const struct finding *b,
			   bool same)
{
	char left[FIX_LINE_ID_CHARS + 1];
	char right[FIX_LINE_ID_CHARS + 1];
	assert_int_equal(strlen(fix_line_id(&mail, a, left)), FIX_LINE_ID_CHARS);
	assert_int_equal(strcmp(left, fix_line_id(group, b, right)) == 0, same);
}

static void test_the_id_is_what_the_finding_is_about(void **state)
{
	const struct finding_group other_part = {"mail", SUBJECT_CERTIFICATE, 1};
	const struct finding_group other_site = {"shop", SUBJECT_CERTIFICATE, 0};
	const struct finding_group backend = {"mail", SUBJECT_BACKEND, 0};
	struct finding_list list = {0};
	(void)state;
	for (int i = 0; i < 6; i++)
		add(&list, i < 4 ? FINDING_MISSING_INTERMEDIATE : FINDING_FETCH_FAILED);
	struct finding *items = list.items;
	finding_set_url(&items[1], "http://a.test/"); /* where an issuer came from is no part of what was missing */
	finding_set_severity(&items[1], SEVERITY_ERROR);
	finding_set_name(&items[2], "a.test");
	finding_set_certificate(&items[3], PKI(.cn = "a.test"));
	finding_set_url(&items[4], "http://a.test/");
	finding_set_url(&items[5], "http://b.test/");
	expect_same_id(&mail, &items[0], &items[1], true);
	expect_same_id(&mail, &items[0], &items[2], false);
	expect_same_id(&mail, &items[0], &items[3], false);
	expect_same_id(&mail, &items[4], &items[5], false);
	expect_same_id(&other_part, &items[0], &items[0], false);
	expect_same_id(&other_site, &items[0], &items[0], false);
	expect_same_id(&backend, &items[0], &items[0], false);
	finding_list_cleanup(&list);
}

static void test_a_line_is_json_behind_its_weight(void **state)
{
	static const struct {
		enum finding_severity severity;
		enum finding_event event;
		const char *prefix;
	} rows[] = {
	    {SEVERITY_ERROR, FINDING_APPEARED, "<3>{"}, {SEVERITY_WARNING, FINDING_CHANGED, "<4>{"},
	    {SEVERITY_FIXED, FINDING_APPEARED, "<5>{"}, {SEVERITY_INFO, FINDING_APPEARED, "<6>{"},
	    {SEVERITY_ERROR, FINDING_RESOLVED, "<5>{"},
	};
	struct finding_list list = {0};
	(void)state;
	add(&list, FINDING_WEAK_KEY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		finding_set_severity(&list.items[0], rows[i].severity);
		const struct finding_change change = {
		    .event = rows[i].event, .finding = &list.items[0], .since_ms = 1000};
		const struct fix_line_facts facts = {
		    .run = "2026-01-01T00:00:00.000Z", .now_ms = 2000, .group = &mail, .change = &change};
		struct fix_line *line = fix_line_new(&facts);
		assert_non_null(line);
		assert_memory_equal(line->text, rows[i].prefix, 4);
		assert_int_equal(strlen(line->text), line->len);
		assert_ptr_equal(strchr(line->text, '\n'), line->text + line->len - 1);
		assert_non_null(strstr(line->text, "\"since\":\"1970-01-01T00:00:01.000Z\""));
		assert_non_null(strstr(line->text, line->id));
		fix_line_free(line);
	}
	finding_list_cleanup(&list);
	fix_line_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_id_is_what_the_finding_is_about),
	    cmocka_unit_test(test_a_line_is_json_behind_its_weight),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
