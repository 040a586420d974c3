/* Each body is read whole, and cut at each place and into bytes: the verdict, the content and what is left are the same. */
#include "proxy/http/http_body.h"
#include "proxy/http/http_chunk_reader.h"
#include "tests/support/unit.h"

#include <stdlib.h>

#define HELLO "5\r\nhello\r\n"
#define LAST "0\r\n\r\n"

struct outcome {
	enum http_body_result result;
	enum http_rule rule;
	struct buffer content;
	struct buffer trailers;
	size_t left; /* of the input, when the body was done */
	bool is_whole;
};

/* Gives one piece. Returns how much of it was left. */
static size_t give(struct http_body *body, struct bytes input, struct outcome *out)
{
	struct bytes content;
	uint8_t *copy = malloc(input.len > 0 ? input.len : 1);
	assert_non_null(copy);
	if (input.len > 0)
		memcpy(copy, input.data, input.len);
	input.data = copy;
	while ((out->result = http_body_take(body, &input, &content)) == HTTP_BODY_CONTENT)
		assert_ok(buffer_append(&out->content, content));
	assert_int_equal(content.len, 0);
	free(copy);
	return input.len;
}

/* Reads in pieces that end at each `step`-th byte behind `first`. */
static void read_body(struct http_framing framing, struct bytes bytes, size_t first, size_t step, struct outcome *out)
{
	struct http_body body;
	*out = (struct outcome){.result = HTTP_BODY_MORE};
	buffer_init(&out->content, bytes.len);
	buffer_init(&out->trailers, HTTP_MAX_TRAILER_BYTES);
	assert_true(http_body_start(&body, framing));
	size_t at = 0, piece = first;
	do {
		size_t len = bytes.len - at < piece ? bytes.len - at : piece;
		out->left = give(&body, bytes_of(bytes.data + at, len), out) + bytes.len - at - len;
		at += len;
		piece = step;
	} while (out->result == HTTP_BODY_MORE && at < bytes.len);
	out->rule = body.broken;
	out->is_whole = http_body_end(&body);
	if (out->result == HTTP_BODY_DONE)
		assert_ok(http_body_trailers(&body, NULL, &out->trailers));
	http_body_cleanup(&body);
}

static void outcome_cleanup(struct outcome *outcome)
{
	buffer_cleanup(&outcome->content);
	buffer_cleanup(&outcome->trailers);
}

struct body_case {
	const char *input;
	enum http_body_result result;
	enum http_rule rule;
	const char *content;
	const char *trailers;
	size_t left;
};

static const char *name_of(enum http_rule rule)
{
	return rule == HTTP_RULE_NONE ? "none" : http_rule_row(rule)->name;
}

static void check(const struct body_case *wanted, const struct outcome *got, size_t first, size_t step)
{
	if (got->result != wanted->result || got->rule != wanted->rule ||
	    strcmp(buffer_text(&got->content), wanted->content) != 0 ||
	    strcmp(buffer_text(&got->trailers), wanted->trailers) != 0)
		fail_msg("%s\ncut at %zu and each %zu: result %d, rule %s, content \"%s\", trailers \"%s\"",
			 wanted->input, first, step, (int)got->result, name_of(got->rule), buffer_text(&got->content),
			 buffer_text(&got->trailers));
	assert_int_equal(got->is_whole, wanted->result == HTTP_BODY_DONE);
	if (wanted->result == HTTP_BODY_DONE)
		assert_int_equal(got->left, wanted->left);
}

static void check_cuts(struct http_framing framing, const struct body_case *wanted)
{
	struct bytes bytes = bytes_of_string(wanted->input);
	struct outcome got;
	for (size_t first = 0; first <= bytes.len; first++) {
		read_body(framing, bytes, first, bytes.len, &got);
		check(wanted, &got, first, bytes.len);
		outcome_cleanup(&got);
	}
	for (size_t step = 1; step <= 3; step++) {
		read_body(framing, bytes, step, step, &got);
		check(wanted, &got, step, step);
		outcome_cleanup(&got);
	}
}

#define WHOLE(input, content, left)                                                                                    \
	{                                                                                                              \
		input, HTTP_BODY_DONE, HTTP_RULE_NONE, content, "", left                                               \
	}
#define BROKEN(input, rule, content)                                                                                   \
	{                                                                                                              \
		input, HTTP_BODY_BROKEN, rule, content, "", 0                                                          \
	}
#define CUT(input, content)                                                                                            \
	{                                                                                                              \
		input, HTTP_BODY_MORE, HTTP_RULE_NONE, content, "", 0                                                  \
	}
#define TRAILERS(input, trailers)                                                                                      \
	{                                                                                                              \
		"0\r\n" input "\r\n", HTTP_BODY_DONE, HTTP_RULE_NONE, "", trailers, 0                                  \
	}

static const struct body_case chunked[] = {
    WHOLE(LAST, "", 0),
    WHOLE(HELLO LAST, "hello", 0),
    WHOLE(HELLO LAST "GET / HTTP/1.1\r\n\r\n", "hello", 18),
    WHOLE(HELLO LAST "\r\n", "hello", 2),
    WHOLE("A\r\n0123456789\r\na\r\n0123456789\r\n" LAST, "01234567890123456789", 0),
    WHOLE("0005\r\nhello\r\n0000\r\n\r\n", "hello", 0),
    WHOLE("6\r\n\r\n0\r\n\r\r\n" LAST, "\r\n0\r\n\r", 0),
    CUT("", ""),
    CUT("5", ""),
    CUT("5\r", ""),
    CUT("5\r\nhel", "hel"),
    CUT(HELLO, "hello"),
    CUT(HELLO "0\r\n", "hello"),
    CUT(HELLO "0\r\n\r", "hello"),
    CUT(HELLO "0\r\nX: a\r\n", "hello"),

    /* sizes: RFC 9112 7.1 */
    BROKEN("\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("g\r\n", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN(" 5\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("5 \r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("5\t\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("+5\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("-5\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("0x5\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("5h\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("5,5\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN("\"5\"\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN(";a\r\nhello", HTTP_RULE_CHUNK_SIZE, ""),
    BROKEN(HELLO "\r\n", HTTP_RULE_CHUNK_SIZE, "hello"),
    BROKEN("8000000000000000\r\n", HTTP_RULE_CHUNK_TOO_LARGE, ""),
    BROKEN("ffffffffffffffff\r\n", HTTP_RULE_CHUNK_TOO_LARGE, ""),
    BROKEN("10000000000000005\r\nhello", HTTP_RULE_CHUNK_TOO_LARGE, ""),
    BROKEN("00000000000000005\r\nhello", HTTP_RULE_CHUNK_TOO_LARGE, ""),
    CUT("7fffffffffffffff\r\nhello", "hello"),
    WHOLE("0000000000000005\r\nhello\r\n" LAST, "hello", 0),

    /* the ends of lines: RFC 9112 7.1, CVE-2025-22871 */
    BROKEN("5\nhello\r\n" LAST, HTTP_RULE_BARE_LF, ""),
    BROKEN("5;a\nhello\r\n" LAST, HTTP_RULE_BARE_LF, ""),
    BROKEN("5\rhello", HTTP_RULE_BARE_CR, ""),
    BROKEN("5\r\r\nhello", HTTP_RULE_BARE_CR, ""),
    BROKEN("5\r\nhello\n" LAST, HTTP_RULE_BARE_LF, "hello"),
    BROKEN("5\r\nhello\r0\r\n\r\n", HTTP_RULE_CHUNK_DATA, "hello"),
    BROKEN("0\n\r\n", HTTP_RULE_BARE_LF, ""),
    BROKEN("0\r\n\n", HTTP_RULE_BARE_LF, ""),

    /* data longer than its size, and shorter */
    BROKEN("5\r\nhello!\r\n" LAST, HTTP_RULE_CHUNK_DATA, "hello"),
    BROKEN("5\r\nhello" LAST, HTTP_RULE_CHUNK_DATA, "hello"),
    BROKEN("6\r\nhello\r\n" LAST, HTTP_RULE_BARE_LF, "hello\r"),

    /* extensions: RFC 9112 7.1.1, CVE-2025-55315 */
    WHOLE("5;a\r\nhello\r\n" LAST, "hello", 0),
    WHOLE("5;a=b;c;d=e\r\nhello\r\n0;x\r\n\r\n", "hello", 0),
    WHOLE("5;a=\"b c\\\"\\\\;\t\xc3\xa4\"\r\nhello\r\n" LAST, "hello", 0),
    WHOLE("5;a=\"\"\r\nhello\r\n" LAST, "hello", 0),
    BROKEN("5;\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;;\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=;b\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""), /* llhttp lets it pass */
    BROKEN("5;=b\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5; a\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a b\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=b c\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=b\"c\"\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=\"b\"c\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a\x01\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=\x7f\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=\"\x01\"\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=\"\\\x01\"\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=\"\r\n\"\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),
    BROKEN("5;a=\"\n\"\r\nhello", HTTP_RULE_BARE_LF, ""),
    BROKEN("5;a=\"\\\n\"\r\nhello", HTTP_RULE_BARE_LF, ""),
    BROKEN("5;\n\r\nhello", HTTP_RULE_BARE_LF, ""),
    BROKEN("5;a\rb\r\nhello", HTTP_RULE_BARE_CR, ""),
    BROKEN("5;\rb\r\nhello", HTTP_RULE_CHUNK_EXTENSION, ""),

    /* trailers: RFC 9110 6.5.1, RFC 9112 7.1.2 */
    TRAILERS("X-Sum: 1\r\nETag:\t\"a\" \r\nEmpty:\r\n", "X-Sum: 1\r\nETag: \"a\"\r\nEmpty: \r\n"),
    TRAILERS("Content-Length: 5\r\nTransfer-Encoding: chunked\r\nTRANSFER_ENCODING: gzip\r\nX: a\r\n", "X: a\r\n"),
    TRAILERS("Transfer-Encoding: gzip\r\nContent-Length: x\r\nContent-Length: 5, 6\r\n", ""),
    TRAILERS("Host: a\r\nAuthorization: b\r\ncookie: c\r\nSet-Cookie: d\r\nWWW-Authenticate: NTLM\r\n", ""),
    TRAILERS(
	"Connection: close, upgrade\r\nUpgrade: x\r\nKeep-Alive: a\r\nTE: b\r\nTrailer: c\r\nProxy-Connection: d\r\n",
	""),
    TRAILERS(
	"X-Forwarded-For: a\r\nX_Forwarded_Proto: b\r\nForwarded: c\r\nClient-Cert: d\r\nX-SSL-Client-Verify: e\r\n",
	""),
    TRAILERS(
	"Expect: 100-continue\r\nIf-Match: a\r\nRange: b\r\nCache-Control: c\r\nContent-Type: d\r\nLocation: e\r\n",
	""),
    BROKEN("0\r\n X: a\r\n\r\n", HTTP_RULE_BLANK_FIRST, ""),
    BROKEN("0\r\nX: a\r\n b\r\n\r\n", HTTP_RULE_FOLDED, ""),
    BROKEN("0\r\nX : a\r\n\r\n", HTTP_RULE_BLANK_BEFORE_COLON, ""),
    BROKEN("0\r\nContent-Length : 5\r\n\r\n", HTTP_RULE_BLANK_BEFORE_COLON, ""),
    BROKEN("0\r\nX\r\n\r\n", HTTP_RULE_NO_COLON, ""),
    BROKEN("0\r\n: a\r\n\r\n", HTTP_RULE_FIELD_NAME, ""),
    BROKEN("0\r\na b: c\r\n\r\n", HTTP_RULE_FIELD_NAME, ""),
    BROKEN("0\r\nX: a\x01\r\n\r\n", HTTP_RULE_FIELD_VALUE, ""),
    BROKEN("0\r\nX: a\n\r\n", HTTP_RULE_BARE_LF, ""),
    BROKEN("0\r\nX: a\rb\r\n\r\n", HTTP_RULE_BARE_CR, ""),
    BROKEN("0\r\nGET / HTTP/1.1\r\n\r\n", HTTP_RULE_NO_COLON, ""),
};

static void test_chunked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(chunked) / sizeof(chunked[0]); i++)
		check_cuts((struct http_framing){.kind = HTTP_BODY_CHUNKED}, &chunked[i]);
}

/* NUL ends the strings of the table. */
static void test_nul(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		enum http_rule rule;
	} cases[] = {
	    {"5\0\r\nhello", 9, HTTP_RULE_CHUNK_SIZE},
	    {"5;a\0\r\nhello", 11, HTTP_RULE_CHUNK_EXTENSION},
	    {"5;a=\"\0\"\r\nhello", 14, HTTP_RULE_CHUNK_EXTENSION},
	    {"0\r\nX: \0\r\n\r\n", 11, HTTP_RULE_NUL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t step = 1; step <= cases[i].len; step++) {
			struct outcome got;
			read_body((struct http_framing){.kind = HTTP_BODY_CHUNKED},
				  bytes_of(cases[i].text, cases[i].len), step, step, &got);
			assert_int_equal(got.rule, cases[i].rule);
			outcome_cleanup(&got);
		}
}

static const struct body_case of_length_5[] = {
    WHOLE("hello", "hello", 0),
    WHOLE("helloGET", "hello", 3),
    CUT("hell", "hell"),
    CUT("", ""),
};

static const struct body_case none[] = {WHOLE("", "", 0), WHOLE("GET", "", 3)};

static void test_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(of_length_5) / sizeof(of_length_5[0]); i++)
		check_cuts((struct http_framing){.kind = HTTP_BODY_LENGTH, .length = 5}, &of_length_5[i]);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		check_cuts((struct http_framing){.kind = HTTP_BODY_LENGTH, .length = 0}, &none[i]);
		check_cuts((struct http_framing){.kind = HTTP_BODY_NONE, .length = 5}, &none[i]);
	}
}

static void test_until_close(void **state)
{
	struct outcome got;
	(void)state;
	read_body((struct http_framing){.kind = HTTP_BODY_UNTIL_CLOSE}, bytes_of_string("hello" LAST), 2, 3, &got);
	assert_int_equal(got.result, HTTP_BODY_MORE);
	assert_string_equal(buffer_text(&got.content), "hello" LAST);
	assert_true(got.is_whole);
	outcome_cleanup(&got);
}

/* What is not copied comes out as it came in. */
static void test_content_is_a_slice(void **state)
{
	struct http_body body;
	struct bytes input = bytes_of_string(HELLO LAST);
	const uint8_t *start = input.data;
	struct bytes content;
	(void)state;
	assert_true(http_body_start(&body, (struct http_framing){.kind = HTTP_BODY_CHUNKED}));
	assert_int_equal(http_body_take(&body, &input, &content), HTTP_BODY_CONTENT);
	assert_ptr_equal(content.data, start + 3);
	assert_int_equal(content.len, 5);
	http_body_cleanup(&body);
	http_body_cleanup(&body);
}

static void repeat(struct buffer *buffer, const char *text, size_t num)
{
	for (size_t i = 0; i < num; i++)
		assert_ok(buffer_append(buffer, bytes_of_string(text)));
}

/* Limits: each with what is just within it. */
static void check_limit(struct buffer *input, enum http_rule rule)
{
	for (size_t step = 1; step <= input->len; step = step * 8 + 1) {
		struct outcome got;
		read_body((struct http_framing){.kind = HTTP_BODY_CHUNKED}, buffer_bytes(input), step, step, &got);
		assert_int_equal(got.rule, rule);
		assert_int_equal(got.result, rule == HTTP_RULE_NONE ? HTTP_BODY_DONE : HTTP_BODY_BROKEN);
		outcome_cleanup(&got);
	}
	buffer_cleanup(input);
	buffer_init(input, SIZE_MAX / 2);
}

static void test_limits(void **state)
{
	struct buffer input;
	(void)state;
	buffer_init(&input, SIZE_MAX / 2);

	for (size_t over = 0; over <= 1; over++) {
		repeat(&input, "1;", 1);
		repeat(&input, "x", HTTP_MAX_CHUNK_LINE_BYTES - 4 + over);
		repeat(&input, "\r\na\r\n" LAST, 1);
		check_limit(&input, over == 0 ? HTTP_RULE_NONE : HTTP_RULE_CHUNK_LINE);
	}

	/* a byte a chunk is fine, however many: 5 bytes about each */
	repeat(&input, "1\r\na\r\n", 5000);
	repeat(&input, LAST, 1);
	check_limit(&input, HTTP_RULE_NONE);

	/* each chunk has 82 bytes beyond what is free: 2 + 2 + 96 - 18 */
	for (size_t over = 0; over <= 1; over++) {
		for (size_t i = 0; i < HTTP_MAX_CHUNK_EXCESS_BYTES / 82 + over; i++) {
			repeat(&input, "1;", 1);
			repeat(&input, "x", 94);
			repeat(&input, "\r\na\r\n", 1);
		}
		repeat(&input, LAST, 1);
		check_limit(&input, over == 0 ? HTTP_RULE_NONE : HTTP_RULE_CHUNK_EXTENSIONS);
	}

	/* content pays for its lines */
	for (size_t i = 0; i < 400; i++) {
		repeat(&input, "40;", 1);
		repeat(&input, "x", 130);
		repeat(&input, "\r\n", 1);
		repeat(&input, "a", 64);
		repeat(&input, "\r\n", 1);
	}
	repeat(&input, LAST, 1);
	check_limit(&input, HTTP_RULE_NONE);

	for (size_t over = 0; over <= 1; over++) {
		repeat(&input, "0\r\nX:", 1);
		repeat(&input, "x", HTTP_MAX_TRAILER_BYTES - strlen("X:\r\n\r\n") + over);
		repeat(&input, "\r\n\r\n", 1);
		check_limit(&input, over == 0 ? HTTP_RULE_NONE : HTTP_RULE_TRAILERS);
	}

	for (size_t over = 0; over <= 1; over++) {
		repeat(&input, "0\r\n", 1);
		repeat(&input, "a:\r\n", HTTP_MAX_FIELDS + over);
		repeat(&input, "\r\n", 1);
		check_limit(&input, over == 0 ? HTTP_RULE_NONE : HTTP_RULE_TOO_MANY_FIELDS);
	}
	buffer_cleanup(&input);
}

/* Nothing comes out of a broken body any more, and nothing is taken. */
static void test_broken_stays_broken(void **state)
{
	struct http_body body;
	struct bytes input = bytes_of_string("5\r\nhello!"), content;
	(void)state;
	assert_true(http_body_start(&body, (struct http_framing){.kind = HTTP_BODY_CHUNKED}));
	assert_int_equal(http_body_take(&body, &input, &content), HTTP_BODY_CONTENT);
	assert_int_equal(http_body_take(&body, &input, &content), HTTP_BODY_BROKEN);
	input = bytes_of_string("\r\n" HELLO LAST);
	size_t len = input.len;
	assert_int_equal(http_body_take(&body, &input, &content), HTTP_BODY_BROKEN);
	assert_int_equal(input.len, len);
	assert_int_equal(body.broken, HTTP_RULE_CHUNK_DATA);
	assert_false(http_body_end(&body));
	http_body_cleanup(&body);
}

static bool has_case(enum http_rule rule)
{
	for (size_t i = 0; i < sizeof(chunked) / sizeof(chunked[0]); i++)
		if (chunked[i].rule == rule)
			return true;
	return false;
}

/* The limits have a test of their own. */
static void test_every_rule_has_a_case(void **state)
{
	(void)state;
	for (unsigned i = HTTP_RULE_CHUNK_SIZE; i <= HTTP_RULE_TRAILERS; i++) {
		enum http_rule rule = (enum http_rule)i;
		if (rule != HTTP_RULE_CHUNK_LINE && rule != HTTP_RULE_CHUNK_EXTENSIONS && rule != HTTP_RULE_TRAILERS &&
		    !has_case(rule))
			fail_msg("%s: no case", name_of(rule));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chunked),
	    cmocka_unit_test(test_nul),
	    cmocka_unit_test(test_counted),
	    cmocka_unit_test(test_until_close),
	    cmocka_unit_test(test_content_is_a_slice),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_broken_stays_broken),
	    cmocka_unit_test(test_every_rule_has_a_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
