#include "proxy/http/http_head.h"
#include "tests/support/unit.h"

#include <stdio.h>

static bool is(struct bytes bytes, const char *text)
{
	return bytes_equal(bytes, bytes_of_string(text));
}

static void test_request(void **state)
{
	static const char text[] =
	    "\r\nPOST /a?b HTTP/1.1\r\nHost: a.example\r\nX-Odd_Name:\t two  words \t\r\nEmpty:\r\n"
	    "x-odd_name:again\r\nBlank:   \r\nUtf: \xc3\xa4\r\n\r\n";
	static const char *const fields[][2] = {
	    {"Host", "a.example"}, {"X-Odd_Name", "two  words"}, {"Empty", ""}, {"x-odd_name", "again"},
	    {"Blank", ""},         {"Utf", "\xc3\xa4"},
	};
	struct http_head head;
	(void)state;
	assert_int_equal(http_request_read(bytes_of_string(text), &head), HTTP_RULE_NONE);
	assert_true(is(head.method, "POST") && is(head.target, "/a?b") && head.version == HTTP_1_1);
	assert_int_equal(head.status, 0);
	assert_int_equal(head.num_fields, 6);
	for (size_t i = 0; i < 6; i++)
		assert_true(is(head.fields[i].name, fields[i][0]) && is(head.fields[i].value, fields[i][1]));
	/* slices of what was read */
	assert_ptr_equal(head.method.data, text + 2);
	assert_ptr_equal(head.fields[0].value.data, strstr(text, "a.example"));
}

static void test_request_1_0(void **state)
{
	struct http_head head;
	(void)state;
	assert_int_equal(http_request_read(bytes_of_string("GET / HTTP/1.0\r\n\r\n"), &head), HTTP_RULE_NONE);
	assert_true(head.version == HTTP_1_0 && head.num_fields == 0);
}

static void test_answer(void **state)
{
	struct http_head head;
	(void)state;
	assert_int_equal(http_answer_read(bytes_of_string("HTTP/1.0 404 Not  here\r\nServer: x\r\n\r\n"), &head),
			 HTTP_RULE_NONE);
	assert_int_equal(head.status, 404);
	assert_true(is(head.reason, "Not  here") && head.version == HTTP_1_0);
	assert_true(is(head.method, "") && is(head.target, "") && head.num_fields == 1);
	assert_int_equal(http_answer_read(bytes_of_string("HTTP/1.1 204\r\n\r\n"), &head), HTTP_RULE_NONE);
	assert_true(is(head.reason, "") && head.status == 204 && head.num_fields == 0);
}

/* An answer with Upgrade, and one that ends by a close, end their heads as others do. */
static void test_answers_that_llhttp_leaves(void **state)
{
	static const char *const texts[] = {
	    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	    "HTTP/1.1 100 Continue\r\n\r\n",
	    "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\n",
	};
	struct http_head head;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(http_answer_read(bytes_of_string(texts[i]), &head), HTTP_RULE_NONE);
}

/* Tabs stand around every value where blanks may (RFC 9112 5), behind a length too, where llhttp takes none. */
static void test_tabs(void **state)
{
	static const char fields[] = "A:\t\r\nContent-Length:\t 12 \t\r\nConnection:\tclose\t\r\nB:\tb\tb\t\r\n\r\n";
	static const char *const values[] = {"", "12", "close", "b\tb"};
	struct http_head head;
	char text[256];
	(void)state;
	for (int is_request = 0; is_request < 2; is_request++) {
		snprintf(text, sizeof(text), "%s\r\n%s", is_request ? "LOCK / HTTP/1.1" : "HTTP/1.1 200 ", fields);
		assert_int_equal(is_request ? http_request_read(bytes_of_string(text), &head)
					    : http_answer_read(bytes_of_string(text), &head),
				 HTTP_RULE_NONE);
		assert_int_equal(head.num_fields, 4);
		for (size_t i = 0; i < 4; i++)
			assert_true(is(head.fields[i].value, values[i]));
	}
	assert_int_equal(http_request_read(bytes_of_string("GET / HTTP/1.1\r\nContent-Length: 1\t2\t\r\n\r\n"), &head),
			 HTTP_RULE_LENGTH);
}

static const struct {
	const char *text;
	size_t end;
} ends[] = {
    {"", 0},
    {"GET / HTTP/1.1\r\n", 0},
    {"GET / HTTP/1.1\r\n\r", 0},
    {"GET / HTTP/1.1\r\n\r\n", 18},
    {"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 18},
    {"GET / HTTP/1.1\r\nA: b\r\n\r\nbody", 24},
    {"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 22}, /* empty lines are not a head */
    {"\r\n\r\n", 0},
    {"\r\n\r\n\r\n\r\n\r\n\r\n", 12}, /* too many are: http_request_read refuses it */
    {"GET / HTTP/1.1\n\nA: b\r\n\r\n", 24},
    {"GET / HTTP/1.1\r\n\n\r\n", 0},
    {"GET / HTTP/1.1\r\n\r\r\n", 0},
    {"\n\r\n\r\n", 5},
};

static void test_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t len = strlen(ends[i].text);
		size_t at = 0;
		assert_int_equal(http_head_end(bytes_of(ends[i].text, len), &at), ends[i].end);
		/* byte by byte it is found when its last byte has come, and not before */
		at = 0;
		for (size_t part = 0; part <= len; part++) {
			size_t end = http_head_end(bytes_of(ends[i].text, part), &at);
			assert_int_equal(end, ends[i].end > 0 && part >= ends[i].end ? ends[i].end : 0);
			if (end > 0)
				break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request), cmocka_unit_test(test_request_1_0),
	    cmocka_unit_test(test_answer),  cmocka_unit_test(test_answers_that_llhttp_leaves),
	    cmocka_unit_test(test_tabs),    cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
