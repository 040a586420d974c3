#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "proxy/commands/log/log_line.h"

#define LEAST "\"time\":\"2026-11-20T10:00:00.000Z\",\"site\":\"mail\",\"code\":\"weak_key\",\"severity\":\"error\""

static enum log_line_verdict scan(const char *text, struct log_line *line)
{
	return log_line_scan(bytes_of_string(text), line);
}

static void test_members_stand_where_they_are(void **state)
{
	struct log_line line;
	(void)state;
	assert_int_equal(
	    scan("{" LEAST ",\"part\":12,\"name\":\"a\\\"b\",\"after\":[],\"stores\":[{\"a\":\"b\"}]}", &line),
	    LOG_LINE_FINDING);
	assert_true(log_line_is(&line, LOG_SITE, "mail"));
	assert_true(log_line_is(&line, LOG_PART, "12"));
	assert_true(log_line_is(&line, LOG_NAME, "a\\\"b"));
	assert_true(log_line_is(&line, LOG_STORES, "[{\"a\":\"b\"}]"));
	assert_null(line.members[LOG_ID].data);
	assert_false(log_line_is(&line, LOG_SITE, "mai"));
}

static void test_lines_against_a_table(void **state)
{
	static const struct {
		const char *text;
		enum log_line_verdict verdict;
	} rows[] = {
	    {"{" LEAST "}", LOG_LINE_FINDING},
	    {"<4>{" LEAST "}", LOG_LINE_FINDING},
	    {"<9>{" LEAST "}", LOG_LINE_FOREIGN},
	    {"{ " LEAST " , \"n\" : [ 1 , -2.5e+3 , 0 , true , false , null , { } ] } \r", LOG_LINE_FINDING},
	    {"{" LEAST ",\"u\":\"\\u00fc\\ud83d\\ude00 \xc3\xbc \xf0\x9f\x98\x80\"}", LOG_LINE_FINDING},
	    {"", LOG_LINE_FOREIGN},
	    {"chainmend: mail: it is served", LOG_LINE_FOREIGN},
	    {"[1]", LOG_LINE_FOREIGN},
	    {"{}", LOG_LINE_FOREIGN},
	    {"{\"time\":\"t\",\"site\":\"s\",\"code\":\"c\"}", LOG_LINE_FOREIGN},
	    {"{\"time\":1,\"site\":\"s\",\"code\":\"c\",\"severity\":\"e\"}", LOG_LINE_FOREIGN},
	    {"{\"time\":\"\",\"site\":\"s\",\"code\":\"c\",\"severity\":\"e\"}", LOG_LINE_FOREIGN},
	    {"{" LEAST "} x", LOG_LINE_FOREIGN},
	    {"{" LEAST ",}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"n\":01}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"n\":1234567890123456789}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"n\":1e999}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"n\":nul}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"u\":\"\\ud800x\"}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"u\":\"\\u0000\"}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"u\":\"\\x\"}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"u\":\"\xff\"}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"u\":\"\xed\xa0\x80\"}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"u\":\"a\tb\"}", LOG_LINE_FOREIGN},
	    {"{" LEAST ",\"s\\u0069te\":\"other\"}", LOG_LINE_FOREIGN},
	    {"{\"time\":\"2026-11-20T1", LOG_LINE_TORN},
	    {"{" LEAST, LOG_LINE_TORN},
	    {"{" LEAST ",\"after\":[{\"subject\":\"CN=a\"", LOG_LINE_TORN},
	    {"{" LEAST ",\"u\":\"\xc3", LOG_LINE_TORN},
	    {"{", LOG_LINE_TORN},
	};
	struct log_line line;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (scan(rows[i].text, &line) != rows[i].verdict)
			fail_msg("%s", rows[i].text);
	}
}

/* Every place where a line may break off. */
static void test_a_line_that_breaks_off_anywhere_is_torn(void **state)
{
	static const char text[] = "{" LEAST ",\"u\":\"\\u00fc\xc3\xbc\",\"n\":[true,{\"a\":null}],\"e\":-1.5e3}";
	struct log_line line;
	(void)state;
	assert_int_equal(scan(text, &line), LOG_LINE_FINDING);
	for (size_t len = 1; len < sizeof(text) - 1; len++)
		assert_int_equal(log_line_scan(bytes_of(text, len), &line), LOG_LINE_TORN);
}

static void test_depth_has_a_maximum(void **state)
{
	char text[1024];
	struct log_line line;
	(void)state;
	for (size_t depth = LOG_LINE_MAX_DEPTH; depth <= LOG_LINE_MAX_DEPTH + 1; depth++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "{" LEAST ",\"a\":");
		memset(text + len, '[', depth);
		memset(text + len + depth, ']', depth);
		memcpy(text + len + 2 * depth, "}", 2);
		assert_int_equal(scan(text, &line), depth <= LOG_LINE_MAX_DEPTH ? LOG_LINE_FINDING : LOG_LINE_FOREIGN);
	}
}

static uint64_t key_of(const char *more)
{
	char text[512];
	struct log_line line;
	snprintf(text, sizeof(text), "{" LEAST "%s}", more);
	assert_int_equal(scan(text, &line), LOG_LINE_FINDING);
	return log_line_key(&line);
}

static void test_keys_tell_findings_apart(void **state)
{
	(void)state;
	assert_true(key_of(",\"id\":\"00000000000000ff\"") == 0xff);
	assert_true(key_of("") == key_of(",\"message\":\"x\",\"url\":\"http://a/\""));
	assert_true(key_of("") != key_of(",\"name\":\"a\""));
	assert_true(key_of(",\"name\":\"a\"") != key_of(",\"part\":\"a\""));
	assert_true(key_of(",\"id\":\"short\"") == key_of(""));
	assert_true(key_of(",\"code\":\"fetch_failed\",\"url\":\"a\"") !=
		    key_of(",\"code\":\"fetch_failed\",\"url\":\"b\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_members_stand_where_they_are),
	    cmocka_unit_test(test_lines_against_a_table),
	    cmocka_unit_test(test_a_line_that_breaks_off_anywhere_is_torn),
	    cmocka_unit_test(test_depth_has_a_maximum),
	    cmocka_unit_test(test_keys_tell_findings_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
