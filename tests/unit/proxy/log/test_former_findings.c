#include "proxy/log/former_findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/log/fix_line.h"
#include "tests/support/unit.h"

#define FIRST_RUN "2026-11-20T10:00:00.000Z"
#define SECOND_RUN "2026-11-20T12:00:00.000Z"

static char path[] = "/tmp/chainmend-former-XXXXXX";
static const struct finding_group mail = {"mail", SUBJECT_CERTIFICATE, 0};
static const struct finding_list nothing;

/* Collects the reported codes. */
struct told {
	char codes[256];
};

static void take_told(void *context, const json_t *line)
{
	struct told *told = context;
	size_t len = strlen(told->codes);
	snprintf(told->codes + len, sizeof(told->codes) - len, "%s ", json_string_value(json_object_get(line, "code")));
}

static const char *settle(struct former_findings *former, const struct finding_group *group,
			  const struct finding_list *now)
{
	static struct told told;
	told.codes[0] = '\0';
	former_findings_settle(former, group, now, take_told, &told);
	return told.codes;
}

static void write_text(const char *text)
{
	FILE *file = fopen(path, "a");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void write_line(const char *run, const char *event, const char *site, enum finding_code code)
{
	struct finding_list list = {0};
	struct finding *finding = finding_list_add(&list, code, "m");
	struct finding_group group = {site, SUBJECT_CERTIFICATE, 0};
	char id[FIX_LINE_ID_CHARS + 1];
	char text[512];
	snprintf(text, sizeof(text),
		 "{\"time\":\"%s\",\"run\":\"%s\",\"event\":\"%s\",\"site\":\"%s\",\"subject_of\":\"certificate\","
		 "\"part\":0,\"id\":\"%s\",\"code\":\"%s\",\"severity\":\"fixed\",\"before\":[]}\n",
		 run, run, event, site, fix_line_id(&group, finding, id), finding_code_name(code));
	write_text(text);
	finding_list_cleanup(&list);
}

static int empty_file(void **state)
{
	(void)state;
	return truncate(path, 0);
}

static void test_what_is_gone_is_told_once(void **state)
{
	struct finding_list now = {0};
	(void)state;
	write_line(FIRST_RUN, "appeared", "mail", FINDING_MISSING_INTERMEDIATE);
	write_line(FIRST_RUN, "appeared", "mail", FINDING_WRONG_ORDER);
	write_line(FIRST_RUN, "appeared", "mail", FINDING_ROOT_INCLUDED);
	write_line(FIRST_RUN, "resolved", "mail", FINDING_ROOT_INCLUDED);
	write_line(FIRST_RUN, "appeared", "shop", FINDING_WRONG_ORDER);
	struct former_findings *former = former_findings_read(path);
	assert_non_null(former);
	(void)finding_list_add(&now, FINDING_WRONG_ORDER, "still");
	assert_string_equal(settle(former, &(struct finding_group){"mail", SUBJECT_BACKEND, 0}, &nothing), "");
	assert_string_equal(settle(former, &(struct finding_group){"mail", SUBJECT_CERTIFICATE, 1}, &nothing), "");
	assert_string_equal(settle(former, &mail, &now), "missing_intermediate ");
	assert_string_equal(settle(former, &mail, &nothing), "");
	assert_string_equal(settle(NULL, &mail, &nothing), "");
	finding_list_cleanup(&now);
	former_findings_free(former);
}

static void test_the_last_run_counts_and_rubbish_does_not(void **state)
{
	(void)state;
	write_line(FIRST_RUN, "appeared", "mail", FINDING_MISSING_INTERMEDIATE);
	write_text("rubbish\n{\"id\":\n{}\n[]\n\n{\"id\":7}\n{\"id\":\"x\",\"event\":{}}\n");
	write_line(SECOND_RUN, "appeared", "mail", FINDING_WRONG_ORDER);
	write_line(SECOND_RUN, "changed", "mail", FINDING_WRONG_ORDER);
	write_text("{\"time\":\"torn");
	struct former_findings *former = former_findings_read(path);
	assert_string_equal(settle(former, &mail, &nothing), "wrong_order ");
	former_findings_free(former);
}

static void test_nothing_open_is_nothing(void **state)
{
	(void)state;
	assert_null(former_findings_read(path));
	assert_null(former_findings_read("/nonexistent/fixes.jsonl"));
	assert_null(former_findings_read("/tmp"));
	write_line(FIRST_RUN, "appeared", "mail", FINDING_WRONG_ORDER);
	write_line(FIRST_RUN, "resolved", "mail", FINDING_WRONG_ORDER);
	assert_null(former_findings_read(path));
	former_findings_free(NULL);
}

/* Of a large file its end, from a whole line on. */
static void test_the_end_of_a_large_file(void **state)
{
	(void)state;
	write_line(FIRST_RUN, "appeared", "mail", FINDING_MISSING_INTERMEDIATE);
	FILE *file = fopen(path, "a");
	assert_non_null(file);
	for (size_t i = 0; i < FORMER_FINDINGS_MAX_BYTES; i += 64)
		fprintf(file, "%63s\n", "");
	assert_int_equal(fclose(file), 0);
	write_line(FIRST_RUN, "appeared", "mail", FINDING_WRONG_ORDER);
	struct former_findings *former = former_findings_read(path);
	assert_string_equal(settle(former, &mail, &nothing), "wrong_order ");
	former_findings_free(former);
}

static void test_the_line_that_resolves_it(void **state)
{
	(void)state;
	json_t *former =
	    json_loads("{\"time\":\"a\",\"event\":\"appeared\",\"since\":\"s\",\"site\":\"mail\",\"part\":0,"
		       "\"id\":\"0123456789abcdef\",\"run\":\"a\",\"code\":\"wrong_order\","
		       "\"severity\":\"fixed\",\"before\":[],\"count\":3}",
		       0, NULL);
	struct fix_line *line = fix_line_resolve(former, SECOND_RUN, 1000);
	assert_non_null(line);
	assert_string_equal(line->text,
			    "<5>{\"time\":\"1970-01-01T00:00:01.000Z\",\"event\":\"resolved\",\"run\":\"" SECOND_RUN
			    "\",\"since\":\"s\",\"site\":\"mail\",\"part\":0,\"id\":\"0123456789abcdef\","
			    "\"code\":\"wrong_order\",\"severity\":\"fixed\"}\n");
	fix_line_free(line);
	json_object_set_new(former, "code", json_string("no_such_code"));
	assert_null(fix_line_resolve(former, SECOND_RUN, 1000));
	json_object_del(former, "site");
	assert_null(fix_line_resolve(former, SECOND_RUN, 1000));
	json_decref(former);
}

static int set_up(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void count(void *context, const json_t *line)
{
	(void)line;
	++*(size_t *)context;
}

/* As many findings as the end of a file can hold: the first of them are kept, and each line finds its own at once. */
static void test_a_file_full_of_findings(void **state)
{
	enum { NUM_LINES = 170000 };
	size_t num_told = 0;
	FILE *file = fopen(path, "a");
	(void)state;

	assert_non_null(file);
	for (size_t i = 0; i < FORMER_FINDINGS_MAX; i++)
		fprintf(file,
			"{\"id\":\"%zx\",\"run\":\"r\",\"site\":\"mail\",\"subject_of\":\"certificate\",\"part\":0}\n",
			i);
	for (size_t i = FORMER_FINDINGS_MAX; i < NUM_LINES && ftell(file) < (long)FORMER_FINDINGS_MAX_BYTES - 100; i++)
		fprintf(file, "{\"id\":\"%zx\",\"run\":\"r\"}\n", i);
	assert_int_equal(fclose(file), 0);
	struct former_findings *former = former_findings_read(path);
	assert_non_null(former);
	former_findings_settle(former, &mail, &nothing, count, &num_told);
	assert_int_equal(num_told, FORMER_FINDINGS_MAX);
	former_findings_settle(former, &mail, &nothing, count, &num_told);
	assert_int_equal(num_told, FORMER_FINDINGS_MAX);
	former_findings_free(former);
}

/* As many sites as there may be, each of which is looked at once, and some of which left something open. */
static void test_each_of_many_sites_settles_its_own(void **state)
{
	enum { NUM_SITES = 20000 };
	size_t num_told = 0;
	char site[16];
	FILE *file = fopen(path, "a");
	(void)state;

	assert_non_null(file);
	for (size_t i = 0; i < FORMER_FINDINGS_MAX; i++)
		fprintf(file,
			"{\"id\":\"%zx\",\"run\":\"r\",\"site\":\"s%zu\",\"subject_of\":\"certificate\",\"part\":0}\n",
			i, 2 * i);
	assert_int_equal(fclose(file), 0);
	struct former_findings *former = former_findings_read(path);
	assert_non_null(former);
	for (size_t i = 0; i < NUM_SITES; i++) {
		const struct finding_group group = {site, SUBJECT_CERTIFICATE, 0};
		const struct finding_group other = {site, SUBJECT_CERTIFICATE, 1};
		snprintf(site, sizeof(site), "s%zu", i);
		former_findings_settle(former, &other, &nothing, count, &num_told);
		former_findings_settle(former, &group, &nothing, count, &num_told);
		assert_int_equal(num_told, i < 2 * FORMER_FINDINGS_MAX ? i / 2 + 1 : FORMER_FINDINGS_MAX);
	}
	former_findings_free(former);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_what_is_gone_is_told_once, empty_file),
	    cmocka_unit_test_setup(test_the_last_run_counts_and_rubbish_does_not, empty_file),
	    cmocka_unit_test_setup(test_nothing_open_is_nothing, empty_file),
	    cmocka_unit_test_setup(test_the_end_of_a_large_file, empty_file),
	    cmocka_unit_test_setup(test_the_line_that_resolves_it, empty_file),
	    cmocka_unit_test_setup(test_a_file_full_of_findings, empty_file),
	    cmocka_unit_test_setup(test_each_of_many_sites_settles_its_own, empty_file),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
