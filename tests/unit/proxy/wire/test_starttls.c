#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/wire/starttls.h"
#include "tests/support/unit.h"

#define MAX_TURNS 5
#define MAX_SAID 8192

/* A line of the server and the expected answer of the client. Where the client begins, the server's line is empty. */
struct turn {
	const char *server, *client;
};

struct dialogue {
	enum starttls_protocol protocol;
	struct turn turns[MAX_TURNS];
};

#define EHLO "EHLO chainmend.invalid\r\n"
#define HEADER                                                                                                         \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "                                                   \
	"xmlns:stream='http://etherx.jabber.org/streams' to='a.example' version='1.0'>"
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define STREAM                                                                                                         \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1' from='a.example' version='1.0' "             \
	"xmlns:stream='http://etherx.jabber.org/streams'>"

static struct starttls *begin(enum starttls_protocol protocol)
{
	struct starttls *starttls = starttls_new(protocol, "a.example");
	assert_non_null(starttls);
	return starttls;
}

static void expect_said(struct starttls *starttls, const char *words)
{
	struct buffer said;
	buffer_init(&said, MAX_SAID);
	assert_ok(starttls_take_output(starttls, &said));
	assert_string_equal(buffer_text(&said), words);
	buffer_cleanup(&said);
}

/* In pieces of that size. */
static enum starttls_state feed(struct starttls *starttls, struct bytes bytes, size_t piece)
{
	enum starttls_state state = STARTTLS_GOING;
	for (size_t at = 0; at < bytes.len; at += piece)
		state =
		    starttls_feed(starttls, bytes_of(bytes.data + at, at + piece < bytes.len ? piece : bytes.len - at));
	return state;
}

static void play(const struct dialogue *dialogue, size_t piece)
{
	struct starttls *starttls = begin(dialogue->protocol);
	enum starttls_state state = STARTTLS_GOING;
	for (const struct turn *turn = dialogue->turns; turn->server != NULL; turn++) {
		assert_int_equal(state, STARTTLS_GOING);
		state = feed(starttls, bytes_of_string(turn->server), piece);
		if (starttls_reason(starttls)[0] != '\0')
			fail_msg("%s", starttls_reason(starttls));
		expect_said(starttls, turn->client);
	}
	assert_int_equal(state, STARTTLS_READY);
	starttls_free(starttls);
}

static void test_each_protocol_leads_to_tls(void **state)
{
	static const struct dialogue dialogues[] = {
	    {STARTTLS_SMTP,
	     {{"220 a.example ESMTP\r\n", EHLO},
	      {"250-a.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n", "STARTTLS\r\n"},
	      {"220 2.0.0 Ready to start TLS\r\n", ""}}},
	    {STARTTLS_SMTP,
	     {{"220-a.example\n220-speaks\n220\n", EHLO}, {"250 starttls\n", "STARTTLS\r\n"}, {"220\r\n", ""}}},
	    {STARTTLS_IMAP,
	     {{"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\r\n", "a1 CAPABILITY\r\n"},
	      {"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n", "a2 STARTTLS\r\n"},
	      {"* OK Still here\r\na2 OK Begin TLS negotiation now.\r\n", ""}}},
	    {STARTTLS_IMAP,
	     {{"* ok\n", "a1 CAPABILITY\r\n"}, {"* capability starttls\nA1 ok\n", "a2 STARTTLS\r\n"}, {"A2 OK\n", ""}}},
	    {STARTTLS_POP3,
	     {{"+OK ready <1.2@a.example>\r\n", "CAPA\r\n"},
	      {"+OK\r\nTOP\r\nSTLS\r\nUIDL\r\n.\r\n", "STLS\r\n"},
	      {"+OK Begin TLS negotiation now.\r\n", ""}}},
	    {STARTTLS_POP3, {{"+OK\n", "CAPA\r\n"}, {"-ERR what?\n", "STLS\r\n"}, {"+OK\n", ""}}},
	    {STARTTLS_XMPP,
	     {{"", HEADER},
	      {STREAM "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
		      "<mechanisms xmlns='x'><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
	       STARTTLS},
	      {"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", ""}}},
	    {STARTTLS_XMPP,
	     {{"", HEADER},
	      {"\n<?xml version=\"1.0\"?>\n<s:stream xmlns:s=\"http://etherx.jabber.org/streams\" a='>' b=\"'/>\">\n"
	       "<s:features\n>\n<t:starttls xmlns:t='urn:ietf:params:xml:ns:xmpp-tls' />\n</s:features >",
	       STARTTLS},
	      {"<t:proceed xmlns:t='urn:ietf:params:xml:ns:xmpp-tls'></t:proceed>", ""}}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(dialogues) / sizeof(dialogues[0]); i++) {
		play(&dialogues[i], SIZE_MAX / 2);
		play(&dialogues[i], 1);
		play(&dialogues[i], 7);
	}
}

#define BYTES(literal)                                                                                                 \
	{                                                                                                              \
		(const uint8_t *)(literal), sizeof(literal) - 1                                                        \
	}

#define LDAP_OK "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
/* As Active Directory writes it, with its responseName. */
#define LDAP_AD_OK                                                                                                     \
	"\x30\x84\x00\x00\x00\x28\x02\x01\x01\x78\x84\x00\x00\x00\x1f\x0a\x01\x00\x04\x00\x04\x00"                     \
	"\x8a\x16"                                                                                                     \
	"1.3.6.1.4.1.1466.20037"

static void test_ldap_asks_by_the_book_and_reads_every_length(void **state)
{
	static const char request[] = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
				      "1.3.6.1.4.1.1466.20037";
	static const struct bytes answers[] = {
	    BYTES(LDAP_OK),
	    BYTES(LDAP_AD_OK),
	};
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(answers) / sizeof(answers[0]); i++) {
		struct starttls *starttls = begin(STARTTLS_LDAP);
		struct buffer said;
		buffer_init(&said, MAX_SAID);
		assert_ok(starttls_take_output(starttls, &said));
		assert_int_equal(said.len, sizeof(request) - 1);
		assert_memory_equal(said.data, request, sizeof(request) - 1);
		buffer_cleanup(&said);
		enum starttls_state got = feed(starttls, answers[i / 2], i % 2 == 0 ? SIZE_MAX / 2 : 1);
		if (got != STARTTLS_READY)
			fail_msg("answer %zu: %s", i / 2, starttls_reason(starttls));
		assert_string_equal(starttls_reason(starttls), "");
		starttls_free(starttls);
	}
}

/* A server that says all of this, whatever the client says. */
static void expect_failure(enum starttls_protocol protocol, struct bytes said, const char *words)
{
	static const size_t pieces[] = {SIZE_MAX / 2, 1};
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct starttls *starttls = begin(protocol);
		feed(starttls, said, pieces[i]);
		starttls_end(starttls);
		assert_int_equal(starttls_feed(starttls, bytes_of_string("more")), STARTTLS_FAILED);
		if (strstr(starttls_reason(starttls), words) == NULL)
			fail_msg("%s lacks: %s", starttls_reason(starttls), words);
		starttls_free(starttls);
	}
}

static void test_lines_that_lead_nowhere(void **state)
{
	static const struct {
		enum starttls_protocol protocol;
		const char *said, *words;
	} cases[] = {
	    {STARTTLS_SMTP, "", "without a word"},
	    {STARTTLS_SMTP, "220 a", "closed the connection before its greeting"},
	    {STARTTLS_SMTP, "220 a\r\n250-a\r\n", "closed the connection before its answer to EHLO"},
	    {STARTTLS_SMTP, "554 5.7.1 go away\r\n", "refuses the connection: it says \"554 5.7.1 go away\""},
	    {STARTTLS_SMTP, "220 a\r\n502 what?\r\n", "refuses EHLO: it says \"502 what?\""},
	    {STARTTLS_SMTP, "220 a\r\n250-STARTTLSX\r\n250-X STARTTLS\r\n250 a\r\n", "does not offer STARTTLS"},
	    {STARTTLS_SMTP, "220 a\r\n250 STARTTLS\r\n454 4.7.0 no TLS\r\n",
	     "refuses STARTTLS: it says \"454 4.7.0 no TLS\""},
	    {STARTTLS_SMTP, "* OK IMAP\r\n", "does not speak SMTP here: it says \"* OK IMAP\""},
	    {STARTTLS_SMTP, "\r\n", "does not speak SMTP"},
	    {STARTTLS_SMTP, "22\r\n", "does not speak SMTP"},
	    {STARTTLS_SMTP, "2200 a\r\n", "does not speak SMTP"},
	    {STARTTLS_IMAP, "* PREAUTH hello\r\n", "greets with PREAUTH"},
	    {STARTTLS_IMAP, "* BYE too many\r\n", "refuses the connection: it says \"* BYE too many\""},
	    {STARTTLS_IMAP, "220 a\r\n", "does not speak IMAP"},
	    {STARTTLS_IMAP, "* OKAY\r\n", "does not speak IMAP"},
	    {STARTTLS_IMAP, "* OK\r\n* CAPABILITY XSTARTTLS STARTTLSX\r\na1 OK\r\n", "does not offer STARTTLS"},
	    {STARTTLS_IMAP, "* OK\r\n* OK STARTTLS\r\na1 OK STARTTLS\r\n", "does not offer STARTTLS"},
	    {STARTTLS_IMAP, "* OK\r\na1 BAD what?\r\n", "refuses CAPABILITY: it says \"a1 BAD what?\""},
	    {STARTTLS_IMAP, "* OK\r\na2 OK\r\n", "does not speak IMAP"},
	    {STARTTLS_IMAP, "* OK\r\n* CAPABILITY STARTTLS\r\na1 OK\r\na2 NO later\r\n", "refuses STARTTLS"},
	    {STARTTLS_IMAP, "* OK\r\n* CAPABILITY STARTTLS\r\na1 OK\r\n* BYE\r\n", "refuses the connection"},
	    {STARTTLS_POP3, "-ERR busy\r\n", "refuses the connection: it says \"-ERR busy\""},
	    {STARTTLS_POP3, "HTTP/1.1 400\r\n", "does not speak POP3"},
	    {STARTTLS_POP3, "+OK\r\nwhat\r\n", "does not speak POP3"},
	    {STARTTLS_POP3, "+OK\r\n+OK\r\nTOP\r\n.\r\n", "does not offer STARTTLS"},
	    {STARTTLS_POP3, "+OK\r\n-ERR\r\n-ERR no\r\n", "refuses STLS: it says \"-ERR no\""},
	    {STARTTLS_POP3, "+OK\r\n+OK\r\nSTLS\r\n", "closed the connection before its answer to CAPA"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_failure(cases[i].protocol, bytes_of_string(cases[i].said), cases[i].words);
}

static void test_messages_that_lead_nowhere(void **state)
{
	static const struct {
		struct bytes said;
		const char *words;
	} cases[] = {
	    {{(const uint8_t *)"", 0}, "without a word"},
	    {BYTES("\x30\x0c\x02\x01"), "closed the connection before its answer to the StartTLS request"},
	    {BYTES("\x30\x0e\x02\x01\x01\x78\x09\x0a\x01\x02\x04\x00\x04\x02no"),
	     "refuses StartTLS: result 2 (protocolError: it does not know StartTLS): no"},
	    {BYTES("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00"),
	     "refuses StartTLS: result 52 (unavailable: it has no TLS)"},
	    {BYTES("\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00"), "ends the connection: result 52"},
	    {BYTES("\x30\x0c\x02\x01\x07\x78\x07\x0a\x01\x00\x04\x00\x04\x00"), "another LDAP request"},
	    {BYTES("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"), "something else"},
	    {BYTES("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x80\x04\x00\x04\x00"), "something else"},
	    {BYTES("\x30\x0c\x02\x01\x01\x78\x17\x0a\x01\x00\x04\x00\x04\x00"), "something else"},
	    {BYTES("\x30\x00"), "something else"},
	    {BYTES("\x30\x02\x02\x00"), "something else"},
	    {BYTES("\x30\x80\x02\x01\x01"), "does not speak LDAP"},
	    {BYTES("\x30\x84\x7f\xff\xff\xff"), "does not speak LDAP"},
	    {BYTES("\x30\x85\x00\x00\x00\x00\x01"), "does not speak LDAP"},
	    {BYTES("220 a\r\n"), "does not speak LDAP"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_failure(STARTTLS_LDAP, cases[i].said, cases[i].words);
}

static void test_streams_that_lead_nowhere(void **state)
{
	static const struct {
		const char *said, *words;
	} cases[] = {
	    {"", "without a word"},
	    {"<?xml version='1.0'?>", "closed the connection before its stream"},
	    {STREAM, "closed the connection before its stream's features"},
	    {STREAM "<stream:features/>", "does not offer STARTTLS"},
	    {STREAM "<stream:features><other><starttls/></other></stream:features>", "does not offer STARTTLS"},
	    {STREAM "<starttls/>", "closed the connection before"},
	    {STREAM "<proceed/>", "closed the connection before its stream's features"},
	    {STREAM "<stream:error><host-unknown xmlns='x'/></stream:error>", "ends the stream: host-unknown"},
	    {STREAM "<stream:error/>", "ends the stream: it gives no reason"},
	    {STREAM "</stream:stream>", "ends the stream"},
	    {STREAM "<stream:features><starttls/></stream:features><failure/>", "refuses STARTTLS"},
	    {STREAM "<!-- no comments -->", "does not speak XMPP"},
	    {"</a>", "does not speak XMPP"},
	    {"<>", "does not speak XMPP"},
	    {"<html><body>", "does not speak XMPP"},
	    {"220 a\r\n", "does not speak XMPP"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_failure(STARTTLS_XMPP, bytes_of_string(cases[i].said), cases[i].words);
}

/* Plain text behind the go-ahead was never protected: it must not pass for the beginning of TLS. */
static void test_bytes_behind_the_go_ahead_are_a_failure(void **state)
{
	static const struct {
		enum starttls_protocol protocol;
		struct bytes said;
	} cases[] = {
	    {STARTTLS_SMTP, BYTES("220 a\r\n250 STARTTLS\r\n220 go\r\n250 x")},
	    {STARTTLS_IMAP, BYTES("* OK\r\n* CAPABILITY STARTTLS\r\na1 OK\r\na2 OK\r\n\x16")},
	    {STARTTLS_POP3, BYTES("+OK\r\n+OK\r\nSTLS\r\n.\r\n+OK\r\n\r\n")},
	    {STARTTLS_LDAP, BYTES(LDAP_OK "\x30")},
	    {STARTTLS_XMPP, BYTES(STREAM "<stream:features><starttls/></stream:features><proceed/> ")},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct starttls *starttls = begin(cases[i].protocol);
		assert_int_equal(starttls_feed(starttls, cases[i].said), STARTTLS_FAILED);
		assert_non_null(strstr(starttls_reason(starttls), "in plain text behind its go-ahead"));
		starttls_free(starttls);
	}
}

static void test_a_server_of_tls_is_known_by_its_first_byte(void **state)
{
	(void)state;
	expect_failure(STARTTLS_SMTP, (struct bytes)BYTES("\x15\x03\x01\x00\x02\x02\x0a"), "speaks TLS at once");
	expect_failure(STARTTLS_LDAP, (struct bytes)BYTES("\x15\x03\x03\x00\x02\x02\x32"), "speaks TLS at once");
	expect_failure(STARTTLS_XMPP, (struct bytes)BYTES("\x16\x03\x01"), "speaks TLS at once");
}

/* Lines, tags and answers without an end, and many short ones: all of them end somewhere. */
static void test_a_server_that_never_comes_to_an_end_is_cut_off(void **state)
{
	static const struct {
		enum starttls_protocol protocol;
		const char *first, *again, *words;
	} cases[] = {
	    {STARTTLS_SMTP, "220 ", "a", "a line of more than 8192 bytes"},
	    {STARTTLS_SMTP, "", "220-a\r\n", "more than a change to TLS needs"},
	    {STARTTLS_IMAP, "* OK\r\n", "* OK a\r\n", "more than a change to TLS needs"},
	    {STARTTLS_POP3, "+OK\r\n+OK\r\n", "TOP\r\n", "more than a change to TLS needs"},
	    {STARTTLS_LDAP, "\x30\x82\xff\xf0", "a", "something else than an ExtendedResponse"},
	    {STARTTLS_XMPP, "<stream a='", "a", "a tag of more than 8192 bytes"},
	    {STARTTLS_XMPP, "<stream>", "<a>", "does not speak XMPP"},
	    {STARTTLS_XMPP, "<stream>", "<a/>", "more than a change to TLS needs"},
	    {STARTTLS_XMPP, "<stream>", "text", "more than a change to TLS needs"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct starttls *starttls = begin(cases[i].protocol);
		size_t sent = strlen(cases[i].first);
		enum starttls_state got = starttls_feed(starttls, bytes_of_string(cases[i].first));
		for (; got == STARTTLS_GOING && sent <= 2 * STARTTLS_MAX_BYTES; sent += strlen(cases[i].again))
			got = starttls_feed(starttls, bytes_of_string(cases[i].again));
		assert_int_equal(got, STARTTLS_FAILED);
		if (strstr(starttls_reason(starttls), cases[i].words) == NULL)
			fail_msg("%s lacks: %s", starttls_reason(starttls), cases[i].words);
		starttls_free(starttls);
	}
}

static void test_names_and_ports(void **state)
{
	static const struct {
		const char *option;
		uint16_t port;
	} rows[] = {{"smtp", 25}, {"imap", 143}, {"pop3", 110}, {"ldap", 389}, {"xmpp", 5222}};
	static const char *const others[] = {"", "SMTP", "smtps", "ftp", "TLS"};
	enum starttls_protocol protocol = STARTTLS_NONE;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(starttls_find(rows[i].option, &protocol));
		assert_int_equal(starttls_default_port(protocol), rows[i].port);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(starttls_find(others[i], &protocol));
	assert_int_equal(starttls_default_port(STARTTLS_NONE), 443);
}

static void test_a_domain_cannot_say_more_than_a_name(void **state)
{
	static const char *const bad[] = {"", "a'b", "a b", "a>b", "a&b", "a\r\nb", "b\xc3\xbc"};
	static char longest[1000];
	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(starttls_new(STARTTLS_XMPP, bad[i]));
	assert_null(starttls_new(STARTTLS_XMPP, longest));
	assert_null(starttls_new(STARTTLS_NONE, "a.example"));
	starttls_free(NULL);
	struct starttls *address = starttls_new(STARTTLS_XMPP, "fe80::1%eth0");
	assert_non_null(address);
	starttls_free(address);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_protocol_leads_to_tls),
	    cmocka_unit_test(test_ldap_asks_by_the_book_and_reads_every_length),
	    cmocka_unit_test(test_lines_that_lead_nowhere),
	    cmocka_unit_test(test_messages_that_lead_nowhere),
	    cmocka_unit_test(test_streams_that_lead_nowhere),
	    cmocka_unit_test(test_bytes_behind_the_go_ahead_are_a_failure),
	    cmocka_unit_test(test_a_server_of_tls_is_known_by_its_first_byte),
	    cmocka_unit_test(test_a_server_that_never_comes_to_an_end_is_cut_off),
	    cmocka_unit_test(test_names_and_ports),
	    cmocka_unit_test(test_a_domain_cannot_say_more_than_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
