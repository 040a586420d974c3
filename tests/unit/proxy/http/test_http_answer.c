#include "proxy/http/http_answer.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/http_text.h"
#include "tests/support/unit.h"

static struct http_text text; /* large */

static const struct http_policy plain = {.upgrade = true};
static const struct http_request_facts get = {.version = HTTP_1_1, .keeps_alive = true};
static const struct http_request_facts old = {.version = HTTP_1_0, .keeps_alive = true};
static const struct http_request_facts head_of = {.version = HTTP_1_1, .is_head = true};
static const struct http_request_facts upgrading = {.version = HTTP_1_1, .wants_upgrade = true};

static struct http_answer_facts judge(const char *lines, const struct http_request_facts *request)
{
	struct http_answer_facts facts;
	enum http_rule rule = http_text_answer(&text, lines);

	if (rule == HTTP_RULE_NONE)
		rule = http_answer_judge(&text.head, request, &facts);
	if (rule != HTTP_RULE_NONE)
		fail_msg("%s\nbreaks %s", lines, http_rule_row(rule)->name);
	return facts;
}

static void expect(const char *lines, const struct http_request_facts *request, bool keeps_alive, const char *written)
{
	struct http_answer_facts facts = judge(lines, request);
	struct buffer out;

	buffer_init(&out, HTTP_TEXT_MAX);
	assert_ok(http_answer_write(&text.head, &facts, request, &plain, keeps_alive, &out));
	http_text_same(buffer_bytes(&out), written, lines);
	buffer_cleanup(&out);
}

static void test_what_goes_on(void **state)
{
	static const struct {
		const char *lines;
		const struct http_request_facts *request;
		bool keeps_alive;
		const char *written;
	} cases[] = {
	    {"HTTP/1.1 200 OK\nDate: x\nContent-Length: 5\nset-cookie: a\nSet-Cookie: b\nWWW-Authenticate: NTLM\n"
	     "Persistent-Auth: true\nProxy-Support: Session-Based-Authentication\nServer: IIS\n",
	     &get, true,
	     "HTTP/1.1 200 OK\nDate: x\nContent-Length: 5\nset-cookie: a\nSet-Cookie: b\nWWW-Authenticate: NTLM\n"
	     "Persistent-Auth: true\nProxy-Support: Session-Based-Authentication\nServer: IIS\n"},
	    {"HTTP/1.1 299 A  reason\xc3\xa4\nContent-Length: 0\n", &get, true,
	     "HTTP/1.1 299 A  reason\xc3\xa4\nContent-Length: 0\n"},
	    {"HTTP/1.1 200 \nContent-Length: 0\n", &get, true, "HTTP/1.1 200 \nContent-Length: 0\n"},
	    {"HTTP/1.1 200 OK\nContent-Length: 1\nConnection: close, X-A, Set-Cookie\nX-A: 1\nSet-Cookie: a\n"
	     "Keep-Alive: 5\nProxy-Connection: a\nTrailer: b\nUpgrade: h2,h2c\n",
	     &get, true, "HTTP/1.1 200 OK\nContent-Length: 1\nSet-Cookie: a\n"},
	    {"HTTP/1.1 200 OK\nContent-Length: 1\n", &get, false,
	     "HTTP/1.1 200 OK\nContent-Length: 1\nConnection: close\n"},
	    {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nA: b\n", &get, true,
	     "HTTP/1.1 200 OK\nA: b\nTransfer-Encoding: chunked\n"},
	    /* Ends with the backend's connection: the client's lives on. */
	    {"HTTP/1.0 200 OK\nA: b\n", &get, true, "HTTP/1.1 200 OK\nA: b\nTransfer-Encoding: chunked\n"},
	    /* To HTTP/1.0: no chunks. */
	    {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n", &old, true, "HTTP/1.1 200 OK\nConnection: close\n"},
	    {"HTTP/1.1 200 OK\n", &old, true, "HTTP/1.1 200 OK\nConnection: close\n"},
	    {"HTTP/1.1 200 OK\nContent-Length: 5\n", &old, true,
	     "HTTP/1.1 200 OK\nContent-Length: 5\nConnection: keep-alive\n"},
	    {"HTTP/1.1 200 OK\nContent-Length: 5\n", &old, false,
	     "HTTP/1.1 200 OK\nContent-Length: 5\nConnection: close\n"},
	    /* Without a body: the length of what it stands for. */
	    {"HTTP/1.1 200 OK\nContent-Length: 5\n", &head_of, true, "HTTP/1.1 200 OK\nContent-Length: 5\n"},
	    {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n", &head_of, true, "HTTP/1.1 200 OK\n"},
	    {"HTTP/1.1 304 Not Modified\nContent-Length: 5\nETag: a\n", &get, true,
	     "HTTP/1.1 304 Not Modified\nContent-Length: 5\nETag: a\n"},
	    {"HTTP/1.1 204 No Content\nContent-Length: 0\n", &get, true, "HTTP/1.1 204 No Content\n"},
	    /* Interim answers say nothing of the connection. */
	    {"HTTP/1.1 100 Continue\n", &get, false, "HTTP/1.1 100 Continue\n"},
	    {"HTTP/1.1 103 Early Hints\nLink: </a>; rel=preload\nConnection: close\nContent-Length: 0\n", &get, true,
	     "HTTP/1.1 103 Early Hints\nLink: </a>; rel=preload\n"},
	    /* A tunnel from here on. */
	    {"HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: x\n",
	     &upgrading, true,
	     "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nSec-WebSocket-Accept: x\nConnection: upgrade\n"},
	    {"HTTP/1.1 426 Upgrade Required\nUpgrade: foo\nConnection: upgrade\nContent-Length: 0\n", &get, true,
	     "HTTP/1.1 426 Upgrade Required\nUpgrade: foo\nContent-Length: 0\nConnection: upgrade\n"},
	    {"HTTP/1.1 426 Upgrade Required\nUpgrade: h2c\nContent-Length: 0\n", &get, false,
	     "HTTP/1.1 426 Upgrade Required\nContent-Length: 0\nConnection: close\n"},
	    {"HTTP/1.1 426 Upgrade Required\nUpgrade: foo\nContent-Length: 0\n", &get, false,
	     "HTTP/1.1 426 Upgrade Required\nUpgrade: foo\nContent-Length: 0\nConnection: upgrade, close\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].lines, cases[i].request, cases[i].keeps_alive, cases[i].written);
}

static void test_facts(void **state)
{
	(void)state;
	struct http_answer_facts facts = judge("HTTP/1.1 200 OK\nContent-Length: 5\n", &get);
	assert_int_equal(facts.status, 200);
	assert_int_equal(facts.kind_out, HTTP_BODY_LENGTH);
	assert_true(facts.keeps_alive);
	assert_false(facts.is_interim || facts.switches || facts.binds_login);

	assert_false(judge("HTTP/1.1 200 OK\nContent-Length: 5\nConnection: close\n", &get).keeps_alive);
	assert_false(judge("HTTP/1.1 200 OK\n", &get).keeps_alive);
	assert_true(judge("HTTP/1.1 304 OK\n", &get).keeps_alive);
	assert_false(judge("HTTP/1.0 200 OK\nContent-Length: 5\n", &get).keeps_alive);
	assert_true(judge("HTTP/1.0 200 OK\nContent-Length: 5\nConnection: keep-alive\n", &get).keeps_alive);

	assert_true(judge("HTTP/1.1 103 Early Hints\n", &get).is_interim);
	facts = judge("HTTP/1.1 101 Switching\nUpgrade: websocket\n", &upgrading);
	assert_true(facts.switches && !facts.is_interim && !facts.keeps_alive);

	/* The caller may end with the connection after all. */
	facts = judge("HTTP/1.1 200 OK\n", &get);
	assert_int_equal(facts.framing.kind, HTTP_BODY_UNTIL_CLOSE);
	assert_int_equal(facts.kind_out, HTTP_BODY_CHUNKED);
	facts.kind_out = HTTP_BODY_UNTIL_CLOSE;
	struct buffer out;
	buffer_init(&out, HTTP_TEXT_MAX);
	assert_ok(http_answer_write(&text.head, &facts, &get, &plain, true, &out));
	http_text_same(buffer_bytes(&out), "HTTP/1.1 200 OK\nConnection: close\n", "until close");
	buffer_cleanup(&out);
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *lines;
		const struct http_request_facts *request;
		enum http_rule rule;
	} cases[] = {
	    {"HTTP/1.1 101 Switching\nUpgrade: websocket\nConnection: upgrade\n", &get, HTTP_RULE_SWITCHED_UNASKED},
	    {"HTTP/1.1 101 Switching\nUpgrade: h2c\nConnection: upgrade\n", &upgrading, HTTP_RULE_SWITCHED_UNASKED},
	    {"HTTP/1.1 101 Switching\nConnection: upgrade\n", &upgrading, HTTP_RULE_SWITCHED_UNASKED},
	    {"HTTP/1.1 101 Switching\nUpgrade: ,\n", &upgrading, HTTP_RULE_SWITCHED_UNASKED},
	    {"HTTP/1.1 101 Switching\nUpgrade: websocket, HTTP/2.0\n", &upgrading, HTTP_RULE_SWITCHED_UNASKED},
	    {"HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n", &get, HTTP_RULE_CODING},
	    {"HTTP/1.1 200 OK\nConnection: "
	     "a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,"
	     "c6,c7,c8,c9,d0,d1,X-Secret\nX-Secret: 1\n",
	     &get, HTTP_RULE_TOO_MANY_OPTIONS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer_facts facts;
		assert_int_equal(http_text_answer(&text, cases[i].lines), HTTP_RULE_NONE);
		if (http_answer_judge(&text.head, cases[i].request, &facts) != cases[i].rule)
			fail_msg("%s", cases[i].lines);
	}
}

static void test_logins_that_bind_the_connection(void **state)
{
	static const struct {
		const char *field;
		bool binds;
	} cases[] = {
	    {"WWW-Authenticate: Negotiate", true},
	    {"www-authenticate: NTLM TlRMTVNTUAAC", true},
	    {"WWW-Authenticate: Basic realm=\"a, b\", ntlm", true},
	    {"Proxy-Authenticate: Negotiate, NTLM", true},
	    {"WWW-Authenticate: Basic realm=\"NTLM\"", false},
	    {"WWW-Authenticate: Bearer, Basic realm=\"a, NTLM\"", false},
	    {"X-WWW-Authenticate: NTLM", false},
	};
	char lines[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(lines, sizeof(lines), "HTTP/1.1 401 Unauthorized\nContent-Length: 0\n%s\n", cases[i].field);
		if (judge(lines, &get).binds_login != cases[i].binds)
			fail_msg("%s", cases[i].field);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_goes_on),
	    cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_what_is_refused),
	    cmocka_unit_test(test_logins_that_bind_the_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
