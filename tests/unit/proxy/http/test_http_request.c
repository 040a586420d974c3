#include "proxy/http/http_request.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/http_text.h"
#include "tests/support/unit.h"

static struct http_text text; /* large */

static const struct http_policy plain = {.upgrade = true, .forwarded = HTTP_FORWARDED_OFF};
static const struct http_client client = {.address = "192.0.2.7", .name = "asked.example", .port = 8443};

static struct http_request_facts judge(const char *lines, const struct http_policy *policy)
{
	struct http_request_facts facts;
	enum http_rule rule = http_text_request(&text, lines);

	if (rule == HTTP_RULE_NONE)
		rule = http_request_judge(&text.head, policy, &facts);
	if (rule != HTTP_RULE_NONE)
		fail_msg("%s\nbreaks %s", lines, http_rule_row(rule)->name);
	return facts;
}

static void expect(const char *lines, const struct http_policy *policy, const struct http_client *from,
		   const char *written)
{
	struct http_request_facts facts = judge(lines, policy);
	struct buffer out;

	buffer_init(&out, HTTP_TEXT_MAX);
	assert_ok(http_request_write(&text.head, &facts, policy, from, &out));
	http_text_same(buffer_bytes(&out), written, lines);
	buffer_cleanup(&out);
}

struct pair {
	const char *lines, *written;
};

static void expect_each(const struct pair *pairs, size_t num_pairs, const struct http_policy *policy,
			const struct http_client *from)
{
	for (size_t i = 0; i < num_pairs; i++)
		expect(pairs[i].lines, policy, from, pairs[i].written);
}

#define EACH(pairs) (pairs), sizeof(pairs) / sizeof((pairs)[0])

#define H "Host: a.example\n"

static void test_what_goes_on_as_it_came(void **state)
{
	static const struct pair pairs[] = {
	    {"GET / HTTP/1.1\n" H, "GET / HTTP/1.1\n" H},
	    {"GET /a%2f..//b?x=%00&y HTTP/1.1\nhOST: A.example:8443\nx-b: 2\nX-A: 1\nX-a: \nAccept: */*\n",
	     "GET /a%2f..//b?x=%00&y HTTP/1.1\nhOST: A.example:8443\nx-b: 2\nX-A: 1\nX-a: \nAccept: */*\n"},
	    {"RPC_IN_DATA /rpc/rpcproxy.dll?a:6001 HTTP/1.1\n" H "Content-Length: 1073741824\nPragma: no-cache\n",
	     "RPC_IN_DATA /rpc/rpcproxy.dll?a:6001 HTTP/1.1\n" H "Content-Length: 1073741824\nPragma: no-cache\n"},
	    {"BPROPPATCH / HTTP/1.1\n" H "Depth: 1,noroot\n", "BPROPPATCH / HTTP/1.1\n" H "Depth: 1,noroot\n"},
	    {"OPTIONS * HTTP/1.1\n" H "Content-Length: 0\n", "OPTIONS * HTTP/1.1\n" H "Content-Length: 0\n"},
	    {"DELETE /x HTTP/1.1\n" H "content-length: 12\nContent-Type: a/b\n",
	     "DELETE /x HTTP/1.1\n" H "content-length: 12\nContent-Type: a/b\n"},
	    {"GET / HTTP/1.1\n" H "Content-Length: 007\n", "GET / HTTP/1.1\n" H "Content-Length: 7\n"},
	    {"POST / HTTP/1.1\n" H "transfer-encoding: Chunked\nA: b\n",
	     "POST / HTTP/1.1\n" H "A: b\nTransfer-Encoding: chunked\n"},
	    {"POST / HTTP/1.1\n" H "Expect: 100-Continue\nContent-Length: 1\n",
	     "POST / HTTP/1.1\n" H "Expect: 100-Continue\nContent-Length: 1\n"},
	    {"TRACE / HTTP/1.1\n" H "Max-Forwards: 0\n", "TRACE / HTTP/1.1\n" H "Max-Forwards: 0\n"},
	    {"GET / HTTP/1.1\n" H "Authorization: Basic YTpi\nProxy-Authorization: Basic YTpi\nVia: 1.1 x\n",
	     "GET / HTTP/1.1\n" H "Authorization: Basic YTpi\nProxy-Authorization: Basic YTpi\nVia: 1.1 x\n"},
	};

	(void)state;
	expect_each(EACH(pairs), &plain, &client);
}

static void test_what_is_for_one_connection_does_not_go_on(void **state)
{
	static const struct pair pairs[] = {
	    {"GET / HTTP/1.1\n" H "Connection: close\nKeep-Alive: timeout=5\nProxy-Connection: close\nTE: trailers\n"
	     "Trailer: A\nUpgrade: websocket\nHTTP2-Settings: AAMAAABk\nProxy: http://evil\nA: b\n",
	     "GET / HTTP/1.1\n" H "A: b\n"},
	    {"GET / HTTP/1.1\n" H "Connection: x-a , Keep-Alive,,X-B\nX-A: 1\nx-b: 2\nX-C: 3\nConnection: x-c\n",
	     "GET / HTTP/1.1\n" H},
	    /* What both ends need is not Connection's to remove. */
	    {"POST / HTTP/1.1\n" H
	     "Connection: close, Host, content-length, Authorization, Cookie, Content-Type, Expect\n"
	     "Content-Length: 3\nAuthorization: a\nCookie: c\nContent-Type: t\nExpect: 100-continue\n",
	     "POST / HTTP/1.1\n" H
	     "Content-Length: 3\nAuthorization: a\nCookie: c\nContent-Type: t\nExpect: 100-continue\n"},
	    {"GET / HTTP/1.1\n" H "Connection: \"x-a, x-b\", (x), x-a=1\nX-A: 1\nX-B: 2\n",
	     "GET / HTTP/1.1\n" H "X-A: 1\nX-B: 2\n"},
	};

	(void)state;
	expect_each(EACH(pairs), &plain, &client);
}

static void test_hosts(void **state)
{
	static const struct pair pairs[] = {
	    {"GET http://B.example:81/x?y HTTP/1.1\n" H, "GET /x?y HTTP/1.1\nHost: B.example:81\n"},
	    {"GET https://b.example HTTP/1.1\nA: b\n" H, "GET / HTTP/1.1\nA: b\nHost: b.example\n"},
	    {"GET HTTP://b.example?q HTTP/1.1\n" H, "GET /?q HTTP/1.1\nHost: b.example\n"},
	    {"OPTIONS http://b.example HTTP/1.1\n" H, "OPTIONS * HTTP/1.1\nHost: b.example\n"},
	    {"GET /http://c.example/ HTTP/1.1\n" H, "GET /http://c.example/ HTTP/1.1\n" H},
	    {"GET http://b.example/ HTTP/1.0\n", "GET / HTTP/1.1\nHost: b.example\n"},
	    {"GET / HTTP/1.0\nA: b\n", "GET / HTTP/1.1\nHost: asked.example\nA: b\n"},
	    {"GET / HTTP/1.0\n" H, "GET / HTTP/1.1\n" H},
	    {"GET / HTTP/1.1\nHost: [2001:db8::1]:8443\n", "GET / HTTP/1.1\nHost: [2001:db8::1]:8443\n"},
	    {"GET / HTTP/1.1\nHost: under_score.example.\n", "GET / HTTP/1.1\nHost: under_score.example.\n"},
	};
	static const struct http_client nameless = {.address = "192.0.2.7"};
	struct http_policy fixed = plain;

	(void)state;
	expect_each(EACH(pairs), &plain, &client);
	expect("GET / HTTP/1.0\n", &plain, &nameless, "GET / HTTP/1.1\nHost: \n");

	fixed.backend_host = bytes_of_string("owa.corp:8080");
	fixed.forwarded = HTTP_FORWARDED_X;
	expect("GET / HTTP/1.1\nA: b\nhost: a.example\n", &fixed, &client,
	       "GET / HTTP/1.1\nA: b\nhost: owa.corp:8080\nX-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: https\n"
	       "X-Forwarded-Host: a.example\nX-Forwarded-Port: 8443\n");
	expect("GET / HTTP/1.0\n", &fixed, &nameless,
	       "GET / HTTP/1.1\nHost: owa.corp:8080\nX-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: https\n");
}

#define OURS                                                                                                           \
	"X-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: https\nX-Forwarded-Host: a.example\nX-Forwarded-Port: 8443\n"

static void test_a_name_of_the_handshake_that_is_no_host_does_not_go_on(void **state)
{
	static const char *const names[] = {
	    "a.example\r\nX-Forwarded-For: 192.0.2.1",
	    "a.example\r\n\r\nGET /b HTTP/1.1\r\nHost: b",
	    "a\nb",
	    "a b",
	    "user@a.example",
	    "a.example/b",
	    "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct http_client from = {.address = "192.0.2.7", .name = names[i]};
		expect("GET / HTTP/1.0\n", &plain, &from, "GET / HTTP/1.1\nHost: \n");
	}
}

static void test_what_a_client_says_about_itself_does_not_go_on(void **state)
{
	static const struct pair pairs[] = {
	    {"GET / HTTP/1.1\n" H "x-forwarded-for: 1.2.3.4\nX-Forwarded-Proto: http\nX-FORWARDED-HOST: e\n"
	     "X-Forwarded-Port: 1\nX-Forwarded-Prefix: /x\nX-Forwarded-Server: e\nForwarded: for=1.2.3.4\n",
	     "GET / HTTP/1.1\n" H OURS},
	    {"GET / HTTP/1.1\n" H "X_Forwarded_For: 1.2.3.4\nx-forwarded_for: 1\nX_FORWARDED-PROTO: http\n"
	     "X_Forwarded-Anything: e\nClient-Cert: :AA:\nclient_cert: 1\nClient_Cert-Chain: 1\n"
	     "X-SSL-Client-Verify: SUCCESS\nX_SSL_Client_S_DN: CN=e\nx-ssl_client-cert: 1\n",
	     "GET / HTTP/1.1\n" H OURS},
	    /* Our own are not the client's to remove. */
	    {"GET / HTTP/1.1\n" H "Connection: close, X-Forwarded-For, x-forwarded-proto, X_Forwarded_Host\n",
	     "GET / HTTP/1.1\n" H OURS},
	    {"GET / HTTP/1.1\n" H "X-Forwarded: a\nXForwarded-For: b\nX-SSL-Cipher: c\nClient: d\nX-Real-IP: e\n",
	     "GET / HTTP/1.1\n" H "X-Forwarded: a\nXForwarded-For: b\nX-SSL-Cipher: c\nClient: d\nX-Real-IP: e\n" OURS},
	};
	struct http_policy policy = plain;

	(void)state;
	policy.forwarded = HTTP_FORWARDED_X;
	expect_each(EACH(pairs), &policy, &client);
	expect("GET / HTTP/1.1\n" H "X-Forwarded-For: 1.2.3.4\nForwarded: for=a\nClient_Cert: 1\n", &plain, &client,
	       "GET / HTTP/1.1\n" H);
}

static void test_what_a_trusted_proxy_says_is_kept(void **state)
{
	static const struct http_client proxy = {.address = "2001:db8::7", .port = 443, .is_trusted = true};
	static const char sent[] =
	    "GET / HTTP/1.1\n" H "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: http\nA: b\n"
	    "X-Forwarded-For: \nX-Forwarded-Host: e\nx-forwarded-for: 5.6.7.8, 9\nX-Forwarded-Prefix: /x\n"
	    "X_Forwarded_For: evil\nForwarded: for=1.2.3.4\nClient-Cert: :AA:\n"
	    "Connection: X-Forwarded-For, Forwarded\n";
	struct http_policy policy = plain;

	(void)state;
	policy.forwarded = HTTP_FORWARDED_X;
	expect(sent, &policy, &proxy,
	       "GET / HTTP/1.1\n" H "X-Forwarded-Proto: http\nA: b\nX-Forwarded-Host: e\nX-Forwarded-Prefix: /x\n"
	       "Forwarded: for=1.2.3.4\nX-Forwarded-For: 1.2.3.4, 5.6.7.8, 9, 2001:db8::7\nX-Forwarded-Port: 443\n");
	policy.forwarded = HTTP_FORWARDED_RFC7239;
	expect(sent, &policy, &proxy,
	       "GET / HTTP/1.1\n" H "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: http\nA: b\nX-Forwarded-For: \n"
	       "X-Forwarded-Host: e\nx-forwarded-for: 5.6.7.8, 9\nX-Forwarded-Prefix: /x\n"
	       "Forwarded: for=1.2.3.4, for=\"[2001:db8::7]\";host=a.example;proto=https\n");
	expect(sent, &plain, &proxy,
	       "GET / HTTP/1.1\n" H "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: http\nA: b\nX-Forwarded-For: \n"
	       "X-Forwarded-Host: e\nx-forwarded-for: 5.6.7.8, 9\nX-Forwarded-Prefix: /x\nForwarded: for=1.2.3.4\n");
}

static void test_how_the_client_is_told(void **state)
{
	static const struct http_client local = {.address = ""};
	static const struct http_client local_proxy = {.address = "", .is_trusted = true};
	struct http_policy policy = plain;

	(void)state;
	policy.forwarded = HTTP_FORWARDED_BOTH;
	expect("GET / HTTP/1.1\n" H, &policy, &client,
	       "GET / HTTP/1.1\n" H OURS "Forwarded: for=192.0.2.7;host=a.example;proto=https\n");
	expect("GET / HTTP/1.1\nHost: [::1]:8443\n", &policy, &local,
	       "GET / HTTP/1.1\nHost: [::1]:8443\nX-Forwarded-Proto: https\nX-Forwarded-Host: [::1]:8443\n"
	       "Forwarded: for=unknown;host=\"[::1]:8443\";proto=https\n");
	expect("GET / HTTP/1.1\n" H "X-Forwarded-For: 1.2.3.4\n", &policy, &local_proxy,
	       "GET / HTTP/1.1\n" H "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: https\nX-Forwarded-Host: a.example\n"
	       "Forwarded: for=unknown;host=a.example;proto=https\n");
}

static void test_what_a_site_sets_and_removes(void **state)
{
	const struct http_named_value set[] = {
	    {bytes_of_string("X-Site"), bytes_of_string("mail")},
	    {bytes_of_string("X-Forwarded-Port"), bytes_of_string("443")},
	    {bytes_of_string("X-Site"), bytes_of_string("two")},
	};
	const struct bytes removed[] = {bytes_of_string("Accept-Encoding"), bytes_of_string("X-Forwarded-Host"),
					bytes_of_string("cookie")};
	const struct http_policy settings = {
	    .forwarded = HTTP_FORWARDED_X, .set = set, .num_set = 3, .remove = removed, .num_remove = 3};
	struct http_policy *policy = NULL;

	(void)state;
	assert_ok(http_policy_new(&settings, &policy));
	expect("GET / HTTP/1.1\n" H
	       "x-site: evil\nX_Site: evil\naccept-ENCODING: gzip\nAccept_Encoding: gzip\nCookie: a\n"
	       "X-Sites: b\nConnection: X-Site\n",
	       policy, &client,
	       "GET / HTTP/1.1\n" H "X-Sites: b\nX-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: https\nX-Site: mail\n"
	       "X-Forwarded-Port: 443\nX-Site: two\n");
	http_policy_free(policy);
}

static void test_upgrades(void **state)
{
	static const struct pair on[] = {
	    {"GET /ws HTTP/1.1\n" H "Connection: keep-alive, Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: x\n",
	     "GET /ws HTTP/1.1\n" H "Sec-WebSocket-Key: x\nConnection: upgrade\nUpgrade: websocket\n"},
	    {"GET /ws HTTP/1.1\n" H
	     "Connection: upgrade\nUpgrade: h2c, foo/2 ,websocket\nUpgrade: bar\nContent-Length: 0\n",
	     "GET /ws HTTP/1.1\n" H "Content-Length: 0\nConnection: upgrade\nUpgrade: foo/2, websocket, bar\n"},
	    /* HTTP itself is no tunnel. */
	    {"GET / HTTP/1.1\n" H "Connection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk\n",
	     "GET / HTTP/1.1\n" H},
	    {"GET / HTTP/1.1\n" H "Connection: Upgrade\nUpgrade: H2C-14, HTTP/2.0, h2\n", "GET / HTTP/1.1\n" H},
	    {"GET / HTTP/1.1\n" H "Connection: Upgrade\nUpgrade: TLS/1.0, HTTP/1.1\n", "GET / HTTP/1.1\n" H},
	    {"POST / HTTP/1.1\n" H "Connection: Upgrade\nUpgrade: h2c\nContent-Length: 5\n",
	     "POST / HTTP/1.1\n" H "Content-Length: 5\n"},
	    /* Connection has to name it, and HTTP/1.0 does not know it. */
	    {"GET / HTTP/1.1\n" H "Upgrade: websocket\n", "GET / HTTP/1.1\n" H},
	    {"GET / HTTP/1.0\n" H "Connection: upgrade\nUpgrade: websocket\n", "GET / HTTP/1.1\n" H},
	    {"GET / HTTP/1.1\n" H "Connection: upgrade\n", "GET / HTTP/1.1\n" H},
	};
	static const char asks[] = "POST / HTTP/1.1\n" H "Connection: upgrade\nUpgrade: websocket\nContent-Length: 1\n";
	struct http_policy off = plain;

	(void)state;
	expect_each(EACH(on), &plain, &client);
	off.upgrade = false;
	expect(asks, &off, &client, "POST / HTTP/1.1\n" H "Content-Length: 1\n");
	assert_true(judge(on[0].lines, &plain).wants_upgrade);
	assert_true(judge(on[1].lines, &plain).wants_upgrade);
	assert_false(judge(on[2].lines, &plain).wants_upgrade);
	assert_false(judge(asks, &off).wants_upgrade);
}

static void test_expectations_of_the_past(void **state)
{
	static const char old[] = "POST / HTTP/1.0\n" H "Expect: 100-continue\nContent-Length: 1\n";

	(void)state;
	expect(old, &plain, &client, "POST / HTTP/1.1\n" H "Content-Length: 1\n");
	assert_false(judge(old, &plain).expects_continue);
	assert_true(judge("POST / HTTP/1.1\n" H "Expect: 100-continue\nContent-Length: 1\n", &plain).expects_continue);
	assert_true(
	    judge("POST / HTTP/1.1\n" H "expect: 100-CONTINUE\nTransfer-Encoding: chunked\n", &plain).expects_continue);
	assert_false(judge("GET / HTTP/1.1\n" H "Expect: 100-continue\n", &plain).expects_continue);
	assert_false(judge("GET / HTTP/1.1\n" H "Expect: \n", &plain).expects_continue);
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *lines;
		enum http_rule rule;
	} cases[] = {
	    {"GET / HTTP/1.1\nA: b\n", HTTP_RULE_HOST_MISSING},
	    {"GET http://a.example/ HTTP/1.1\n", HTTP_RULE_HOST_MISSING},
	    {"GET / HTTP/1.1\n" H "hOST: a.example\n", HTTP_RULE_HOST_TWICE},
	    {"GET / HTTP/1.0\n" H H, HTTP_RULE_HOST_TWICE},
	    {"GET http://a.example/ HTTP/1.1\n" H H, HTTP_RULE_HOST_TWICE},
	    {"GET / HTTP/1.1\nHost: \n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.1\nHost: a b\n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.1\nHost: a.example, b.example\n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.1\nHost: a@b\n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.1\nHost: a/b\n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.1\nHost: a:b\n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.1\nHost: [::1\n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.1\nHost: ::1\n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.1\nHost: a\"b\n", HTTP_RULE_HOST_BAD},
	    {"GET / HTTP/1.0\nHost: a b\n", HTTP_RULE_HOST_BAD},
	    {"GET http://b.example/ HTTP/1.1\nHost: a b\n", HTTP_RULE_HOST_BAD},
	    {"GET ftp://a.example/ HTTP/1.1\n" H, HTTP_RULE_TARGET},
	    {"CONNECT a.example:443 HTTP/1.1\nHost: a.example:443\n", HTTP_RULE_CONNECT},
	    {"POST / HTTP/1.1\n" H "Expect: something\n", HTTP_RULE_EXPECTATION},
	    {"POST / HTTP/1.1\n" H "Expect: 100-continue, x=y\n", HTTP_RULE_EXPECTATION},
	    {"POST / HTTP/1.1\n" H "Expect: 100-continue\nExpect: 200-ok\n", HTTP_RULE_EXPECTATION},
	    {"GET / HTTP/1.1\n" H "Connection: upgrade\nUpgrade: websocket\nContent-Length: 1\n",
	     HTTP_RULE_UPGRADE_WITH_BODY},
	    {"GET / HTTP/1.1\n" H "Connection: upgrade\nUpgrade: websocket, h2c\nTransfer-Encoding: chunked\n",
	     HTTP_RULE_UPGRADE_WITH_BODY},
	    {"PUT / HTTP/1.1\n" H "Content-Length: 101\n", HTTP_RULE_BODY_TOO_LARGE},
	    {"PUT / HTTP/1.0\n" H "Transfer-Encoding: chunked\n", HTTP_RULE_CODING_IN_1_0},
	    {"GET / HTTP/1.1\n" H "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,1,2,3,4,5,6,7\n",
	     HTTP_RULE_TOO_MANY_OPTIONS},
	};
	struct http_policy policy = plain;

	(void)state;
	policy.max_body_bytes = 100;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_request_facts facts;
		assert_int_equal(http_text_request(&text, cases[i].lines), HTTP_RULE_NONE);
		enum http_rule rule = http_request_judge(&text.head, &policy, &facts);
		if (rule != cases[i].rule)
			fail_msg("%s\nbreaks %s, and not %s", cases[i].lines,
				 rule == HTTP_RULE_NONE ? "nothing" : http_rule_row(rule)->name,
				 http_rule_row(cases[i].rule)->name);
	}
	judge("PUT / HTTP/1.1\n" H "Content-Length: 100\n", &policy);
	judge("PUT / HTTP/1.1\n" H "Transfer-Encoding: chunked\n", &policy);
}

static void test_facts(void **state)
{
	(void)state;
	assert_true(judge("GET / HTTP/1.1\n" H, &plain).keeps_alive);
	assert_false(judge("GET / HTTP/1.1\n" H "Connection: foo\nConnection: CLOSE\n", &plain).keeps_alive);
	assert_false(judge("GET / HTTP/1.0\n", &plain).keeps_alive);
	assert_true(judge("GET / HTTP/1.0\nConnection: Keep-Alive\n", &plain).keeps_alive);
	assert_false(judge("GET / HTTP/1.0\nConnection: keep-alive, close\n", &plain).keeps_alive);
	assert_int_equal(judge("GET / HTTP/1.0\n", &plain).version, HTTP_1_0);

	assert_true(judge("HEAD / HTTP/1.1\n" H, &plain).is_head);
	assert_false(judge("HEADS / HTTP/1.1\n" H, &plain).is_head);
	assert_true(judge("PROPFIND / HTTP/1.1\n" H, &plain).is_idempotent);
	assert_false(judge("POST / HTTP/1.1\n" H, &plain).is_idempotent);
	assert_false(judge("get / HTTP/1.1\n" H, &plain).is_idempotent);
	assert_true(judge("RDG_OUT_DATA / HTTP/1.1\n" H, &plain).is_streamed);
	assert_true(judge("RPC_IN_DATA / HTTP/1.1\n" H, &plain).is_streamed);
	assert_false(judge("RPCX / HTTP/1.1\n" H, &plain).is_streamed);
	assert_int_equal(judge("PUT / HTTP/1.1\n" H "Content-Length: 5\n", &plain).framing.length, 5);
}

static void test_logins_that_bind_the_connection(void **state)
{
	static const struct {
		const char *field;
		bool binds;
	} cases[] = {
	    {"Authorization: NTLM TlRMTVNTUAAB", true}, {"authorization: negotiate YII", true},
	    {"Authorization: Negotiate", true},         {"Authorization: CredSSP TlRM", true},
	    {"Proxy-Authorization: NTLM TlRM", true},   {"Authorization: Basic TlRMTQ==", false},
	    {"Authorization: Bearer ntlm", false},      {"Authorization: NTLMX a", false},
	    {"X-Authorization: NTLM a", false},
	};
	char lines[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(lines, sizeof(lines), "GET / HTTP/1.1\n" H "%s\n", cases[i].field);
		if (judge(lines, &plain).binds_login != cases[i].binds)
			fail_msg("%s", cases[i].field);
	}
}

static void test_who_would_rather_have_json(void **state)
{
	static const struct {
		const char *accept;
		bool json;
	} cases[] = {
	    {"application/json", true},
	    {"Application/JSON; charset=utf-8", true},
	    {"application/json, text/plain, */*", true},
	    {"application/problem+json, */*;q=0.5", true},
	    {"text/html;q=0.8, application/json;q=0.9", true},
	    {"text/html;q=0.9, application/json;q=0.8", false},
	    {"text/html, application/json", false},
	    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
	    {"text/*, application/json;q=0.999", false},
	    {"*/*", false},
	    {"application/json;q=0", false},
	    {"application/json;q=0.000, */*", false},
	    {"application/json;v=\"q=0,\";q=0.5, text/html;q=0.4", true},
	    {"application/jsonx", false},
	    {"", false},
	};
	char lines[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(lines, sizeof(lines), "GET / HTTP/1.1\n" H "Accept: %s\n", cases[i].accept);
		if (judge(lines, &plain).accepts_json != cases[i].json)
			fail_msg("%s", cases[i].accept);
	}
}

/* A page is right for the client even where the request is wrong. */
static void test_facts_of_a_refused_request(void **state)
{
	struct http_request_facts facts;

	(void)state;
	assert_int_equal(http_text_request(&text, "HEAD / HTTP/1.1\nAccept: application/json\n"), HTTP_RULE_NONE);
	assert_int_equal(http_request_judge(&text.head, &plain, &facts), HTTP_RULE_HOST_MISSING);
	assert_true(facts.is_head);
	assert_true(facts.accepts_json);
}

static void test_which_host_a_request_is_for(void **state)
{
	static const struct {
		const char *lines, *host;
	} cases[] = {
	    {"GET / HTTP/1.1\nHost: a.example:1\n", "a.example:1"},
	    {"GET http://b.example:2/ HTTP/1.1\nHost: a.example\n", "b.example:2"},
	    {"GET / HTTP/1.0\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(http_text_request(&text, cases[i].lines), HTTP_RULE_NONE);
		assert_true(bytes_equal(http_request_host(&text.head), bytes_of_string(cases[i].host)));
	}
}

static void test_a_full_buffer_stays_as_it_was(void **state)
{
	struct http_request_facts facts = judge("GET / HTTP/1.1\n" H, &plain);
	struct buffer out;

	(void)state;
	buffer_init(&out, 20);
	assert_ok(buffer_printf(&out, "x"));
	assert_kind(http_request_write(&text.head, &facts, &plain, &client, &out), ERROR_LIMIT);
	assert_string_equal(buffer_text(&out), "x");
	buffer_cleanup(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_goes_on_as_it_came),
	    cmocka_unit_test(test_what_is_for_one_connection_does_not_go_on),
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_a_name_of_the_handshake_that_is_no_host_does_not_go_on),
	    cmocka_unit_test(test_what_a_client_says_about_itself_does_not_go_on),
	    cmocka_unit_test(test_what_a_trusted_proxy_says_is_kept),
	    cmocka_unit_test(test_how_the_client_is_told),
	    cmocka_unit_test(test_what_a_site_sets_and_removes),
	    cmocka_unit_test(test_upgrades),
	    cmocka_unit_test(test_expectations_of_the_past),
	    cmocka_unit_test(test_what_is_refused),
	    cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_logins_that_bind_the_connection),
	    cmocka_unit_test(test_who_would_rather_have_json),
	    cmocka_unit_test(test_facts_of_a_refused_request),
	    cmocka_unit_test(test_which_host_a_request_is_for),
	    cmocka_unit_test(test_a_full_buffer_stays_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
