#include "proxy/http/http_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/http_text.h"
#include "tests/support/unit.h"

static struct http_text text; /* large */

/* Reads the answer's head; the length of its body, which is all that follows. */
static const char *body_of(const struct buffer *answer)
{
	const char *end = strstr(buffer_text(answer), "\r\n\r\n");
	assert_non_null(end);
	size_t head_len = (size_t)(end - buffer_text(answer)) + 4;
	assert_int_equal(http_answer_read(bytes_of(answer->data, head_len), &text.head), HTTP_RULE_NONE);
	size_t length = http_head_find(&text.head, "Content-Length", 0);
	assert_true(length < text.head.num_fields);
	size_t body_len = answer->len - head_len;
	if (body_len > 0)
		assert_int_equal(strtoul((const char *)text.head.fields[length].value.data, NULL, 10), body_len);
	return end + 4;
}

static bool has(const char *name, const char *value)
{
	size_t at = http_head_find(&text.head, name, 0);
	return at < text.head.num_fields && bytes_equal(text.head.fields[at].value, bytes_of_string(value));
}

static void test_each_status_has_its_words(void **state)
{
	static const uint16_t statuses[] = {400, 408, 413, 414, 417, 421, 431, 500, 501, 502, 503, 504, 505};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct buffer out;
		buffer_init(&out, HTTP_TEXT_MAX);
		assert_ok(http_page_write(&(struct http_page){.status = statuses[i]}, &out));
		const char *body = body_of(&out);
		assert_int_equal(text.head.status, statuses[i]);
		assert_true(text.head.reason.len > 0);
		assert_int_equal(strtoul(body, NULL, 10), statuses[i]);
		assert_true(strlen(body) > 30);
		assert_true(has("Connection", "close"));
		assert_true(has("Content-Type", "text/plain; charset=utf-8"));
		assert_int_equal(http_head_find(&text.head, "Retry-After", 0), text.head.num_fields);
		buffer_cleanup(&out);
	}
}

/* Each rule that a request can break has a page. */
static void test_a_rule_has_its_sentence(void **state)
{
	(void)state;
	for (unsigned rule = HTTP_RULE_NONE + 1; rule < NUM_HTTP_RULES; rule++) {
		const struct http_rule_row *row = http_rule_row((enum http_rule)rule);
		struct http_page page = {.status = row->status, .text = row->text, .rule = row->name, .json = true};
		struct buffer out;
		buffer_init(&out, HTTP_TEXT_MAX);
		assert_ok(http_page_write(&page, &out));
		const char *body = body_of(&out);
		assert_int_equal(text.head.status, row->status);
		assert_non_null(strstr(body, row->text));
		assert_non_null(strstr(body, row->name));
		assert_true(has("Content-Type", "application/json"));
		assert_null(strpbrk(row->text, "\"\\")); /* what JSON would want escaped */
		buffer_cleanup(&out);
	}
}

static void test_how_a_page_looks(void **state)
{
	static const struct {
		struct http_page page;
		const char *body;
	} cases[] = {
	    {{.status = 400, .text = "has no Host", .rule = "host-missing"},
	     "400 Bad Request\n\nThe request has no Host.\n"},
	    {{.status = 400, .text = "has no Host", .rule = "host-missing", .json = true},
	     "{\"status\": 400, \"reason\": \"Bad Request\", \"message\": \"The request has no Host.\", \"rule\": "
	     "\"host-missing\"}\n"},
	    {{.status = 504}, "504 Gateway Timeout\n\nThe server behind this proxy did not answer in time.\n"},
	    {{.status = 504, .json = true},
	     "{\"status\": 504, \"reason\": \"Gateway Timeout\", \"message\": \"The server behind this proxy did not "
	     "answer "
	     "in time.\"}\n"},
	    {{.status = 504, .head_only = true}, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out;
		buffer_init(&out, HTTP_TEXT_MAX);
		assert_ok(http_page_write(&cases[i].page, &out));
		assert_string_equal(body_of(&out), cases[i].body);
		buffer_cleanup(&out);
	}
}

static void test_what_a_page_says_beside_its_text(void **state)
{
	struct http_page page = {.status = 503, .keeps_alive = true, .retry_after_s = 5, .head_only = true};
	struct buffer out;

	(void)state;
	buffer_init(&out, HTTP_TEXT_MAX);
	assert_ok(http_page_write(&page, &out));
	body_of(&out);
	assert_true(has("Retry-After", "5"));
	assert_true(has("Cache-Control", "no-store"));
	assert_int_equal(http_head_find(&text.head, "Connection", 0), text.head.num_fields);
	size_t length = http_head_find(&text.head, "Content-Length", 0);
	assert_true(strtoul((const char *)text.head.fields[length].value.data, NULL, 10) > 0);
	buffer_cleanup(&out);

	buffer_init(&out, 100);
	assert_kind(http_page_write(&page, &out), ERROR_LIMIT);
	buffer_cleanup(&out);
}

static void test_the_host_of_a_plain_request(void **state)
{
	static const struct {
		const char *bytes, *host; /* NULL: none */
	} cases[] = {
	    {"GET / HTTP/1.1\r\nHost: A.example\r\n\r\n", "a.example"},
	    {"GET / HTTP/1.1\r\nAccept: a\r\nhost:\ta.example:80 \r\nX", "a.example"},
	    {"GET / HTTP/1.1\nHost: a.example\n", "a.example"},
	    {"GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n", "2001:db8::1"},
	    {"GET / HTTP/1.1\r\nHost: a.exam", NULL}, /* cut off */
	    {"GET / HTTP/1.1\r\nHost: \r\n", NULL},
	    {"GET / HTTP/1.1\r\nHost: <script>\r\n", NULL},
	    {"GET / HTTP/1.1\r\nHost: a\"b\r\n", NULL},
	    {"GET / HTTP/1.1\r\nHost: :80\r\n", NULL},
	    {"GET / HTTP/1.1\r\nXHost: a.example\r\n", NULL},
	    {"GET / HTTP/1.0\r\n\r\n", NULL},
	    {"", NULL},
	};
	char host[HTTP_PLAIN_MAX_HOST + 1];
	char longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool found = http_plain_host(bytes_of_string(cases[i].bytes), host);
		if (found != (cases[i].host != NULL) || (found && strcmp(host, cases[i].host) != 0))
			fail_msg("%s", cases[i].bytes);
	}
	static const char nul[] = "GET / HTTP/1.1\r\nHost: a.example\0.b\r\n";
	assert_false(http_plain_host(bytes_of(nul, sizeof(nul) - 1), host));
	for (size_t len = HTTP_PLAIN_MAX_HOST; len <= HTTP_PLAIN_MAX_HOST + 1; len++) {
		snprintf(longest, sizeof(longest), "GET / HTTP/1.1\r\nHost: %0*d\r\n", (int)len, 0);
		assert_int_equal(http_plain_host(bytes_of_string(longest), host), len == HTTP_PLAIN_MAX_HOST);
	}
}

static void test_the_page_on_a_port_for_https(void **state)
{
	static const char get[] = "GET /<evil>?a HTTP/1.1\r\nHost: <evil>\r\n";
	static const struct {
		const char *first, *host;
		uint16_t port;
		const char *said;
	} cases[] = {
	    {get, "a.example", 443, " The address is https://a.example/\n"},
	    {get, "a.example", 8443, " The address is https://a.example:8443/\n"},
	    {get, "2001:db8::1", 8443, " The address is https://[2001:db8::1]:8443/\n"},
	    {get, NULL, 8443, " Write https:// in the address.\n"},
	    {"x", NULL, 443, " Write https:// in the address.\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out;
		buffer_init(&out, HTTP_TEXT_MAX);
		assert_ok(http_plain_page(bytes_of_string(cases[i].first), cases[i].host, cases[i].port, &out));
		const char *body = body_of(&out);
		assert_int_equal(text.head.status, 400);
		assert_non_null(strstr(body, cases[i].said));
		assert_null(strstr(buffer_text(&out), "evil"));
		buffer_cleanup(&out);
	}

	struct buffer out;
	buffer_init(&out, HTTP_TEXT_MAX);
	assert_ok(http_plain_page(bytes_of_string("HEAD / HTTP/1.1\r\n"), NULL, 443, &out));
	assert_string_equal(body_of(&out), "");
	buffer_cleanup(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_status_has_its_words),
	    cmocka_unit_test(test_a_rule_has_its_sentence),
	    cmocka_unit_test(test_how_a_page_looks),
	    cmocka_unit_test(test_what_a_page_says_beside_its_text),
	    cmocka_unit_test(test_the_host_of_a_plain_request),
	    cmocka_unit_test(test_the_page_on_a_port_for_https),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
