#include "proxy/shared/compressed_chain.h"

#include <stdlib.h>

#include <openssl/pool.h>
#include <openssl/stack.h>

#include "conf/config.h"
#include "proxy/shared/ticket_keys.h"
#include "tests/support/decompression.h"
#include "tests/support/memory_handshake.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

enum { MAX_MESSAGE = 64 * 1024, BIG_EXTENSION = 60000 };

/* Leaf and two intermediates. */
static struct certificate_list make_chain(enum pki_key_type type)
{
	const struct certificate *root = PKI(.cn = "Contoso Root CA", .ca = true, .key_type = type);
	const struct certificate *policy =
	    PKI(.cn = "Contoso Policy CA", .ca = true, .issuer = root, .key_type = type, .key_number = 1);
	const struct certificate *issuing =
	    PKI(.cn = "Contoso Issuing CA", .ca = true, .issuer = policy, .key_type = type, .key_number = 2);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"),
					     .key_type = type, .key_number = 3);

	return PKI_LIST(SOURCE_FILE, leaf, issuing, policy);
}

/* The body of a Certificate message, by hand. */
static size_t write_message(const struct certificate_list *chain, uint8_t out[MAX_MESSAGE])
{
	size_t len = 4;

	for (size_t i = 0; i < chain->count; i++) {
		struct bytes der = chain->items[i].certificate->der;

		assert_true(len + der.len + 5 <= MAX_MESSAGE);
		out[len++] = (uint8_t)(der.len >> 16);
		out[len++] = (uint8_t)(der.len >> 8);
		out[len++] = (uint8_t)der.len;
		memcpy(out + len, der.data, der.len);
		len += der.len;
		out[len++] = 0;
		out[len++] = 0;
	}
	out[0] = 0;
	out[1] = (uint8_t)((len - 4) >> 16);
	out[2] = (uint8_t)((len - 4) >> 8);
	out[3] = (uint8_t)(len - 4);
	return len;
}

static void test_every_form_is_the_message_and_smaller(void **state)
{
	static const enum pki_key_type types[] = {PKI_P256, PKI_RSA_2048};
	static uint8_t message[MAX_MESSAGE], room[MAX_MESSAGE];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct certificate_list chain = make_chain(types[i]);
		struct compressed_chain *compressed = NULL;
		size_t len = write_message(&chain, message);

		assert_ok(compressed_chain_new(&chain, &compressed));
		assert_int_equal(compressed->num_forms, 2);
		assert_true(compressed->forms[0].bytes.len <= compressed->forms[1].bytes.len);
		assert_int_not_equal(compressed->forms[0].algorithm, compressed->forms[1].algorithm);
		for (size_t k = 0; k < 2; k++) {
			const struct compressed_form *form = &compressed->forms[k];

			assert_true(form->bytes.len < len * 9 / 10);
			assert_true(decompress(form->algorithm, buffer_bytes(&form->bytes), room, len));
			assert_memory_equal(room, message, len);
		}
		compressed_chain_free(compressed);
		certificate_list_cleanup(&chain);
	}
	compressed_chain_free(NULL);
}

static void test_nothing_else_is_the_message(void **state)
{
	static uint8_t message[MAX_MESSAGE];
	struct certificate_list chain = make_chain(PKI_P256);
	struct compressed_chain *compressed = NULL;
	size_t len = write_message(&chain, message);

	(void)state;
	assert_ok(compressed_chain_new(&chain, &compressed));
	assert_true(compressed_chain_is(compressed, bytes_of(message, len)));
	for (size_t i = 0; i < len; i++) {
		message[i] ^= 1;
		assert_false(compressed_chain_is(compressed, bytes_of(message, len)));
		message[i] ^= 1;
		assert_false(compressed_chain_is(compressed, bytes_of(message, i)));
	}
	assert_false(compressed_chain_is(compressed, bytes_of(message, len + 1)));
	chain.count--;
	len = write_message(&chain, message);
	assert_false(compressed_chain_is(compressed, bytes_of(message, len)));
	chain.count++;
	compressed_chain_free(compressed);
	certificate_list_cleanup(&chain);
}

static struct credential *make_credential(const struct certificate_list *chain, bool compresses)
{
	struct config_site site = {.name = (char[]){"a"},
				   .tls_min = TLS1_2_VERSION,
				   .tls_max = TLS1_3_VERSION,
				   .certificate_compression = compresses};
	struct credential *credential = NULL;

	assert_ok(credential_new(&site, chain, pki_key(chain->items[0].certificate), &credential));
	return credential;
}

/* A client that offers what is in `offers`, a letter each. */
static SSL_CTX *make_client(const char *offers, struct decompression *counts)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_with_buffers_method());

	*counts = (struct decompression){0};
	for (; *offers != '\0'; offers++)
		decompression_offer(ctx, *offers == 'b' ? COMPRESSION_BROTLI : COMPRESSION_ZLIB, counts);
	return ctx;
}

static struct ticket_keys *make_keys(void)
{
	struct ticket_secret secret = {{1}, {2}};
	struct ticket_keys *keys = NULL;

	assert_ok(ticket_keys_new(&secret, 1, &keys));
	return keys;
}

static void test_clients_get_the_same_chain_in_fewer_bytes(void **state)
{
	static const struct {
		const char *offers;
		uint16_t version;
		bool compresses;
		size_t num_brotli, num_zlib;
	} cases[] = {
	    {"", TLS1_3_VERSION, true, 0, 0}, /* the measure of the rest */
	    {"b", TLS1_3_VERSION, true, 1, 0},  {"z", TLS1_3_VERSION, true, 0, 1},
	    {"zb", TLS1_3_VERSION, true, 1, 0}, /* the smaller one, whatever comes first */
	    {"zb", TLS1_2_VERSION, true, 0, 0}, {"zb", TLS1_3_VERSION, false, 0, 0},
	};
	struct certificate_list chain = make_chain(PKI_RSA_2048);
	struct ticket_keys *keys = make_keys();
	struct memory_handshake plain = {.server_bytes = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct credential *credential = make_credential(&chain, cases[i].compresses);
		struct decompression counts;
		struct memory_handshake handshake = {.credential = credential,
						     .ticket_keys = keys,
						     .client_ctx = make_client(cases[i].offers, &counts),
						     .version = cases[i].version};

		assert_true(memory_handshake_run(&handshake));
		if (i == 0)
			plain = handshake;
		assert_int_equal(handshake.num_certificates, 3);
		assert_memory_equal(handshake.certificates_sha256, plain.certificates_sha256, 32);
		assert_int_equal(counts.num_brotli, cases[i].num_brotli);
		assert_int_equal(counts.num_zlib, cases[i].num_zlib);
		if (counts.num_brotli + counts.num_zlib > 0)
			assert_true(handshake.server_bytes + certificate_list_bytes(&chain) / 10 < plain.server_bytes);
		SSL_CTX_free(handshake.client_ctx);
		credential_unref(credential);
	}
	ticket_keys_unref(keys);
	certificate_list_cleanup(&chain);
}

/* With an SCT list in it, the message is another one than was prepared. */
static void test_a_message_that_was_not_prepared(void **state)
{
	static const uint8_t scts[] = {0, 6, 0, 4, 's', 'c', 't', '!'};
	struct certificate_list chain = make_chain(PKI_P256);
	struct credential *credential = make_credential(&chain, true);
	struct decompression counts;

	(void)state;
	assert_int_equal(SSL_CTX_set_signed_cert_timestamp_list(credential->ssl_ctx, scts, sizeof(scts)), 1);
	for (size_t i = 0; i < 2; i++) {
		struct memory_handshake handshake = {.credential = credential,
						     .ticket_keys = make_keys(),
						     .client_ctx = make_client(i == 0 ? "b" : "z", &counts)};
		SSL_CTX_enable_signed_cert_timestamps(handshake.client_ctx);
		assert_true(memory_handshake_run(&handshake));
		assert_int_equal(handshake.num_certificates, 3);
		assert_int_equal(counts.num_brotli + counts.num_zlib, 1);
		ticket_keys_unref(handshake.ticket_keys);
		SSL_CTX_free(handshake.client_ctx);
	}
	credential_unref(credential);
	certificate_list_cleanup(&chain);
}

/* Above the limit nothing is compressed, and the chain goes out as it is. */
static void test_a_chain_above_the_limit(void **state)
{
	uint8_t *content = calloc(1, BIG_EXTENSION);
	struct certificate_list chain = {0};
	struct compressed_chain *compressed = NULL;

	(void)state;
	assert_non_null(content);
	const struct pki_extension extensions[] = {
	    {.oid = "1.2.3.4", .content = bytes_of(content, BIG_EXTENSION)},
	    {.oid = NULL},
	};
	while (certificate_list_bytes(&chain) <= COMPRESSED_CHAIN_MAX_BYTES) {
		const struct certificate *big = PKI(.cn = "big", .extensions = extensions);

		assert_ok(compressed_chain_new(&chain, &compressed));
		assert_int_equal(compressed->num_forms, chain.count == 0 ? 0 : 2);
		compressed_chain_free(compressed);
		assert_ok(certificate_list_append(&chain, big, SOURCE_FILE));
	}
	assert_ok(compressed_chain_new(&chain, &compressed));
	assert_int_equal(compressed->num_forms, 0);
	compressed_chain_free(compressed);
	certificate_list_cleanup(&chain);
	free(content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_form_is_the_message_and_smaller),
	    cmocka_unit_test(test_nothing_else_is_the_message),
	    cmocka_unit_test(test_clients_get_the_same_chain_in_fewer_bytes),
	    cmocka_unit_test(test_a_message_that_was_not_prepared),
	    cmocka_unit_test(test_a_chain_above_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
