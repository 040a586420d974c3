#include "bench/load/pattern.h"
#include "bench/load/request.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct load_plan plan_of(enum request_kind kind, uint64_t bytes)
{
	return (struct load_plan){.request = kind, .request_bytes = bytes, .path = "/x"};
}

/* All that is sent, `max` bytes at most. */
static size_t send_all(struct request *request, char *out, size_t max)
{
	size_t len = 0;
	while (!request_all_sent(request)) {
		struct bytes next = request_next(request);
		assert_true(next.len > 0 && next.len <= REQUEST_CHUNK_BYTES && len + next.len <= max);
		memcpy(out + len, next.data, next.len);
		len += next.len;
	}
	return len;
}

static void test_the_pattern_starts_anywhere(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 60; at++) {
		struct bytes text = pattern_at(at, PATTERN_MAX_CHUNK);
		assert_int_equal(text.len, PATTERN_MAX_CHUNK);
		for (size_t i = 0; i < text.len; i += 977)
			assert_int_equal(text.data[i], 'a' + (at + i) % PATTERN_PERIOD);
		assert_true(pattern_matches(at + 26000, text));
		assert_false(pattern_matches(at + 1, text));
	}
	assert_true(pattern_matches(5, bytes_of("", 0)));
	assert_true(pattern_matches(25, bytes_of("zab", 3)));
	assert_false(pattern_matches(25, bytes_of("zac", 3)));
}

/* Every byte of an echo comes back, in pieces of any size; the last one completes it. */
static void test_an_echo_is_complete_with_its_last_byte(void **state)
{
	static const uint64_t sizes[] = {1, 2, 25, 26, 65536, 200000};
	char *sent = malloc(200000);
	(void)state;
	assert_non_null(sent);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct load_plan plan = plan_of(REQUEST_ECHO, sizes[i]);
		struct request request;
		request_begin(&request, &plan, "");
		assert_int_equal(send_all(&request, sent, 200000), sizes[i]);
		for (size_t at = 0; at < sizes[i]; at += 10001) {
			size_t len = sizes[i] - at < 10001 ? sizes[i] - at : 10001;
			assert_int_equal(request_take(&request, bytes_of(sent + at, len)),
					 at + len == sizes[i] ? REQUEST_COMPLETE : REQUEST_GOES_ON);
		}
	}
	free(sent);
}

static void test_an_echo_of_other_bytes_is_wrong(void **state)
{
	static const struct {
		const char *text;
		enum request_verdict verdict;
	} rows[] = {
	    {"abc", REQUEST_COMPLETE}, {"ab", REQUEST_GOES_ON}, {"abd", REQUEST_WRONG},
	    {"xbc", REQUEST_WRONG},    {"abcd", REQUEST_WRONG},
	};
	struct load_plan plan = plan_of(REQUEST_ECHO, 3);
	char cause[80];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request request;
		request_begin(&request, &plan, "");
		assert_int_equal(request_take(&request, bytes_of(rows[i].text, strlen(rows[i].text))), rows[i].verdict);
		assert_int_equal(request_end(&request), REQUEST_WRONG);
		assert_string_equal(request_failure(&request, cause, sizeof(cause)), "wrong_echo");
	}
}

static void test_bulk_asks_by_a_line_and_counts_each_way(void **state)
{
	struct load_plan down = plan_of(REQUEST_BULK_DOWN, 100000), up = plan_of(REQUEST_BULK_UP, 30);
	struct request request;
	char sent[200], cause[80];
	(void)state;
	request_begin(&request, &down, "");
	size_t len = send_all(&request, sent, sizeof(sent));
	assert_int_equal(len, strlen("send 100000\n"));
	assert_memory_equal(sent, "send 100000\n", len);
	assert_int_equal(request_take(&request, pattern_at(0, 60000)), REQUEST_GOES_ON);
	assert_int_equal(request_take(&request, pattern_at(60000, 40000)), REQUEST_COMPLETE);

	request_begin(&request, &up, "");
	len = send_all(&request, sent, sizeof(sent));
	assert_int_equal(len, strlen("take 30\n") + 30);
	assert_memory_equal(sent, "take 30\nabcdefghijklmnopqrstuvwxyzabcd", len);
	assert_int_equal(request_take(&request, bytes_of("o", 1)), REQUEST_GOES_ON);
	assert_int_equal(request_take(&request, bytes_of("k", 1)), REQUEST_COMPLETE);

	request_begin(&request, &up, "");
	assert_int_equal(request_take(&request, bytes_of("no", 2)), REQUEST_WRONG);
	assert_string_equal(request_failure(&request, cause, sizeof(cause)), "wrong_answer");
	request_begin(&request, &up, "");
	assert_int_equal(request_take(&request, bytes_of("okk", 3)), REQUEST_WRONG);
}

static void test_a_get_is_sent_and_its_answer_read(void **state)
{
	static const char wanted[] = "GET /x HTTP/1.1\r\nHost: a.test\r\n";
	struct load_plan plan = plan_of(REQUEST_HTTP, 0);
	struct request request;
	char sent[500], cause[80];
	(void)state;
	request_begin(&request, &plan, "a.test");
	size_t len = send_all(&request, sent, sizeof(sent));
	assert_true(len > sizeof(wanted));
	assert_memory_equal(sent, wanted, sizeof(wanted) - 1);
	assert_memory_equal(sent + len - 4, "\r\n\r\n", 4);
	static const char good[] = "HTTP/1.1 200 OK\r\n\r\nhello";
	assert_int_equal(request_take(&request, bytes_of(good, sizeof(good) - 1)), REQUEST_GOES_ON);
	assert_int_equal(request_end(&request), REQUEST_COMPLETE);

	request_begin(&request, &plan, "a.test");
	static const char bad[] = "HTTP/1.1 503 Busy\r\n\r\n";
	assert_int_equal(request_take(&request, bytes_of(bad, sizeof(bad) - 1)), REQUEST_WRONG);
	assert_string_equal(request_failure(&request, cause, sizeof(cause)), "http_status_503");
	request_begin(&request, &plan, "a.test");
	assert_int_equal(request_take(&request, bytes_of("junk\n", 5)), REQUEST_WRONG);
	assert_string_equal(request_failure(&request, cause, sizeof(cause)), "wrong_http_answer");
}

/* The longest path, the longest name: the head has room for them. */
static void test_the_head_has_room_for_the_longest_path_and_name(void **state)
{
	static char path[LOAD_MAX_PATH_CHARS + 1], host[LOAD_MAX_HOST_CHARS + 1];
	static char sent[REQUEST_MAX_HEAD];
	struct load_plan plan = plan_of(REQUEST_HTTP, 0);
	struct request request;
	(void)state;
	memset(path, '/', sizeof(path) - 1);
	memset(host, 'h', sizeof(host) - 1);
	plan.path = path;
	request_begin(&request, &plan, host);
	size_t len = send_all(&request, sent, sizeof(sent));
	assert_memory_equal(sent + len - 4, "\r\n\r\n", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_pattern_starts_anywhere),
	    cmocka_unit_test(test_an_echo_is_complete_with_its_last_byte),
	    cmocka_unit_test(test_an_echo_of_other_bytes_is_wrong),
	    cmocka_unit_test(test_bulk_asks_by_a_line_and_counts_each_way),
	    cmocka_unit_test(test_a_get_is_sent_and_its_answer_read),
	    cmocka_unit_test(test_the_head_has_room_for_the_longest_path_and_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
