#include "proxy/http/http_fields.h"
#include "proxy/http/http_head.h"
#include "tests/support/unit.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_find)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
