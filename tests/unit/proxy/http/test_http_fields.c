#include "proxy/http/http_fields.h"
#include "proxy/http/http_head.h"
#include "tests/support/unit.h"

#include <stdio.h>

static void test_find(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX_A: 1\r\nX-A: 2\r\nhost: b\r\n\r\n";
	struct http_head head;
	(void)state;
	assert_int_equal(http_request_read(bytes_of_string(text), &head), HTTP_RULE_NONE);
	assert_int_equal(http_head_find(&head, "HOST", 0), 0);
	assert_int_equal(http_head_find(&head, "Host", 1), 3);
	assert_int_equal(http_head_find(&head, "Host", 4), 4);
	assert_int_equal(http_head_find(&head, "X-A", 0), 2);
	assert_int_equal(http_head_find(&head, "X", 0), 4);
	assert_true(http_is_method(&head, "GET"));
	assert_false(http_is_method(&head, "get"));
	assert_false(http_is_method(&head, "GE"));
}

static const struct {
	const char *value, *token;
	bool has;
} lists[] = {
    {"close", "close", true},
    {"Close", "close", true},
    {"keep-alive, Upgrade", "upgrade", true},
    {"keep-alive,Upgrade", "keep-alive", true},
    {" ,, close ,", "close", true},
    {"closed", "close", false},
    {"xclose", "close", false},
    {"close d", "close", false},
    {"close;q=0", "close", true},
    {"close ; x", "close", true},
    {"x; y=\"a, close, b\"", "close", false},
    {"x; y=\"a\\\", close, b\"", "close", false},
    {"x; y=\"a\", close", "close", true},
    {"\"close\"", "close", false},
    {"", "close", false},
    {"\"", "close", false},
    {"\"\\", "close", false},
};

static void test_tokens(void **state)
{
	char text[256];
	struct http_head head;
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nA: close\r\nConnection: %s\r\n\r\n", lists[i].value);
		assert_int_equal(http_request_read(bytes_of_string(text), &head), HTTP_RULE_NONE);
		if (http_head_has_token(&head, "connection", lists[i].token) != lists[i].has)
			fail_msg("%s: %s", lists[i].value, lists[i].token);
	}
	static const char two[] = "GET / HTTP/1.1\r\nConnection: a\r\nB: c\r\nConnection: d, close\r\n\r\n";
	assert_int_equal(http_request_read(bytes_of_string(two), &head), HTTP_RULE_NONE);
	assert_true(http_head_has_token(&head, "Connection", "close"));
	assert_false(http_head_has_token(&head, "B", "close"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_find), cmocka_unit_test(test_tokens)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
