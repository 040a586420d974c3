#include "proxy/http/http_framing.h"
#include "proxy/http/http_head.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define MIB1024 1073741824

static const struct {
	const char *head;
	enum http_body_kind kind;
	uint64_t length;
} requests[] = {
    {"GET / HTTP/1.1\r\n\r\n", HTTP_BODY_NONE, 0},
    {"POST / HTTP/1.1\r\n\r\n", HTTP_BODY_NONE, 0},
    {"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", HTTP_BODY_LENGTH, 0},
    {"POST / HTTP/1.1\r\nCONTENT-LENGTH: 12\r\n\r\n", HTTP_BODY_LENGTH, 12},
    {"POST / HTTP/1.1\r\nContent-Length: 000012\r\n\r\n", HTTP_BODY_LENGTH, 12},
    {"POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n", HTTP_BODY_LENGTH, INT64_MAX},
    {"POST / HTTP/1.0\r\nContent-Length: 12\r\n\r\n", HTTP_BODY_LENGTH, 12},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", HTTP_BODY_CHUNKED, 0},
    /* a method does not say that there is no body */
    {"GET / HTTP/1.1\r\nContent-Length: 12\r\n\r\n", HTTP_BODY_LENGTH, 12},
    {"HEAD / HTTP/1.1\r\nContent-Length: 12\r\n\r\n", HTTP_BODY_LENGTH, 12},
    {"DELETE / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_BODY_CHUNKED, 0},
    {"OPTIONS * HTTP/1.1\r\nContent-Length: 12\r\n\r\n", HTTP_BODY_LENGTH, 12},
    {"RPC_IN_DATA / HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n", HTTP_BODY_LENGTH, MIB1024},
    /* what llhttp would take for the end of HTTP */
    {"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 12\r\n\r\n", HTTP_BODY_LENGTH, 12},
    /* names that only look like it */
    {"POST / HTTP/1.1\r\nContent_Length: 12\r\nContent-Lengths: 13\r\nX-Transfer-Encoding: chunked\r\n\r\n",
     HTTP_BODY_NONE, 0},
};

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct http_head head;
		struct http_framing framing;
		assert_int_equal(http_request_read(bytes_of_string(requests[i].head), &head), HTTP_RULE_NONE);
		assert_int_equal(http_request_framing(&head, &framing), HTTP_RULE_NONE);
		assert_int_equal(framing.kind, requests[i].kind);
		assert_int_equal(framing.length, requests[i].length);
	}
}

static const struct {
	unsigned status;
	bool answers_head;
	const char *fields;
	enum http_body_kind kind;
	uint64_t length;
} answers[] = {
    {200, false, "", HTTP_BODY_UNTIL_CLOSE, 0},
    {200, false, "Connection: close\r\n", HTTP_BODY_UNTIL_CLOSE, 0},
    {200, false, "Content-Length: 0\r\n", HTTP_BODY_LENGTH, 0},
    {200, false, "Content-Length: 12\r\n", HTTP_BODY_LENGTH, 12},
    {200, false, "Transfer-Encoding: chunked\r\n", HTTP_BODY_CHUNKED, 0},
    {205, false, "Content-Length: 12\r\n", HTTP_BODY_LENGTH, 12},
    {404, false, "Transfer-Encoding: chunked\r\n", HTTP_BODY_CHUNKED, 0},
    {599, false, "", HTTP_BODY_UNTIL_CLOSE, 0},
    /* no body, whatever they declare */
    {200, true, "", HTTP_BODY_NONE, 0},
    {200, true, "Content-Length: 12\r\n", HTTP_BODY_NONE, 12},
    {200, true, "Transfer-Encoding: chunked\r\n", HTTP_BODY_NONE, 0},
    {100, false, "Content-Length: 12\r\n", HTTP_BODY_NONE, 12},
    {103, false, "Transfer-Encoding: chunked\r\n", HTTP_BODY_NONE, 0},
    {101, false, "Content-Length: 12\r\n", HTTP_BODY_NONE, 12},
    {199, false, "", HTTP_BODY_NONE, 0},
    {204, false, "Content-Length: 12\r\n", HTTP_BODY_NONE, 12},
    {204, false, "Transfer-Encoding: chunked\r\n", HTTP_BODY_NONE, 0},
    {304, false, "Content-Length: 12\r\n", HTTP_BODY_NONE, 12},
    {304, false, "Transfer-Encoding: chunked\r\n", HTTP_BODY_NONE, 0},
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		char text[256];
		struct http_head head;
		struct http_framing framing;
		snprintf(text, sizeof(text), "HTTP/1.1 %u x\r\n%s\r\n", answers[i].status, answers[i].fields);
		assert_int_equal(http_answer_read(bytes_of_string(text), &head), HTTP_RULE_NONE);
		assert_int_equal(http_answer_framing(&head, answers[i].answers_head, &framing), HTTP_RULE_NONE);
		assert_int_equal(framing.kind, answers[i].kind);
		assert_int_equal(framing.length, answers[i].length);
	}
}

/* Heads whose fields come from elsewhere than a reader: framing judges by itself. */
static const struct {
	const char *names[2], *values[2];
	enum http_version version;
	enum http_rule rule;
} faults[] = {
    {{"Content-Length", "Transfer-Encoding"}, {"1", "chunked"}, HTTP_1_1, HTTP_RULE_LENGTH_AND_CODING},
    {{"Content-Length", "content-length"}, {"1", "1"}, HTTP_1_1, HTTP_RULE_LENGTH_TWICE},
    {{"Content-Length", "X"}, {"1,1", ""}, HTTP_1_1, HTTP_RULE_LENGTH_TWICE},
    {{"Content-Length", "X"}, {"", ""}, HTTP_1_1, HTTP_RULE_LENGTH},
    {{"Content-Length", "X"}, {"+1", ""}, HTTP_1_1, HTTP_RULE_LENGTH},
    {{"Content-Length", "X"}, {"9223372036854775808", ""}, HTTP_1_1, HTTP_RULE_LENGTH_TOO_LARGE},
    {{"Transfer-Encoding", "transfer-encoding"}, {"chunked", "chunked"}, HTTP_1_1, HTTP_RULE_CODING},
    {{"Transfer-Encoding", "X"}, {"gzip, chunked", ""}, HTTP_1_1, HTTP_RULE_CODING},
    {{"Transfer-Encoding", "X"}, {"", ""}, HTTP_1_1, HTTP_RULE_CODING},
    {{"Transfer-Encoding", "X"}, {"Chunke\x04", ""}, HTTP_1_1, HTTP_RULE_CODING}, /* | 0x20 */
    {{"Transfer-Encoding", "X"}, {"chunked", ""}, HTTP_1_0, HTTP_RULE_CODING_IN_1_0},
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct http_head head = {.version = faults[i].version, .status = 304, .num_fields = 2};
		struct http_framing framing;
		for (size_t field = 0; field < 2; field++)
			head.fields[field] = (struct http_field){.name = bytes_of_string(faults[i].names[field]),
								 .value = bytes_of_string(faults[i].values[field])};
		assert_int_equal(http_request_framing(&head, &framing), faults[i].rule);
		/* and alike in an answer, even where no body follows */
		assert_int_equal(http_answer_framing(&head, false, &framing), faults[i].rule);
		assert_int_equal(http_answer_framing(&head, true, &framing), faults[i].rule);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
