#include "proxy/wire/client_hello.h"

#include <stdlib.h>

#include "chaincache/base/buffer.h"
#include "proxy/wire/tls_pump.h"
#include "tests/support/unit.h"

/* The hello comes through a server's SSL, as it does in a connection. */
struct reading {
	bool called;
	struct client_hello hello;
	struct client_hello_demand demand;
	enum client_hello_fit fit;
	const struct tls_groups *groups; /* NULL: not asked about */
	uint16_t group;
	uint8_t alpn[64];
	size_t alpn_len;
};

static enum ssl_select_cert_result_t on_hello(const SSL_CLIENT_HELLO *raw)
{
	struct reading *reading = SSL_get_app_data(raw->ssl);

	reading->called = true;
	client_hello_read(raw, &reading->hello);
	if (reading->demand.ciphers == NULL)
		reading->demand.ciphers = SSL_CTX_get_ciphers(SSL_get_SSL_CTX(raw->ssl));
	reading->fit = client_hello_fit(&reading->hello, &reading->demand);
	reading->group = reading->groups != NULL ? client_hello_sparing_group(&reading->hello, reading->groups) : 0;
	reading->alpn_len = reading->hello.alpn.len;
	assert_in_range(reading->alpn_len, 0, sizeof(reading->alpn));
	memcpy(reading->alpn, reading->hello.alpn.data != NULL ? reading->hello.alpn.data : (const uint8_t *)"",
	       reading->alpn_len);
	return ssl_select_cert_error; /* that is all that is wanted of it */
}

static void ignore(void *to, struct bytes bytes)
{
	(void)to;
	(void)bytes;
}

static void append(struct buffer *buffer, const void *data, size_t len)
{
	assert_ok(buffer_append(buffer, bytes_of(data, len)));
}

static void append_u16(struct buffer *buffer, size_t value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

	append(buffer, bytes, 2);
}

/* A ClientHello in its record, with these cipher suites and these extensions. */
static void read_hello(struct bytes suites, struct bytes extensions, struct reading *out)
{
	static const uint8_t random[32] = {0};
	struct tls_channel channel;
	struct tls_pump pump;
	struct buffer body, record;
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	buffer_init(&body, 65536);
	buffer_init(&record, 65536);
	append_u16(&body, TLS1_2_VERSION);
	append(&body, random, sizeof(random));
	append(&body, "", 1); /* no session id */
	append_u16(&body, suites.len);
	append(&body, suites.data, suites.len);
	append(&body, "\x01\x00", 2);
	append_u16(&body, extensions.len);
	append(&body, extensions.data, extensions.len);
	append(&record, "\x16\x03\x01", 3);
	append_u16(&record, body.len + 4);
	append(&record, "\x01\x00", 2);
	append_u16(&record, body.len);
	append(&record, body.data, body.len);

	SSL_CTX_set_select_certificate_cb(ctx, on_hello);
	SSL *ssl = SSL_new(ctx);
	SSL_set_app_data(ssl, out);
	SSL_set_accept_state(ssl);
	assert_ok(tls_channel_init(&channel, ignore));
	assert_ok(tls_pump_init(&pump, &channel, ssl, NULL));
	struct tls_input input = {.bytes = buffer_bytes(&record)};
	assert_int_equal(tls_pump_handshake(&pump, &input), TLS_FAILED);
	tls_pump_cleanup(&pump);
	tls_channel_cleanup(&channel);
	SSL_CTX_free(ctx);
	buffer_cleanup(&body);
	buffer_cleanup(&record);
}

#define RSA_SUITE "\xc0\x2f"
#define ECDSA_SUITE "\xc0\x2b"
#define TLS13_SUITE "\x13\x01"

static void test_the_name_is_read_from_sni(void **state)
{
	/* The extension's content, as a C string with its length. */
	static const struct {
		const char *content;
		size_t len;
		const char *sni; /* NULL: none */
	} cases[] = {
#define CASE(content, sni) {content, sizeof(content) - 1, sni}
	    CASE("\x00\x0c\x00\x00\x09"
		 "a.example",
		 "a.example"),
	    CASE("\x00\x0d\x00\x00\x0a"
		 "A.Example.",
		 "a.example"),
	    CASE("\x00\x06\x00\x00\x03"
		 "a_b",
		 "a_b"),
	    CASE("\x00\x04\x00\x00\x01"
		 ".",
		 NULL),
	    CASE("\x00\x03\x00\x00\x00", NULL), /* an empty name */
	    CASE("\x00\x06\x00\x00\x03"
		 "a\0b",
		 NULL),
	    CASE("\x00\x06\x00\x00\x03"
		 "a\nb",
		 NULL),
	    CASE("\x00\x06\x00\x00\x03"
		 "a b",
		 NULL),
	    CASE("\x00\x06\x00\x00\x03"
		 "\xc3\xa4"
		 "b",
		 NULL),
	    CASE("\x00\x06\x01\x00\x03"
		 "abc",
		 NULL), /* another type of name */
	    CASE("\x00\x06\x00\x00\xff"
		 "abc",
		 NULL), /* longer than the list */
	    CASE("\xff\xff\x00\x00\x03"
		 "abc",
		 NULL),
	    CASE("\x00", NULL),
	    CASE("", NULL),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading reading = {0};
		struct buffer extensions;

		buffer_init(&extensions, 1000);
		append_u16(&extensions, TLSEXT_TYPE_server_name);
		append_u16(&extensions, cases[i].len);
		append(&extensions, cases[i].content, cases[i].len);
		read_hello(bytes_of(RSA_SUITE, 2), buffer_bytes(&extensions), &reading);
		/* A broken extension may end the handshake before anybody asks. */
		assert_true(reading.called || cases[i].sni == NULL);
		if (reading.hello.has_sni != (cases[i].sni != NULL))
			fail_msg("case %zu: has_sni %d", i, reading.hello.has_sni);
		assert_string_equal(reading.hello.sni, cases[i].sni != NULL ? cases[i].sni : "");
		buffer_cleanup(&extensions);
	}
}

static void test_a_name_above_the_maximum_is_none(void **state)
{
	(void)state;
	for (size_t len = HOST_NAME_MAX_CHARS; len <= HOST_NAME_MAX_CHARS + 1; len++) {
		struct reading reading = {0};
		struct buffer extensions;

		buffer_init(&extensions, 1000);
		append_u16(&extensions, TLSEXT_TYPE_server_name);
		append_u16(&extensions, len + 5);
		append_u16(&extensions, len + 3);
		append(&extensions, "", 1);
		append_u16(&extensions, len);
		for (size_t i = 0; i < len; i++)
			append(&extensions, "a", 1);
		read_hello(bytes_of(RSA_SUITE, 2), buffer_bytes(&extensions), &reading);
		assert_int_equal(reading.hello.has_sni, len == HOST_NAME_MAX_CHARS);
		buffer_cleanup(&extensions);
	}
}

#define ALGORITHMS(list) "\x00\x0d" list
#define P256_AND_RSA ALGORITHMS("\x00\x06\x00\x04\x04\x03\x08\x04")
#define P384_ALONE ALGORITHMS("\x00\x04\x00\x02\x05\x03")
#define ED25519_ALONE ALGORITHMS("\x00\x04\x00\x02\x08\x07")
#define RSA_ONLY ALGORITHMS("\x00\x04\x00\x02\x08\x04")
#define PKCS1_ONLY ALGORITHMS("\x00\x04\x00\x02\x04\x01")
#define GROUP_P256 "\x00\x0a\x00\x04\x00\x02\x00\x17"
#define GROUP_X25519 "\x00\x0a\x00\x04\x00\x02\x00\x1d"
#define GROUPS_X25519_P384 "\x00\x0a\x00\x06\x00\x04\x00\x1d\x00\x18"
#define TLS13 "\x00\x2b\x00\x03\x02\x03\x04"
#define PLAIN_RSA_SUITE "\x00\x9c"

static const struct client_hello_demand p256 = {SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_GROUP_SECP256R1, TLS1_3_VERSION,
						NULL};
static const struct client_hello_demand p256_tls12 = {SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_GROUP_SECP256R1,
						      TLS1_2_VERSION, NULL};
static const struct client_hello_demand p384 = {SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_GROUP_SECP384R1, TLS1_3_VERSION,
						NULL};
static const struct client_hello_demand ed25519 = {SSL_SIGN_ED25519, 0, TLS1_3_VERSION, NULL};
static const struct client_hello_demand rsa = {0, 0, TLS1_3_VERSION, NULL};

static void test_what_a_client_can_verify(void **state)
{
	static const struct {
		const char *suite;
		const char *extensions;
		size_t extensions_len;
		const struct client_hello_demand *demand;
		enum client_hello_fit fit;
	} cases[] = {
#define FITS(suite, extensions, demand) {suite, extensions, sizeof(extensions) - 1, &(demand), CLIENT_HELLO_FITS}
#define UNLIKELY(suite, extensions, demand)                                                                            \
	{                                                                                                              \
		suite, extensions, sizeof(extensions) - 1, &(demand), CLIENT_HELLO_UNLIKELY                            \
	}
#define MISFIT(suite, extensions, demand)                                                                              \
	{                                                                                                              \
		suite, extensions, sizeof(extensions) - 1, &(demand), CLIENT_HELLO_MISFIT                              \
	}
	    FITS(TLS13_SUITE, P256_AND_RSA TLS13, p256), /* groups are for key exchange alone */
	    FITS(TLS13_SUITE, P256_AND_RSA TLS13 GROUP_X25519, p256),
	    MISFIT(TLS13_SUITE, P256_AND_RSA TLS13, p384),
	    MISFIT(TLS13_SUITE, RSA_ONLY TLS13, p256),
	    FITS(TLS13_SUITE, RSA_ONLY TLS13, rsa),
	    MISFIT(TLS13_SUITE, PKCS1_ONLY TLS13, rsa), /* RFC 8446 4.2.3: not in TLS 1.3 */
	    MISFIT(TLS13_SUITE, P384_ALONE TLS13, rsa),
	    FITS(TLS13_SUITE, ED25519_ALONE TLS13, ed25519),
	    FITS(ECDSA_SUITE, P256_AND_RSA TLS13 GROUP_P256, p256_tls12), /* the site stops at TLS 1.2 */
	    UNLIKELY(ECDSA_SUITE, P256_AND_RSA TLS13 GROUP_X25519, p256_tls12),

	    FITS(ECDSA_SUITE, P256_AND_RSA GROUP_P256, p256),
	    UNLIKELY(ECDSA_SUITE, P256_AND_RSA GROUP_X25519, p256),
	    UNLIKELY(ECDSA_SUITE, P256_AND_RSA GROUPS_X25519_P384, p256),
	    FITS(ECDSA_SUITE, P256_AND_RSA GROUPS_X25519_P384, p384), /* any hash */
	    FITS(ECDSA_SUITE, P384_ALONE GROUP_P256, p256),
	    UNLIKELY(ECDSA_SUITE, RSA_ONLY GROUP_P256, p256),
	    MISFIT(RSA_SUITE, P256_AND_RSA GROUP_P256, p256), /* TLS 1.2 names it in the suite too */
	    FITS(ECDSA_SUITE, GROUP_P256, p256), /* SHA-1 */
	    MISFIT(ECDSA_SUITE, P256_AND_RSA, p256), /* no group can be agreed on */
	    FITS(ECDSA_SUITE, ED25519_ALONE GROUP_X25519, ed25519),
	    UNLIKELY(ECDSA_SUITE, GROUP_X25519, ed25519),

	    FITS(RSA_SUITE, GROUP_X25519, rsa),
	    FITS(RSA_SUITE, PKCS1_ONLY GROUP_X25519, rsa),
	    FITS(RSA_SUITE, RSA_ONLY GROUP_X25519, rsa),
	    UNLIKELY(RSA_SUITE, P384_ALONE GROUP_X25519, rsa),
	    MISFIT(RSA_SUITE, RSA_ONLY, rsa),
	    FITS(PLAIN_RSA_SUITE, "", rsa),
	    MISFIT(ECDSA_SUITE, GROUP_X25519, rsa),
	    MISFIT(ECDSA_SUITE, "\x00\x0d\x00\x03\x00\x03\x04", p256), /* cut short */
#undef FITS
#undef UNLIKELY
#undef MISFIT
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading reading = {.demand = *cases[i].demand};

		read_hello(bytes_of(cases[i].suite, 2), bytes_of(cases[i].extensions, cases[i].extensions_len),
			   &reading);
		if (!reading.called || reading.fit != cases[i].fit)
			fail_msg("case %zu: %d", i, reading.fit);
	}
}

static void test_the_protocols_are_read_from_alpn(void **state)
{
	static const char extension[] = "\x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1";
	struct reading reading = {0};

	(void)state;
	read_hello(bytes_of(RSA_SUITE, 2), bytes_of(extension, sizeof(extension) - 1), &reading);
	assert_int_equal(reading.alpn_len, 12);
	assert_memory_equal(reading.alpn, "\x02h2\x08http/1.1", 12);
	reading = (struct reading){0};
	read_hello(bytes_of(RSA_SUITE, 2), bytes_of(NULL, 0), &reading);
	assert_int_equal(reading.alpn_len, 0);
}

/* A hello whose supported_groups and key_shares are these, up to a 0; each share is a few bytes long. */
static uint16_t ask_group(const uint16_t *supported, const uint16_t *shares, bool tls13,
			  const struct tls_groups *groups)
{
	struct buffer extensions, list;
	struct reading reading = {.groups = groups};

	buffer_init(&extensions, 1000);
	buffer_init(&list, 500);
	for (size_t i = 0; supported[i] != 0; i++)
		append_u16(&list, supported[i]);
	append_u16(&extensions, TLSEXT_TYPE_supported_groups);
	append_u16(&extensions, list.len + 2);
	append_u16(&extensions, list.len);
	append(&extensions, list.data, list.len);
	buffer_truncate(&list, 0);
	for (size_t i = 0; shares[i] != 0; i++) {
		append_u16(&list, shares[i]);
		append(&list, "\x00\x03xyz", 5);
	}
	append_u16(&extensions, TLSEXT_TYPE_key_share);
	append_u16(&extensions, list.len + 2);
	append_u16(&extensions, list.len);
	append(&extensions, list.data, list.len);
	if (tls13)
		append(&extensions, "\x00\x2b\x00\x03\x02\x03\x04", 7);
	read_hello(bytes_of(TLS13_SUITE, 2), buffer_bytes(&extensions), &reading);
	assert_true(reading.called);
	buffer_cleanup(&extensions);
	buffer_cleanup(&list);
	return reading.group;
}

enum {
	P256 = SSL_GROUP_SECP256R1,
	P384 = SSL_GROUP_SECP384R1,
	P521 = SSL_GROUP_SECP521R1,
	X25519_ID = SSL_GROUP_X25519
};

static void test_a_share_that_was_sent_spares_a_round_trip(void **state)
{
	static const struct {
		const char *ours; /* NULL: chainmend's own list */
		uint16_t supported[5], shares[5];
		uint16_t group; /* 0: nothing to be done */
	} cases[] = {
	    {NULL, {X25519_ID, P256}, {X25519_ID}, 0}, /* our first has a share */
	    {NULL, {P256, X25519_ID}, {P256, X25519_ID}, 0},
	    {NULL, {P384, X25519_ID}, {P384}, P384},
	    {NULL, {P256, P384, X25519_ID}, {P384, P256}, P256}, /* the best of those that were sent */
	    {NULL, {P521, P384, X25519_ID}, {P521}, 0}, /* a share that is not ours: nothing can be spared */
	    {NULL, {P384, X25519_ID}, {0}, 0}, /* none was sent */
	    {NULL, {X25519_ID}, {X25519_ID, P384}, 0},
	    {NULL, {P256, X25519_ID}, {P384}, 0}, /* a share for what it does not support */
	    {NULL, {0}, {P384}, 0},
	    {"P-256:X25519", {X25519_ID, P256}, {X25519_ID}, X25519_ID}, /* as strong */
	    {"X25519:P-384", {P384, X25519_ID}, {P384}, P384}, /* stronger */
	    {"P-384:X25519", {X25519_ID, P384}, {X25519_ID}, 0}, /* weaker than what was asked for */
	    {"P-384:X25519:P-521", {X25519_ID, P384, P521}, {X25519_ID, P521}, P521},
	    {"P-384:X25519", {X25519_ID, P256}, {X25519_ID}, 0}, /* the first in common */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_groups groups;

		assert_ok(tls_groups_read(cases[i].ours, &groups));
		uint16_t group = ask_group(cases[i].supported, cases[i].shares, true, &groups);
		if (group != cases[i].group)
			fail_msg("case %zu: %u", i, group);
		assert_int_equal(ask_group(cases[i].supported, cases[i].shares, false, &groups), 0);
	}
}

/* A list that is cut anywhere, or names more than there is, is no list of shares. */
static void test_malformed_key_shares(void **state)
{
	static const uint8_t shares[] = {0, 24, 0, 3, 'x', 'y', 'z'};
	static const uint8_t supported[] = {0, 29, 0, 24};
	struct tls_groups groups;

	(void)state;
	assert_ok(tls_groups_read(NULL, &groups));
	for (size_t len = 0; len <= sizeof(shares); len++) {
		struct client_hello hello = {.offers_tls13 = true,
					     .supported_groups = bytes_of(supported, sizeof(supported)),
					     .key_shares = bytes_of(shares, len)};
		assert_int_equal(client_hello_sparing_group(&hello, &groups), len == sizeof(shares) ? P384 : 0);
	}
	for (size_t len = 0; len <= sizeof(supported); len++) {
		struct client_hello hello = {.offers_tls13 = true,
					     .supported_groups = bytes_of(supported, len),
					     .key_shares = bytes_of(shares, sizeof(shares))};
		assert_int_equal(client_hello_sparing_group(&hello, &groups), len == sizeof(supported) ? P384 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_name_is_read_from_sni),
	    cmocka_unit_test(test_a_name_above_the_maximum_is_none),
	    cmocka_unit_test(test_what_a_client_can_verify),
	    cmocka_unit_test(test_the_protocols_are_read_from_alpn),
	    cmocka_unit_test(test_a_share_that_was_sent_spares_a_round_trip),
	    cmocka_unit_test(test_malformed_key_shares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
