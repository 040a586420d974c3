#include <string.h>

#include <openssl/x509v3.h>

#include "proxy/wire/chain_capture.h"
#include "proxy/wire/tls_client.h"
#include "tests/support/pki.h"
#include "tests/support/tls_peer.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)4 * 1024 * 1024)
#define MAX_CHAIN 200
#define MAX_ROUNDS 20

static const struct certificate *root, *issuing, *leaf;

static int setup(void **state)
{
	(void)state;
	root = PKI(.cn = "Root", .ca = true);
	issuing = PKI(.cn = "Issuing", .issuer = root, .ca = true);
	leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"));
	return 0;
}

/* A client that looks and a server that answers. */
struct talk {
	struct chain_capture *client;
	struct tls_peer *server;
	struct bytes chain[MAX_CHAIN];
};

static struct talk talk_of(const struct chain_capture_options *client, struct tls_peer_options server,
			   const struct certificate *const *chain)
{
	struct talk talk = {0};
	for (server.chain_len = 0; chain[server.chain_len] != NULL; server.chain_len++)
		talk.chain[server.chain_len] = chain[server.chain_len]->der;
	server.chain = talk.chain;
	server.key = pki_key(leaf);
	talk.server = tls_peer_new(&server);
	talk.client = chain_capture_new(client);
	assert_non_null(talk.client);
	return talk;
}

static void talk_cleanup(struct talk *talk)
{
	chain_capture_free(talk->client);
	tls_peer_free(talk->server);
}

/* One round: what the client says, the server's answer into `out`. */
static void ask(struct talk *talk, struct buffer *out)
{
	struct buffer said;
	buffer_init(&said, MAX_BYTES);
	buffer_init(out, MAX_BYTES);
	assert_ok(chain_capture_take_output(talk->client, &said));
	tls_peer_feed(talk->server, buffer_bytes(&said), out);
	buffer_cleanup(&said);
}

/* Goes on until the client has what it wants, or nobody has anything to say. */
static enum chain_capture_state talk_on(struct talk *talk)
{
	enum chain_capture_state state = CAPTURE_GOING;
	for (int round = 0; state == CAPTURE_GOING && round < MAX_ROUNDS; round++) {
		struct buffer answer;
		ask(talk, &answer);
		state = chain_capture_feed(talk->client, buffer_bytes(&answer));
		buffer_cleanup(&answer);
	}
	return state;
}

#define CHAIN(...) ((const struct certificate *const[]){__VA_ARGS__, NULL})

static void expect_chain(const struct chain_capture *capture, const struct certificate *const *chain)
{
	const struct certificate_list *got = chain_capture_chain(capture);
	assert_int_equal(chain_capture_outcome(capture), CHAIN_PROBE_OK);
	assert_string_equal(chain_capture_reason(capture), "");
	for (size_t i = 0; i < got->count; i++) {
		assert_non_null(chain[i]);
		assert_true(certificate_equal(got->items[i].certificate, chain[i]));
		assert_int_equal(got->items[i].source, SOURCE_BACKEND);
	}
	assert_null(chain[got->count]);
}

static void test_the_chain_comes_as_it_is_sent_in_every_version(void **state)
{
	static const struct {
		uint16_t version;
		const char *name;
	} versions[] = {{TLS1_VERSION, "TLSv1"},
			{TLS1_1_VERSION, "TLSv1.1"},
			{TLS1_2_VERSION, "TLSv1.2"},
			{TLS1_3_VERSION, "TLSv1.3"}};
	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct certificate *const *chain = CHAIN(leaf, root, issuing, issuing);
		struct talk talk =
		    talk_of(&(struct chain_capture_options){.sni = "a.example", .source = SOURCE_BACKEND},
			    (struct tls_peer_options){.tls_max = versions[i].version}, chain);
		assert_int_equal(talk_on(&talk), CAPTURE_DONE);
		expect_chain(talk.client, chain);
		assert_string_equal(chain_capture_tls_version(talk.client), versions[i].name);
		assert_string_not_equal(chain_capture_cipher(talk.client), "");
		talk_cleanup(&talk);
	}
}

static void test_the_server_is_asked_for_a_name_but_never_for_an_address(void **state)
{
	static const struct {
		const char *sni, *seen;
	} cases[] = {{"A.Example.", "a.example"},
		     {"b\xc3\xbc"
		      "cher.example",
		      "xn--bcher-kva.example"},
		     {"192.0.2.1", NULL},
		     {"2001:db8::1", NULL},
		     {NULL, NULL}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer answer;
		struct talk talk = talk_of(&(struct chain_capture_options){.sni = cases[i].sni},
					   (struct tls_peer_options){0}, CHAIN(leaf));
		ask(&talk, &answer);
		const char *seen = tls_peer_server_name(talk.server);
		if (cases[i].seen == NULL)
			assert_null(seen);
		else
			assert_string_equal(seen, cases[i].seen);
		buffer_cleanup(&answer);
		talk_cleanup(&talk);
	}
}

static void test_a_server_that_wants_a_client_certificate_is_looked_at(void **state)
{
	static const uint16_t versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct talk talk = talk_of(
		    &(struct chain_capture_options){.source = SOURCE_BACKEND},
		    (struct tls_peer_options){.tls_max = versions[i], .wants_client_certificate = true}, CHAIN(leaf));
		assert_int_equal(talk_on(&talk), CAPTURE_DONE);
		expect_chain(talk.client, CHAIN(leaf));
		talk_cleanup(&talk);
	}
}

static void test_what_fails_after_the_chain_does_not_matter(void **state)
{
	struct buffer answer;
	struct talk talk = talk_of(&(struct chain_capture_options){.source = SOURCE_BACKEND},
				   (struct tls_peer_options){.tls_max = TLS1_2_VERSION}, CHAIN(leaf, issuing));
	(void)state;
	ask(&talk, &answer);
	/* Byte by byte, until the chain is there; then the line is cut. */
	for (size_t i = 0; i < answer.len && !chain_capture_has_chain(talk.client); i++)
		assert_int_equal(chain_capture_feed(talk.client, bytes_of(answer.data + i, 1)), CAPTURE_GOING);
	assert_true(chain_capture_has_chain(talk.client));
	assert_string_equal(chain_capture_refusal(talk.client), "");
	chain_capture_end(talk.client);
	expect_chain(talk.client, CHAIN(leaf, issuing));
	assert_string_equal(chain_capture_refusal(talk.client),
			    "the server closed the connection in the middle of the handshake");
	buffer_cleanup(&answer);
	talk_cleanup(&talk);
}

/* BoringSSL refuses the leaf before it has asked about it in TLS 1.3, and after that in TLS 1.2. */
static void test_a_key_usage_that_does_not_fit(void **state)
{
	static const struct {
		uint16_t version;
		bool ignored, refused;
	} cases[] = {
	    {TLS1_3_VERSION, false, true},
	    {TLS1_3_VERSION, true, true},
	    {TLS1_2_VERSION, false, true},
	    {TLS1_2_VERSION, true, false},
	};
	const struct certificate *wrong =
	    PKI(.cn = "w", .key_type = PKI_RSA_2048, .key_usage = X509v3_KU_DATA_ENCIPHERMENT);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chain_capture_options options = {.source = SOURCE_BACKEND,
							.ignores_key_usage = cases[i].ignored};
		struct talk talk = {0};
		struct bytes chain[] = {wrong->der, issuing->der};
		talk.server = tls_peer_new(&(struct tls_peer_options){
		    .chain = chain, .chain_len = 2, .key = pki_key(wrong), .tls_max = cases[i].version});
		talk.client = chain_capture_new(&options);
		assert_int_equal(talk_on(&talk), CAPTURE_DONE);
		expect_chain(talk.client, CHAIN(wrong, issuing));
		assert_int_equal(chain_capture_refuses_key_usage(talk.client), cases[i].refused);
		assert_int_equal(strstr(chain_capture_refusal(talk.client), "the keyUsage of its certificate") != NULL,
				 cases[i].refused);
		assert_string_not_equal(chain_capture_tls_version(talk.client), "");
		talk_cleanup(&talk);
	}
}

static void test_a_version_of_ones_own_choice(void **state)
{
	SSL_CTX *ctx = NULL;
	assert_ok(tls_client_context_new(TLS1_2_VERSION, TLS1_3_VERSION, &ctx));
	struct talk talk = talk_of(&(struct chain_capture_options){.ssl_ctx = ctx},
				   (struct tls_peer_options){.tls_max = TLS1_1_VERSION}, CHAIN(leaf));
	(void)state;
	SSL_CTX_free(ctx);
	assert_int_equal(talk_on(&talk), CAPTURE_DONE);
	assert_int_equal(chain_capture_outcome(talk.client), CHAIN_PROBE_NOTHING_IN_COMMON);
	assert_non_null(strstr(chain_capture_reason(talk.client),
			       "it speaks no TLS version from 1.2 to 1.3, but an older one, say: it sent the alert"));
	assert_string_equal(chain_capture_tls_version(talk.client), "");
	talk_cleanup(&talk);
}

/* A client that is told these bytes, and then no more. */
static void expect_failure(const char *bytes, size_t len, enum chain_probe_outcome outcome, const char *words)
{
	struct chain_capture *client = chain_capture_new(&(struct chain_capture_options){.sni = "a.example"});
	assert_non_null(client);
	chain_capture_feed(client, bytes_of(bytes, len));
	chain_capture_end(client);
	if (chain_capture_outcome(client) != outcome || strstr(chain_capture_reason(client), words) == NULL)
		fail_msg("%d: %s, and not %d: %s", chain_capture_outcome(client), chain_capture_reason(client), outcome,
			 words);
	assert_int_equal(chain_capture_feed(client, bytes_of("more", 4)), CAPTURE_DONE);
	assert_int_equal(chain_capture_chain(client)->count, 0);
	chain_capture_free(client);
}

#define BYTES(literal) literal, sizeof(literal) - 1

static void test_each_failure_is_told_apart(void **state)
{
	(void)state;
	expect_failure(BYTES(""), CHAIN_PROBE_CLOSED, "closed the connection without a word");
	expect_failure(BYTES("\x16\x03\x03\x00"), CHAIN_PROBE_CLOSED, "in the middle of the handshake");
	expect_failure(BYTES("220 mail.example ESMTP\r\n"), CHAIN_PROBE_PLAIN_TEXT, "plain text");
	expect_failure(BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), CHAIN_PROBE_PLAIN_TEXT, "plain text");
	expect_failure(BYTES("\0"), CHAIN_PROBE_NOT_TLS, "neither TLS nor plain text");
	expect_failure(BYTES("J\0\0\0\n8.0.36"), CHAIN_PROBE_NOT_TLS, "neither TLS nor plain text");
	expect_failure(BYTES("\xff\xfb\x01login:"), CHAIN_PROBE_NOT_TLS, "neither TLS nor plain text");
	expect_failure(BYTES("220 gr\xc3\xbc\xc3\x9f dich\r\n"), CHAIN_PROBE_PLAIN_TEXT, "plain text");
	expect_failure(BYTES("\x15\x03\x01\x00\x02\x02\x28"), CHAIN_PROBE_NOTHING_IN_COMMON, "handshake failure");
	expect_failure(BYTES("\x15\x03\x01\x00\x02\x02\x46"), CHAIN_PROBE_NOTHING_IN_COMMON, "protocol version");
	expect_failure(BYTES("\x15\x03\x01\x00\x02\x02\x70"), CHAIN_PROBE_ALERT, "unrecognized name");
	expect_failure(BYTES("\x15\x03\x01\x00\x02\x02\x50"), CHAIN_PROBE_ALERT, "internal error");
	expect_failure(BYTES("\x16\x03\x01\x00\x04\x01\x00\x00\x00"), CHAIN_PROBE_TLS_FAILED,
		       "the TLS handshake failed");
	/* A server of SSL 3.0, by its ServerHello. */
	expect_failure(BYTES("\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00"
			     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			     "\x00\x00\x0a\x00"),
		       CHAIN_PROBE_NOTHING_IN_COMMON, "no TLS version");
}

static void expect_bad_chain(const struct bytes *chain, size_t chain_len, const char *words)
{
	struct talk talk = {0};
	struct tls_peer_options server = {.chain = chain, .chain_len = chain_len, .key = pki_key(leaf)};
	talk.server = tls_peer_new(&server);
	talk.client = chain_capture_new(&(struct chain_capture_options){0});
	assert_int_equal(talk_on(&talk), CAPTURE_DONE);
	assert_int_equal(chain_capture_outcome(talk.client), CHAIN_PROBE_BAD_CERTIFICATES);
	if (strstr(chain_capture_reason(talk.client), words) == NULL)
		fail_msg("%s", chain_capture_reason(talk.client));
	talk_cleanup(&talk);
}

static void test_certificates_that_cannot_be_read_are_told(void **state)
{
	struct bytes junk[] = {leaf->der, bytes_of("no certificate", 14)};
	struct bytes cut[] = {leaf->der, bytes_of(issuing->der.data, issuing->der.len - 1)};
	(void)state;
	expect_bad_chain(junk, 2, "certificate 2 of 2 that the server sends cannot be read");
	expect_bad_chain(cut, 2, "certificate 2 of 2");
}

static void test_the_first_of_many_certificates_are_read(void **state)
{
	const struct certificate *chain[CHAIN_CAPTURE_MAX_CERTIFICATES + 31] = {0};
	(void)state;
	for (size_t i = 0; i < CHAIN_CAPTURE_MAX_CERTIFICATES + 30; i++)
		chain[i] = leaf;
	struct talk talk =
	    talk_of(&(struct chain_capture_options){.source = SOURCE_BACKEND}, (struct tls_peer_options){0}, chain);
	assert_int_equal(talk_on(&talk), CAPTURE_DONE);
	chain[CHAIN_CAPTURE_MAX_CERTIFICATES] = NULL;
	expect_chain(talk.client, chain);
	talk_cleanup(&talk);
}

/* Empty handshake fragments, again and again: the end comes, by BoringSSL's own rule or by ours. */
static void test_a_server_that_never_comes_to_an_end_is_cut_off(void **state)
{
	static uint8_t alerts[700]; /* warnings that a client passes over */
	struct chain_capture *client = chain_capture_new(&(struct chain_capture_options){0});
	enum chain_capture_state got = CAPTURE_GOING;
	(void)state;
	for (size_t i = 0; i + 7 <= sizeof(alerts); i += 7)
		memcpy(alerts + i, "\x15\x03\x01\x00\x02\x01\x5a", 7);
	for (size_t sent = 0; got == CAPTURE_GOING && sent <= 2 * CHAIN_CAPTURE_MAX_BYTES; sent += sizeof(alerts))
		got = chain_capture_feed(client, bytes_of(alerts, sizeof(alerts)));
	assert_int_equal(got, CAPTURE_DONE);
	assert_int_not_equal(chain_capture_outcome(client), CHAIN_PROBE_OK);
	chain_capture_free(client);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_chain_comes_as_it_is_sent_in_every_version),
	    cmocka_unit_test(test_the_server_is_asked_for_a_name_but_never_for_an_address),
	    cmocka_unit_test(test_a_server_that_wants_a_client_certificate_is_looked_at),
	    cmocka_unit_test(test_what_fails_after_the_chain_does_not_matter),
	    cmocka_unit_test(test_a_key_usage_that_does_not_fit),
	    cmocka_unit_test(test_a_version_of_ones_own_choice),
	    cmocka_unit_test(test_each_failure_is_told_apart),
	    cmocka_unit_test(test_certificates_that_cannot_be_read_are_told),
	    cmocka_unit_test(test_the_first_of_many_certificates_are_read),
	    cmocka_unit_test(test_a_server_that_never_comes_to_an_end_is_cut_off),
	};
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
