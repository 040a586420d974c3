#include "bench/load/http_reply.h"
#include "tests/support/unit.h"

#include <string.h>

/* Reads an answer in pieces of `piece` bytes, and then, where it is still open, its end. Returns its state. */
static enum http_reply_state judge(const char *text, size_t len, size_t piece, struct http_reply *reply)
{
	http_reply_init(reply);
	for (size_t at = 0; at < len; at += piece) {
		size_t now = len - at < piece ? len - at : piece;
		enum http_reply_state state = http_reply_take(reply, bytes_of(text + at, now));
		if (state == HTTP_REPLY_WRONG)
			return state;
	}
	return http_reply_end(reply);
}

static void test_answers_against_a_table(void **state)
{
	static const struct {
		const char *text;
		enum http_reply_state state;
		unsigned status;
	} rows[] = {
	    {"HTTP/1.1 200 OK\r\n\r\n", HTTP_REPLY_COMPLETE, 200},
	    {"HTTP/1.1 200 OK\r\n\r\nbody to the end", HTTP_REPLY_COMPLETE, 200},
	    {"HTTP/1.0 200\r\nX: y\r\n\r\n", HTTP_REPLY_COMPLETE, 200},
	    {"HTTP/1.1 200 OK\nContent-Length: 4\n\nbody", HTTP_REPLY_COMPLETE, 200},
	    {"HTTP/1.1 200 OK\r\ncontent-length:  4 \r\n\r\nbody", HTTP_REPLY_COMPLETE, 200},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", HTTP_REPLY_COMPLETE, 200},
	    {"HTTP/1.1 204 No Content\r\n\r\n", HTTP_REPLY_COMPLETE, 204},
	    {"HTTP/1.1 301 Moved\r\nContent-Length: 1\r\n\r\nx", HTTP_REPLY_COMPLETE, 301},
	    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", HTTP_REPLY_COMPLETE, 200},
	    {"HTTP/1.1 404 Not Found\r\n\r\n", HTTP_REPLY_WRONG, 404},
	    {"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 1\r\n\r\nx", HTTP_REPLY_WRONG, 502},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbod", HTTP_REPLY_WRONG, 200},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyx", HTTP_REPLY_WRONG, 200},
	    {"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", HTTP_REPLY_WRONG, 200},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", HTTP_REPLY_WRONG, 200},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx", HTTP_REPLY_WRONG, 200},
	    {"HTTP/1.1 200 OK\r\n", HTTP_REPLY_WRONG, 200},
	    {"HTTP/2 200\r\n\r\n", HTTP_REPLY_WRONG, 0},
	    {"HTTP/1.1 20\r\n\r\n", HTTP_REPLY_WRONG, 20},
	    {"HTTP/1.1 2000\r\n\r\n", HTTP_REPLY_WRONG, 200},
	    {"SSH-2.0-OpenSSH\r\n", HTTP_REPLY_WRONG, 0},
	    {"HTTP/1.1", HTTP_REPLY_WRONG, 0},
	    {"\r\n\r\n", HTTP_REPLY_WRONG, 0},
	    {"", HTTP_REPLY_WRONG, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const size_t pieces[] = {1, 3, 1000};
		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
			struct http_reply reply;
			if (judge(rows[i].text, strlen(rows[i].text), pieces[j], &reply) != rows[i].state ||
			    reply.status != rows[i].status)
				fail_msg("%s: state %d, status %u", rows[i].text, (int)reply.state, reply.status);
		}
	}
}

static void test_heads_have_a_maximum(void **state)
{
	static const char line[] = "X-Field: yes\r\n";
	struct http_reply reply;
	size_t taken = 0;
	(void)state;
	http_reply_init(&reply);
	assert_int_equal(http_reply_take(&reply, bytes_of("HTTP/1.1 200 OK\r\n", 17)), HTTP_REPLY_FIELDS);
	while (http_reply_take(&reply, bytes_of(line, sizeof(line) - 1)) == HTTP_REPLY_FIELDS)
		taken += sizeof(line) - 1;
	assert_int_equal(reply.state, HTTP_REPLY_WRONG);
	assert_in_range(taken, HTTP_REPLY_MAX_HEAD - 100, HTTP_REPLY_MAX_HEAD);

	http_reply_init(&reply);
	for (taken = 0; http_reply_take(&reply, bytes_of("x", 1)) == HTTP_REPLY_STATUS_LINE; taken++)
		;
	assert_in_range(taken, HTTP_REPLY_MAX_LINE - 1, HTTP_REPLY_MAX_LINE + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers_against_a_table),
	    cmocka_unit_test(test_heads_have_a_maximum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
