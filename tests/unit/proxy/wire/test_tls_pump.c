#include "proxy/wire/tls_pump.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#include <stdlib.h>

/* Two pumps that talk in memory: what one's channel sends waits for the other. */
struct wire {
	struct tls_channel channel;
	struct buffer to_server;
	struct buffer to_client;
	struct tls_pump server;
	struct tls_pump client;
	enum ssl_verify_result_t verdict;
};

static const struct certificate *leaf;

static int make_leaf(void **state)
{
	(void)state;
	leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"));
	return 0;
}

static void keep(void *to, struct bytes bytes)
{
	assert_ok(buffer_append(to, bytes));
}

static enum ssl_verify_result_t on_verify(SSL *ssl, uint8_t *out_alert)
{
	const struct wire *wire = SSL_get_app_data(ssl);

	*out_alert = SSL_AD_UNKNOWN_CA;
	return wire->verdict;
}

static SSL *make_ssl(struct wire *wire, bool server, uint16_t version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (server) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, leaf->x509), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki_key(leaf)), 1);
	} else {
		SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_PEER, on_verify);
	}
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL *ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_app_data(ssl, wire);
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

static void wire_open(struct wire *wire, uint16_t version)
{
	memset(wire, 0, sizeof(*wire));
	wire->verdict = ssl_verify_ok;
	buffer_init(&wire->to_server, SIZE_MAX / 2);
	buffer_init(&wire->to_client, SIZE_MAX / 2);
	assert_ok(tls_channel_init(&wire->channel, keep));
	assert_ok(tls_pump_init(&wire->server, &wire->channel, make_ssl(wire, true, version), &wire->to_client));
	assert_ok(tls_pump_init(&wire->client, &wire->channel, make_ssl(wire, false, version), &wire->to_server));
}

static void wire_close(struct wire *wire)
{
	tls_pump_cleanup(&wire->server);
	tls_pump_cleanup(&wire->client);
	tls_channel_cleanup(&wire->channel);
	buffer_cleanup(&wire->to_server);
	buffer_cleanup(&wire->to_client);
}

/* A wire of TLS 1.3. */
static int setup(void **state)
{
	struct wire *wire = test_calloc(1, sizeof(*wire));

	wire_open(wire, TLS1_3_VERSION);
	*state = wire;
	return 0;
}

static int teardown(void **state)
{
	wire_close(*state);
	test_free(*state);
	return 0;
}

/* Takes up to `max` bytes off the front of `from`. */
static size_t take(struct buffer *from, size_t max, uint8_t *out)
{
	size_t len = from->len < max ? from->len : max;

	if (len == 0)
		return 0;
	memcpy(out, from->data, len);
	from->len -= len;
	memmove(from->data, from->data + len, from->len);
	return len;
}

static enum tls_result step(struct wire *wire, struct tls_pump *pump, struct buffer *from, size_t piece)
{
	uint8_t bytes[65536];
	struct tls_input input = {.bytes = bytes_of(bytes, take(from, piece, bytes))};
	enum tls_result result = tls_pump_handshake(pump, &input);

	tls_channel_flush(&wire->channel);
	return result;
}

/* The handshake in pieces of `piece` bytes; true when both are done. */
static bool shake(struct wire *wire, size_t piece)
{
	enum tls_result client = step(wire, &wire->client, &wire->to_client, piece);
	enum tls_result server = TLS_WANT_INPUT;

	for (int i = 0; i < 20000 && (client != TLS_DONE || server != TLS_DONE); i++) {
		if (server != TLS_DONE)
			server = step(wire, &wire->server, &wire->to_server, piece);
		if (client != TLS_DONE)
			client = step(wire, &wire->client, &wire->to_client, piece);
		if (client == TLS_FAILED || server == TLS_FAILED || client == TLS_WANT_VERDICT)
			return false;
	}
	return client == TLS_DONE && server == TLS_DONE;
}

/* Reads all that waits, in pieces; the last result. */
static enum tls_result read_all(struct tls_pump *pump, struct buffer *from, size_t piece, bool ended,
				struct buffer *out)
{
	static uint8_t bytes[65536], plain[65536];
	enum tls_result result;

	do {
		struct tls_input input = {.bytes = bytes_of(bytes, take(from, piece, bytes))};

		input.ended = ended && from->len == 0;
		do {
			size_t len = 0;

			result = tls_pump_read(pump, &input, plain, sizeof(plain), &len);
			assert_ok(buffer_append(out, bytes_of(plain, len)));
		} while (result == TLS_DONE);
	} while (result == TLS_WANT_INPUT && from->len > 0);
	return result;
}

static void test_both_ways_in_pieces(void **state)
{
	static const size_t pieces[] = {1, 5, 6, 1000, 65536};
	static const uint16_t versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	static uint8_t text[100000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 >> 2);
	for (size_t i = 0; i < 10; i++) {
		size_t piece = pieces[i / 2];
		struct buffer got;
		struct wire wire;

		wire_open(&wire, versions[i % 2]);
		buffer_init(&got, SIZE_MAX / 2);
		assert_true(shake(&wire, piece));
		assert_true(tls_pump_write(&wire.client, bytes_of(text, sizeof(text))));
		assert_true(tls_pump_write(&wire.server, bytes_of(text, 10)));
		tls_pump_end(&wire.client);
		tls_pump_end(&wire.client); /* once is enough */
		tls_channel_flush(&wire.channel);
		assert_int_equal(read_all(&wire.server, &wire.to_server, piece, false, &got), TLS_ENDED);
		assert_false(wire.server.cut);
		assert_true(bytes_equal(buffer_bytes(&got), bytes_of(text, sizeof(text))));
		/* The client has ended, and still reads. */
		buffer_cleanup(&got);
		assert_true(tls_pump_write(&wire.server, bytes_of(text, 20)));
		tls_channel_flush(&wire.channel);
		assert_int_equal(read_all(&wire.client, &wire.to_client, piece, false, &got), TLS_WANT_INPUT);
		assert_int_equal(got.len, 30);
		buffer_cleanup(&got);
		wire_close(&wire);
	}
}

/* The lengths of the records that wait (RFC 8446 5.1: the length stands in the last two of five bytes). */
static size_t record_lengths(const struct buffer *from, size_t *out, size_t max)
{
	size_t count = 0;

	for (size_t at = 0; at + 5 <= from->len && count < max; count++) {
		out[count] = (size_t)from->data[at + 3] << 8 | from->data[at + 4];
		at += 5 + out[count];
	}
	return count;
}

static void test_records_start_small(void **state)
{
	enum { OVERHEAD = 17, LARGE = 16384, MAX_RECORDS = 64 }; /* of TLS 1.3: the type's byte and the tag */
	static uint8_t text[3 * LARGE + TLS_PUMP_SMALL_RECORDS * TLS_PUMP_SMALL_RECORD_BYTES];
	size_t lengths[MAX_RECORDS];
	struct wire *wire = *state;

	assert_true(shake(wire, 65536));
	assert_true(tls_pump_write(&wire->client, bytes_of(text, 3 * LARGE)));
	tls_channel_flush(&wire->channel);
	assert_int_equal(record_lengths(&wire->to_server, lengths, MAX_RECORDS), 3);
	assert_int_equal(lengths[0], LARGE + OVERHEAD);

	wire->to_server.len = 0;
	tls_pump_start_small(&wire->client);
	assert_true(tls_pump_write(&wire->client, bytes_of(text, sizeof(text))));
	tls_channel_flush(&wire->channel);
	assert_int_equal(record_lengths(&wire->to_server, lengths, MAX_RECORDS), TLS_PUMP_SMALL_RECORDS + 3);
	for (size_t i = 0; i < TLS_PUMP_SMALL_RECORDS; i++)
		assert_int_equal(lengths[i], TLS_PUMP_SMALL_RECORD_BYTES + OVERHEAD);
	assert_int_equal(lengths[TLS_PUMP_SMALL_RECORDS], LARGE + OVERHEAD);

	/* A short one is not padded, and counts. */
	wire->to_server.len = 0;
	tls_pump_start_small(&wire->client);
	assert_true(tls_pump_write(&wire->client, bytes_of(text, 1)));
	assert_true(tls_pump_write(&wire->client, bytes_of(text, sizeof(text))));
	tls_channel_flush(&wire->channel);
	record_lengths(&wire->to_server, lengths, MAX_RECORDS);
	assert_int_equal(lengths[0], 1 + OVERHEAD);
	assert_int_equal(lengths[TLS_PUMP_SMALL_RECORDS - 1], TLS_PUMP_SMALL_RECORD_BYTES + OVERHEAD);
	assert_int_equal(lengths[TLS_PUMP_SMALL_RECORDS], LARGE + OVERHEAD);
}

static void test_end_of_input_is_an_end(void **state)
{
	struct buffer got;
	struct wire *wire = *state;

	buffer_init(&got, 1000);
	assert_true(shake(wire, 65536));
	assert_true(tls_pump_write(&wire->client, bytes_of("last", 4)));
	tls_channel_flush(&wire->channel);
	assert_int_equal(read_all(&wire->server, &wire->to_server, 65536, true, &got), TLS_ENDED);
	assert_true(wire->server.cut);
	assert_int_equal(got.len, 4);
	buffer_cleanup(&got);
}

static void test_end_within_a_handshake_is_a_failure(void **state)
{
	struct tls_input nothing = {.ended = true};
	struct wire *wire = *state;

	assert_int_equal(tls_pump_handshake(&wire->server, &nothing), TLS_FAILED);
	assert_int_equal(wire->server.alert, TLS_PUMP_NO_ALERT);
	assert_string_equal(wire->server.reason, "the peer closed the connection");
	tls_pump_end(&wire->server);
	assert_int_equal(wire->channel.send_len, 0);
}

static void test_alert_of_the_peer(void **state)
{
	struct wire *wire = *state;

	wire->verdict = ssl_verify_invalid;
	assert_false(shake(wire, 65536));
	assert_true(wire->client.failed);
	assert_int_equal(step(wire, &wire->server, &wire->to_server, 65536), TLS_FAILED);
	assert_int_equal(wire->server.alert, SSL_AD_UNKNOWN_CA);
}

/* Reads the alert that OpenSSL sends in place of its Finished, in the clear: it has no key of its own yet. */
static void test_alert_in_the_clear(void **state)
{
	static const struct {
		const char *record;
		size_t len;
		int alert;
	} cases[] = {
	    {"\x15\x03\x03\x00\x02\x02\x30", 7, SSL_AD_UNKNOWN_CA},
	    {"\x15\x03\x01\x00\x02\x02\x2d", 7, SSL_AD_CERTIFICATE_EXPIRED},
	    {"\x14\x03\x03\x00\x01\x01\x15\x03\x03\x00\x02\x02\x2a", 13, SSL_AD_BAD_CERTIFICATE},
	    {"\x15\x03\x03\x00\x02\x01\x30", 7, TLS_PUMP_NO_ALERT}, /* a warning */
	    {"\x15\x03\x03\x00\x03\x02\x30\x00", 8, TLS_PUMP_NO_ALERT},
	    {"\x15\x02\x03\x00\x02\x02\x30", 7, TLS_PUMP_NO_ALERT},
	    {"\x16\x03\x03\x00\x02\x02\x30", 7, TLS_PUMP_NO_ALERT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_input input = {.bytes = bytes_of(cases[i].record, cases[i].len)};
		struct wire wire;

		wire_open(&wire, TLS1_3_VERSION);
		assert_int_equal(step(&wire, &wire.client, &wire.to_client, 65536), TLS_WANT_INPUT);
		assert_int_equal(step(&wire, &wire.server, &wire.to_server, 65536), TLS_WANT_INPUT);
		enum tls_result result = tls_pump_handshake(&wire.server, &input);
		assert_true(result == TLS_FAILED || cases[i].alert == TLS_PUMP_NO_ALERT);
		if (wire.server.alert != cases[i].alert)
			fail_msg("case %zu: alert %d", i, wire.server.alert);
		wire_close(&wire);
	}
}

/* One fatal alert, at any time, and none behind close_notify, or to a peer that has sent one itself. */
static void test_one_fatal_alert_is_sent_at_any_time(void **state)
{
	enum { BEFORE, BEHIND_HANDSHAKE, BEHIND_END, BEHIND_ALERT_OF_PEER, WITHOUT_TLS, NUM_TIMES };

	(void)state;
	for (int when = BEFORE; when < NUM_TIMES; when++) {
		struct buffer got;
		struct wire wire;

		wire_open(&wire, TLS1_3_VERSION);
		buffer_init(&got, 1000);
		wire.verdict = when == BEHIND_ALERT_OF_PEER ? ssl_verify_invalid : ssl_verify_ok;
		if (when == BEHIND_HANDSHAKE || when == BEHIND_END)
			assert_true(shake(&wire, 65536));
		if (when == BEHIND_ALERT_OF_PEER) {
			assert_false(shake(&wire, 65536));
			assert_int_equal(step(&wire, &wire.server, &wire.to_server, 65536), TLS_FAILED);
		}
		if (when == BEHIND_END)
			tls_pump_end(&wire.server);
		if (when == WITHOUT_TLS)
			tls_pump_cleanup(&wire.server);
		tls_channel_flush(&wire.channel);
		wire.to_client.len = when == BEHIND_HANDSHAKE ? wire.to_client.len : 0;
		bool told = tls_pump_fail(&wire.server, SSL_AD_INTERNAL_ERROR);
		size_t len = wire.channel.send_len;
		assert_int_equal(told, when != BEHIND_END && when != WITHOUT_TLS);
		assert_int_equal(len > 0, when == BEFORE || when == BEHIND_HANDSHAKE);
		assert_int_equal(tls_pump_fail(&wire.server, SSL_AD_INTERNAL_ERROR), told); /* once is enough */
		assert_int_equal(wire.channel.send_len, len);
		tls_pump_end(&wire.server); /* no clean end behind it */
		assert_int_equal(wire.channel.send_len, len);
		tls_channel_flush(&wire.channel);
		if (when == BEHIND_HANDSHAKE) {
			assert_int_equal(read_all(&wire.client, &wire.to_client, 65536, false, &got), TLS_FAILED);
			assert_int_equal(wire.client.alert, SSL_AD_INTERNAL_ERROR);
		}
		buffer_cleanup(&got);
		wire_close(&wire);
	}
}

/* Sends no second alert where BoringSSL has sent its own. */
static void test_fail_behind_rubbish(void **state)
{
	struct tls_input input = {.bytes = bytes_of_string("this is no record of TLS")};
	struct wire *wire = *state;
	uint8_t plain[64];
	size_t len;

	assert_true(shake(wire, 65536));
	assert_int_equal(tls_pump_read(&wire->server, &input, plain, sizeof(plain), &len), TLS_FAILED);
	assert_true(wire->server.alert_sent);
	assert_false(wire->server.out_of_memory);
	size_t written = wire->channel.send_len;
	assert_true(tls_pump_fail(&wire->server, SSL_AD_INTERNAL_ERROR));
	assert_int_equal(wire->channel.send_len, written);
}

static void test_plain_text_is_no_handshake(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	struct tls_input input = {.bytes = bytes_of(text, sizeof(text) - 1)};
	struct wire *wire = *state;

	assert_int_equal(tls_pump_handshake(&wire->server, &input), TLS_FAILED);
	assert_int_equal(wire->server.alert, TLS_PUMP_NO_ALERT);
	assert_true(strlen(wire->server.reason) > 0);
}

/* BoringSSL sends an alert to some that speak no TLS, and none to others. */
static void test_an_alert_is_taken_back(void **state)
{
	static const char *const texts[] = {"GET / HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tls_input input = {.bytes = bytes_of_string(texts[i])};
		struct wire wire;

		wire_open(&wire, TLS1_3_VERSION);
		assert_int_equal(tls_pump_handshake(&wire.server, &input), TLS_FAILED);
		tls_pump_retract(&wire.server);
		assert_true(tls_pump_fail(&wire.server, SSL_AD_INTERNAL_ERROR));
		assert_int_equal(wire.channel.send_len, 0);
		wire_close(&wire);
	}
}

static void test_verdict_that_comes_later(void **state)
{
	static const enum ssl_verify_result_t verdicts[] = {ssl_verify_ok, ssl_verify_invalid};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tls_input rest;
		struct wire wire;

		wire_open(&wire, TLS1_3_VERSION);
		wire.verdict = ssl_verify_retry;
		assert_false(shake(&wire, 65536));
		assert_false(wire.client.failed);
		wire.verdict = verdicts[i];
		enum tls_result result = tls_pump_resume(&wire.client, &rest);
		tls_channel_flush(&wire.channel);
		tls_pump_release(&wire.client);
		assert_int_equal(result, i == 0 ? TLS_DONE : TLS_FAILED);
		assert_int_equal(step(&wire, &wire.server, &wire.to_server, 65536), i == 0 ? TLS_DONE : TLS_FAILED);
		wire_close(&wire);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_ways_in_pieces),
	    cmocka_unit_test_setup_teardown(test_records_start_small, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_end_of_input_is_an_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_end_within_a_handshake_is_a_failure, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_alert_of_the_peer, setup, teardown),
	    cmocka_unit_test(test_alert_in_the_clear),
	    cmocka_unit_test(test_one_fatal_alert_is_sent_at_any_time),
	    cmocka_unit_test_setup_teardown(test_fail_behind_rubbish, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_plain_text_is_no_handshake, setup, teardown),
	    cmocka_unit_test(test_an_alert_is_taken_back),
	    cmocka_unit_test(test_verdict_that_comes_later),
	};
	return cmocka_run_group_tests(tests, make_leaf, pki_teardown);
}
