/* Every rule that a head can break, by what is sent in the field and by what attacks are made of. */
#include "proxy/http/http_framing.h"
#include "proxy/http/http_guard.h"
#include "proxy/http/http_head.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define GET "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"
#define OK "HTTP/1.1 200 OK\r\n"
#define END "\r\n"

/* A head with its length, so that it may hold a NUL. */
struct head_case {
	const char *text;
	size_t len;
	enum http_rule rule;
};
#define CASE(text, rule)                                                                                               \
	{                                                                                                              \
		text, sizeof(text) - 1, rule                                                                           \
	}

static const struct head_case requests[] = {
    /* lines: RFC 9112 2.2 */
    CASE("GET / HTTP/1.1\nHost: a\r\n\r\n", HTTP_RULE_BARE_LF),
    CASE(GET "Host: a\n\r\n", HTTP_RULE_BARE_LF),
    CASE(GET "X: a\nY: b\r\n\r\n", HTTP_RULE_BARE_LF),
    CASE(GET HOST "\n\r\n\r\n", HTTP_RULE_BARE_LF),
    CASE(GET "X: a\rb\r\n\r\n", HTTP_RULE_BARE_CR),
    CASE(GET "X: a\r\r\n\r\n", HTTP_RULE_BARE_CR),
    CASE(GET "X:\r Y: b\r\n\r\n", HTTP_RULE_BARE_CR),
    CASE("GET /\r HTTP/1.1\r\n\r\n", HTTP_RULE_BARE_CR),
    CASE(GET "X: a\0b\r\n\r\n", HTTP_RULE_NUL),
    CASE("GET /\0 HTTP/1.1\r\n\r\n", HTTP_RULE_NUL),
    CASE(GET "X\0: a\r\n\r\n", HTTP_RULE_NUL),
    CASE("\r\n\r\n\r\n\r\n" GET HOST END, HTTP_RULE_NONE),
    CASE("\r\n\r\n\r\n\r\n\r\n" GET HOST END, HTTP_RULE_EMPTY_LINES),
    CASE("\r\n\r\n", HTTP_RULE_EMPTY_LINES),
    CASE("\n" GET HOST END, HTTP_RULE_BARE_LF),

    /* the method is any token: RFC 9110 9.1 */
    CASE("RPC_IN_DATA /rpc/rpcproxy.dll?a:6001 HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("BPROPPATCH /exchange/ HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("get / HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("M-SEARCH / HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("DESCRIBE / HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("SOURCE / HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("PRI / HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("!#$%&'*+-.^_`|~09az / HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd / HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddde / HTTP/1.1\r\n\r\n",
	 HTTP_RULE_METHOD_TOO_LONG),
    CASE("G\"T / HTTP/1.1\r\n\r\n", HTTP_RULE_METHOD),
    CASE("GET\t/ HTTP/1.1\r\n\r\n", HTTP_RULE_METHOD),
    CASE(" GET / HTTP/1.1\r\n\r\n", HTTP_RULE_METHOD),
    CASE("G\xc3\x84T / HTTP/1.1\r\n\r\n", HTTP_RULE_METHOD),
    CASE("GET@ / HTTP/1.1\r\n\r\n", HTTP_RULE_METHOD),

    /* the request line: RFC 9112 3 */
    CASE("GET /\r\n\r\n", HTTP_RULE_REQUEST_LINE), /* HTTP/0.9 */
    CASE("GET\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET  / HTTP/1.1\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET /  HTTP/1.1\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / HTTP/1.1 \r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET /a b HTTP/1.1\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / http/1.1\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / HTTP/1\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / HTTP/01.1\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / HTTP/1.10\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / HTTP/1,1\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / RTSP/1.0\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / ICE/1.0\r\n\r\n", HTTP_RULE_REQUEST_LINE),
    CASE("GET / HTTP/1.0\r\n\r\n", HTTP_RULE_NONE),
    CASE("GET / HTTP/0.9\r\n\r\n", HTTP_RULE_VERSION),
    CASE("GET / HTTP/1.2\r\n\r\n", HTTP_RULE_VERSION),
    CASE("GET / HTTP/2.0\r\n\r\n", HTTP_RULE_VERSION),
    CASE("PRI * HTTP/2.0\r\n\r\n", HTTP_RULE_VERSION),

    /* the target: RFC 9112 3.2 */
    CASE("GET /a%20b;c=d?e=[f]&g={h}|\"<\\>^` HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("GET /a#b HTTP/1.1\r\n\r\n", HTTP_RULE_FRAGMENT),
    CASE("GET http://a/#b HTTP/1.1\r\n\r\n", HTTP_RULE_FRAGMENT),
    CASE("GET /a\tb HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET /a\x7f HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET /a\x01 HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET /\xc3\xa4 HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET a HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET ?a HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET * HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("OPTIONS * HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("OPTIONS *a HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET http://a HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("GET http://a?b HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("GET HTTPS://a.b:443/c HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("GET http:///c HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET http:/a HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET ://a HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET http://u:p@a/ HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET http://a:x/ HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("GET a:443 HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("CONNECT a:443 HTTP/1.1\r\n\r\n", HTTP_RULE_NONE),
    CASE("CONNECT / HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),
    CASE("CONNECT http://a/ HTTP/1.1\r\n\r\n", HTTP_RULE_TARGET),

    /* not a whole head */
    CASE(GET HOST, HTTP_RULE_SYNTAX),
    CASE(GET "Host: ", HTTP_RULE_SYNTAX),
    CASE(GET HOST END "a", HTTP_RULE_SYNTAX),
    CASE(GET HOST END HOST END, HTTP_RULE_SYNTAX),
    CASE("", HTTP_RULE_EMPTY_LINES),

    /* fields: RFC 9112 2.2, 5, 5.1, 5.2; RFC 9110 5.1, 5.5 */
    CASE(GET " Host: a\r\n\r\n", HTTP_RULE_BLANK_FIRST),
    CASE(GET "\tHost: a\r\n\r\n", HTTP_RULE_BLANK_FIRST),
    CASE(GET " \r\n\r\n", HTTP_RULE_BLANK_FIRST),
    CASE(GET "X: a\r\n b\r\n\r\n", HTTP_RULE_FOLDED),
    CASE(GET "X: a\r\n\tb: c\r\n\r\n", HTTP_RULE_FOLDED),
    CASE(GET "X:\r\n a\r\n\r\n", HTTP_RULE_FOLDED),
    CASE(GET "X: a\r\n \r\n\r\n", HTTP_RULE_FOLDED),
    CASE(GET "Host : a\r\n\r\n", HTTP_RULE_BLANK_BEFORE_COLON),
    CASE(GET "Host\t: a\r\n\r\n", HTTP_RULE_BLANK_BEFORE_COLON),
    CASE(GET "Content-Length : 5\r\n\r\n", HTTP_RULE_BLANK_BEFORE_COLON),
    CASE(GET "Transfer-Encoding : chunked\r\n\r\n", HTTP_RULE_BLANK_BEFORE_COLON),
    CASE(GET "Host\r\n\r\n", HTTP_RULE_NO_COLON),
    CASE(GET "X: a\r\nhello world\r\n\r\n", HTTP_RULE_NO_COLON),
    CASE(GET ": a\r\n\r\n", HTTP_RULE_FIELD_NAME),
    CASE(GET "a b: c\r\n\r\n", HTTP_RULE_FIELD_NAME),
    CASE(GET "a\x01: c\r\n\r\n", HTTP_RULE_FIELD_NAME),
    CASE(GET "a(b): c\r\n\r\n", HTTP_RULE_FIELD_NAME),
    CASE(GET "\xc3\xa4: c\r\n\r\n", HTTP_RULE_FIELD_NAME),
    CASE(GET "Content-Length\x0b: 5\r\n\r\n", HTTP_RULE_FIELD_NAME),
    CASE(GET "Transfer-Encoding[: chunked\r\n\r\n", HTTP_RULE_FIELD_NAME),
    CASE(GET "X: a\x01\r\n\r\n", HTTP_RULE_FIELD_VALUE),
    CASE(GET "X: a\x7f\r\n\r\n", HTTP_RULE_FIELD_VALUE),
    CASE(GET "X: \x1b[31m\r\n\r\n", HTTP_RULE_FIELD_VALUE),
    CASE(GET "Connection: \x01\r\n\r\n", HTTP_RULE_FIELD_VALUE),
    CASE(GET "X: a\x0b\r\n\r\n", HTTP_RULE_FIELD_VALUE),
    CASE(GET "X: \xff\x80\xc3\xa4 \t~\r\n\r\n", HTTP_RULE_NONE),
    CASE(GET "X:\r\nY: \t \r\nZ:a:b\r\n\r\n", HTTP_RULE_NONE),
    CASE(GET "Connection: , close,, x-y ;z\r\nUpgrade: \r\nUpgrade: a, b\r\n\r\n", HTTP_RULE_NONE),

    /* framing: RFC 9112 6.1, 6.3 */
    CASE(GET "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_RULE_LENGTH_AND_CODING),
    CASE(GET "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", HTTP_RULE_LENGTH_AND_CODING),
    CASE(GET "Transfer-Encoding: x\r\nX: y\r\nContent-Length: x\r\n\r\n", HTTP_RULE_LENGTH_AND_CODING),
    CASE(GET "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", HTTP_RULE_LENGTH_TWICE),
    CASE(GET "Content-Length: 5\r\ncontent-length: 5\r\n\r\n", HTTP_RULE_LENGTH_TWICE),
    CASE(GET "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", HTTP_RULE_LENGTH_TWICE),
    CASE(GET "Content-Length: 5, 5\r\n\r\n", HTTP_RULE_LENGTH_TWICE),
    CASE(GET "Content-Length: 5,\r\n\r\n", HTTP_RULE_LENGTH_TWICE),
    CASE(GET "Content-Length: +5\r\n\r\n", HTTP_RULE_LENGTH),
    CASE(GET "Content-Length: -5\r\n\r\n", HTTP_RULE_LENGTH),
    CASE(GET "Content-Length: 0x5\r\n\r\n", HTTP_RULE_LENGTH),
    CASE(GET "Content-Length: 5 5\r\n\r\n", HTTP_RULE_LENGTH),
    CASE(GET "Content-Length: 5a\r\n\r\n", HTTP_RULE_LENGTH),
    CASE(GET "Content-Length:\r\n\r\n", HTTP_RULE_LENGTH),
    CASE(GET "Content-Length: 5.0\r\n\r\n", HTTP_RULE_LENGTH),
    CASE(GET "Content-Length: \xd9\xa5\r\n\r\n", HTTP_RULE_LENGTH), /* an Arabic digit */
    CASE(GET "Content-Length: 9223372036854775808\r\n\r\n", HTTP_RULE_LENGTH_TOO_LARGE),
    CASE(GET "Content-Length: 18446744073709551621\r\n\r\n", HTTP_RULE_LENGTH_TOO_LARGE),
    CASE(GET "Content-Length: 99999999999999999999999999999999\r\n\r\n", HTTP_RULE_LENGTH_TOO_LARGE),
    CASE(GET "Content-Length: 9223372036854775807\r\n\r\n", HTTP_RULE_NONE),
    CASE(GET "Content-Length:\t005 \r\n\r\n", HTTP_RULE_NONE),
    CASE("DELETE / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", HTTP_RULE_NONE),
    CASE("OPTIONS * HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_RULE_NONE),
    CASE(GET "Transfer-Encoding:CHUNKED\t\r\n\r\n", HTTP_RULE_NONE),
    CASE(GET "Transfer-Encoding: gzip, chunked\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: chunked, chunked\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: ,chunked\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: chunked,\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: identity\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: xchunked\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: chunkedx\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: \"chunked\"\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: chunked;q=1\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding:\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: chun ked\r\n\r\n", HTTP_RULE_CODING),
    CASE(GET "Transfer-Encoding: chunKed\r\n\r\n", HTTP_RULE_NONE),
    CASE(GET "Transfer-Encoding: \x03hunked\r\n\r\n", HTTP_RULE_FIELD_VALUE),
    CASE(GET "Transfer-Encoding: chun\xcb"
	     "ed\r\n\r\n",
	 HTTP_RULE_CODING),
    CASE("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_RULE_CODING_IN_1_0),
    CASE("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n", HTTP_RULE_NONE),
};

static const struct head_case answers[] = {
    CASE(OK END, HTTP_RULE_NONE),
    CASE(OK, HTTP_RULE_SYNTAX),
    CASE(OK END "a", HTTP_RULE_SYNTAX),
    CASE(OK END OK END, HTTP_RULE_SYNTAX),
    CASE("HTTP/1.0 404 Not Found\r\n\r\n", HTTP_RULE_NONE),
    CASE("HTTP/1.1 200 \r\n\r\n", HTTP_RULE_NONE),
    CASE("HTTP/1.1 200\r\n\r\n", HTTP_RULE_NONE), /* sent by many */
    CASE("HTTP/1.1 500 \xc3\x84rger\tx\r\n\r\n", HTTP_RULE_NONE),
    CASE("HTTP/1.1 100 Continue\r\n\r\n", HTTP_RULE_NONE),
    CASE("HTTP/1.1 599 x\r\n\r\n", HTTP_RULE_NONE),
    CASE("HTTP/1.1 600 x\r\n\r\n", HTTP_RULE_STATUS),
    CASE("HTTP/1.1 099 x\r\n\r\n", HTTP_RULE_STATUS),
    CASE("HTTP/1.1 000 x\r\n\r\n", HTTP_RULE_STATUS),
    CASE("HTTP/1.1 20 OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("HTTP/1.1 2000 OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("HTTP/1.1 200OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("HTTP/1.1 +20 OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("HTTP/1.1  200 OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("HTTP/1.1\t200 OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("HTTP/1.1 200 O\x01K\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("http/1.1 200 OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("HTTP/1.1\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("ICY 200 OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE(" HTTP/1.1 200 OK\r\n\r\n", HTTP_RULE_STATUS_LINE),
    CASE("\r\n" OK END, HTTP_RULE_STATUS_LINE),
    CASE("HTTP/2.0 200 OK\r\n\r\n", HTTP_RULE_VERSION),
    CASE("HTTP/0.9 200 OK\r\n\r\n", HTTP_RULE_VERSION),
    CASE("HTTP/1.2 200 OK\r\n\r\n", HTTP_RULE_VERSION),
    CASE("HTTP/1.1 200 OK\nX: a\r\n\r\n", HTTP_RULE_BARE_LF),
    CASE("HTTP/1.1 200 O\rK\r\n\r\n", HTTP_RULE_BARE_CR),
    CASE("HTTP/1.1 200 O\0K\r\n\r\n", HTTP_RULE_NUL),
    CASE(OK " X: a\r\n\r\n", HTTP_RULE_BLANK_FIRST),
    CASE(OK "X: a\r\n b\r\n\r\n", HTTP_RULE_FOLDED),
    CASE(OK "X : a\r\n\r\n", HTTP_RULE_BLANK_BEFORE_COLON),
    CASE(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_RULE_LENGTH_AND_CODING),
    CASE(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", HTTP_RULE_LENGTH_TWICE),
    CASE(OK "Content-Length: 5, 5\r\n\r\n", HTTP_RULE_LENGTH_TWICE),
    CASE(OK "Content-Length: -1\r\n\r\n", HTTP_RULE_LENGTH),
    CASE(OK "Content-Length: 18446744073709551616\r\n\r\n", HTTP_RULE_LENGTH_TOO_LARGE),
    CASE(OK "Transfer-Encoding: gzip, chunked\r\n\r\n", HTTP_RULE_CODING),
    CASE(OK "Transfer-Encoding: identity\r\n\r\n", HTTP_RULE_CODING),
    CASE("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_RULE_CODING_IN_1_0),
    CASE("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: x\r\n\r\n", HTTP_RULE_CODING),
};

static enum http_rule rule_of(struct bytes text, bool is_request)
{
	struct http_head head;
	struct http_framing framing;
	enum http_rule rule = is_request ? http_request_read(text, &head) : http_answer_read(text, &head);
	if (rule != HTTP_RULE_NONE)
		return rule;
	return is_request ? http_request_framing(&head, &framing) : http_answer_framing(&head, false, &framing);
}

static const char *name_of(enum http_rule rule)
{
	return rule == HTTP_RULE_NONE ? "none" : http_rule_row(rule)->name;
}

/* In memory of just its size, so that a sanitizer sees one byte too many being read. */
static void check(const struct head_case *wanted, bool is_request)
{
	char *copy = malloc(wanted->len);
	assert_non_null(copy);
	memcpy(copy, wanted->text, wanted->len);
	enum http_rule rule = rule_of(bytes_of(copy, wanted->len), is_request);
	free(copy);
	if (rule != wanted->rule)
		fail_msg("%s: \"%s\" wanted in place of \"%s\"", wanted->text, name_of(wanted->rule), name_of(rule));
}

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		check(&requests[i], true);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		check(&answers[i], false);
}

static bool has_case(const struct head_case *cases, size_t num, enum http_rule rule)
{
	for (size_t i = 0; i < num; i++)
		if (cases[i].rule == rule)
			return true;
	return false;
}

/* The number of fields has a test of its own; limits, Host, Expect and Connection are judged by others. */
static bool is_judged_elsewhere(enum http_rule rule)
{
	return rule == HTTP_RULE_TOO_MANY_FIELDS || rule == HTTP_RULE_TARGET_TOO_LONG ||
	       rule == HTTP_RULE_HEAD_TOO_LARGE || (rule >= HTTP_RULE_HOST_MISSING && rule <= HTTP_RULE_CONNECT) ||
	       rule >= HTTP_RULE_BODY_TOO_LARGE;
}

static void test_every_rule_has_a_case(void **state)
{
	(void)state;
	for (unsigned i = HTTP_RULE_NONE + 1; i < NUM_HTTP_RULES; i++) {
		enum http_rule rule = (enum http_rule)i;
		if (!is_judged_elsewhere(rule) && !has_case(requests, sizeof(requests) / sizeof(requests[0]), rule) &&
		    !has_case(answers, sizeof(answers) / sizeof(answers[0]), rule))
			fail_msg("%s: no case", name_of(rule));
	}
}

static void test_number_of_fields(void **state)
{
	(void)state;
	for (int num = HTTP_MAX_FIELDS - 1; num <= HTTP_MAX_FIELDS + 1; num++) {
		char text[2048];
		size_t len = (size_t)snprintf(text, sizeof(text), GET);
		for (int i = 0; i < num; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "a: %d\r\n", i);
		enum http_rule early = http_head_guard_early(bytes_of(text, len), true);
		assert_int_equal(early, num <= HTTP_MAX_FIELDS ? HTTP_RULE_NONE : HTTP_RULE_TOO_MANY_FIELDS);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "\r\n");
		assert_int_equal(rule_of(bytes_of(text, len), true), early);
	}
}

static const struct {
	const char *host;
	bool good;
} hosts[] = {
    {"a", true},
    {"mail.example.com:443", true},
    {"a_b.example", true},
    {"192.0.2.1:80", true},
    {"[2001:db8::1]", true},
    {"[::1]:8443", true},
    {"a:", true},
    {"a%20b", true},
    {"a:65535", true},
    {"", false},
    {":443", false},
    {"a:65536", false},
    {"a:0000080", false},
    {"a:80:80", false},
    {"a:-1", false},
    {"a b", false},
    {"a/b", false},
    {"a@b", false},
    {"a?b", false},
    {"a#b", false},
    {"a,b", true}, /* a sub-delim: no site is named so */
    {"a\\b", false},
    {"a%2", false},
    {"a%zz", false},
    {"a\xc3\xa4", false},
    {"[]", false},
    {"[::1", false},
    {"[::1]a", false},
    {"[fe80::1%eth0]", false},
    {"[v1.a]", false},
    {"[1.2.3.4]", false},
    {"::1", false},
    {"[0000:0000:0000:0000:0000:0000:255.255.255.255:0000:0000:0000]", false},
};

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (http_guard_is_host(bytes_of_string(hosts[i].host)) != hosts[i].good)
			fail_msg("\"%s\"", hosts[i].host);
	assert_false(http_guard_is_host(bytes_of("[::1\0]", 6)));
}

static const struct {
	const char *text;
	bool is_request;
	enum http_rule rule;
} early[] = {
    {"", true, HTTP_RULE_NONE},
    {"\r", true, HTTP_RULE_NONE},
    {"\r\n", true, HTTP_RULE_NONE},
    {"\r\n\r\n\r\n\r\n\r\n", true, HTTP_RULE_EMPTY_LINES},
    {"G", true, HTTP_RULE_NONE},
    {GET "Host: a", true, HTTP_RULE_NONE},
    {GET "Host: a\r", true, HTTP_RULE_NONE},
    {GET HOST "\r", true, HTTP_RULE_NONE},
    {"\x16\x03\x01", true, HTTP_RULE_METHOD}, /* a TLS record */
    {"\x80\x2e\x01\x03\x01", true, HTTP_RULE_METHOD}, /* SSL 2 */
    {"\n", true, HTTP_RULE_BARE_LF},
    {"GET / HTTP/1.1\n", true, HTTP_RULE_BARE_LF},
    {"GET /\n", true, HTTP_RULE_BARE_LF},
    {GET "Host: a\rb", true, HTTP_RULE_BARE_CR},
    {"GET\r", true, HTTP_RULE_NONE}, /* its LF may come, and break another rule */
    {"GET\r/", true, HTTP_RULE_BARE_CR},
    {"HTTP\r", false, HTTP_RULE_NONE},
    {"HTTP\r/", false, HTTP_RULE_BARE_CR},
    {"PRI * HTTP/2.0\r\n", true, HTTP_RULE_VERSION},
    {"GET / HTTP/1.1 \r\n", true, HTTP_RULE_REQUEST_LINE},
    {"aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddde", true, HTTP_RULE_METHOD_TOO_LONG},
    {"EHLO mail.example.com\r\n", true, HTTP_RULE_REQUEST_LINE},
    {GET " a", true, HTTP_RULE_NONE}, /* until its line is whole */
    {GET " a\r\n", true, HTTP_RULE_BLANK_FIRST},
    {"", false, HTTP_RULE_NONE},
    {"HTTP/1", false, HTTP_RULE_NONE},
    {"HTTP/1.1 200 OK\r\nX", false, HTTP_RULE_NONE},
    {"\r", false, HTTP_RULE_STATUS_LINE},
    {"220 mail ESMTP", false, HTTP_RULE_STATUS_LINE},
    {"<html>", false, HTTP_RULE_STATUS_LINE},
    {"HTTP/2", false, HTTP_RULE_STATUS_LINE},
    {"HTTP/1.1 200 OK\n", false, HTTP_RULE_BARE_LF},
    {"HTTP/1.1 999 OK\r\n", false, HTTP_RULE_STATUS},
};

static void test_early(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
		enum http_rule rule = http_head_guard_early(bytes_of_string(early[i].text), early[i].is_request);
		if (rule != early[i].rule)
			fail_msg("%s: \"%s\" wanted in place of \"%s\"", early[i].text, name_of(early[i].rule),
				 name_of(rule));
	}
	assert_int_equal(http_head_guard_early(bytes_of("GET /\0", 6), true), HTTP_RULE_NUL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_every_rule_has_a_case),
	    cmocka_unit_test(test_number_of_fields),
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
