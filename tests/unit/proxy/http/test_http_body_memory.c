/* Memory that runs out, at each allocation in turn, while a chunked body is read: that is said, and nothing is lost. */
#include "proxy/http/http_body.h"
#include "tests/support/failing_memory.h"
#include "tests/support/unit.h"

#define BODY "5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"

/* Reads with the nth allocation failing, and goes on where it failed. Says whether one did. */
static bool read_body(size_t nth, size_t *num_failures)
{
	struct http_body body;
	struct bytes input = bytes_of_string(BODY), content;
	enum http_body_result result;
	size_t len = 0;

	failing_memory_begin(nth);
	if (!http_body_start(&body, (struct http_framing){.kind = HTTP_BODY_CHUNKED})) {
		(*num_failures)++;
		return failing_memory_end();
	}
	do {
		result = http_body_take(&body, &input, &content);
		len += content.len;
		*num_failures += result == HTTP_BODY_OUT_OF_MEMORY;
	} while (result == HTTP_BODY_CONTENT || result == HTTP_BODY_OUT_OF_MEMORY);
	bool failed_once = failing_memory_end();

	struct buffer trailers;
	buffer_init(&trailers, sizeof(BODY));
	assert_int_equal(result, HTTP_BODY_DONE);
	assert_int_equal(len, 5);
	assert_ok(http_body_trailers(&body, NULL, &trailers));
	assert_string_equal(buffer_text(&trailers), "X-Sum: 1\r\nX-Other: 2\r\n");
	buffer_cleanup(&trailers);
	http_body_cleanup(&body);
	return failed_once;
}

static void test_each_allocation(void **state)
{
	size_t nth = 1, num_failures = 0;
	(void)state;
	while (read_body(nth, &num_failures))
		nth++;
	assert_true(nth > 2); /* the reader and the trailers */
	assert_int_equal(num_failures, nth - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_allocation)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
