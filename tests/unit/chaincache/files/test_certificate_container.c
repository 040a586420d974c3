#include "tests/support/unit.h"

#include <stdlib.h>

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "chaincache/files/certificate_container.h"
#include "tests/support/pki.h"
#include "tests/support/unit_data.h"

static struct error read_pkcs7(const char *name, STACK_OF(CRYPTO_BUFFER) * *out)
{
	struct buffer content;

	unit_data_read(UNIT_DATA, name, &content);
	struct error error = certificate_container_read_pkcs7(buffer_bytes(&content), out);
	buffer_cleanup(&content);
	assert_int_equal(ERR_peek_error(), 0);
	return error;
}

static struct error open_pkcs12(struct bytes der, const char *password, EVP_PKEY **key, STACK_OF(CRYPTO_BUFFER) * *out)
{
	struct password_turns turns;

	password_turns_init(&turns);
	return certificate_container_read_pkcs12(der, password, &turns, key, out);
}

static struct error read_pkcs12(const char *name, const char *password, EVP_PKEY **key, STACK_OF(CRYPTO_BUFFER) * *out)
{
	struct buffer content;

	unit_data_read(UNIT_DATA, name, &content);
	struct error error = open_pkcs12(buffer_bytes(&content), password, key, out);
	buffer_cleanup(&content);
	assert_int_equal(ERR_peek_error(), 0);
	return error;
}

static void free_all(STACK_OF(CRYPTO_BUFFER) * buffers)
{
	sk_CRYPTO_BUFFER_pop_free(buffers, CRYPTO_BUFFER_free);
}

static void test_takes_every_certificate_out_of_pkcs7(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	(void)state;

	assert_ok(read_pkcs7("chain.p7c", &buffers));
	assert_int_equal(sk_CRYPTO_BUFFER_num(buffers), 2);
	for (size_t i = 0; i < 2; i++) {
		const CRYPTO_BUFFER *buffer = sk_CRYPTO_BUFFER_value(buffers, i);
		const struct certificate *certificate;
		assert_ok(
		    certificate_parse(bytes_of(CRYPTO_BUFFER_data(buffer), CRYPTO_BUFFER_len(buffer)), &certificate));
		certificate_unref(certificate);
	}
	free_all(buffers);
}

static void test_tells_an_empty_pkcs7(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	(void)state;

	assert_step(read_pkcs7("empty.p7c", &buffers), ERROR_FORMAT, "holds no certificate");
	assert_null(buffers);
}

static void test_tells_a_broken_pkcs7(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	struct buffer content;
	(void)state;

	unit_data_read(UNIT_DATA, "chain.p7c", &content);
	for (size_t len = 0; len < content.len; len++)
		assert_true(failed(certificate_container_read_pkcs7(bytes_of(content.data, len), &buffers)));
	assert_ok(buffer_append(&content, bytes_of("", 1)));
	assert_step(certificate_container_read_pkcs7(buffer_bytes(&content), &buffers), ERROR_FORMAT, "bytes follow");
	buffer_cleanup(&content);
	assert_kind(read_pkcs7("modern.p12", &buffers), ERROR_CRYPTO);
}

static void test_containers_have_a_maximum(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	EVP_PKEY *key;
	uint8_t *bytes = calloc(1, CERTIFICATE_CONTAINER_MAX_BYTES + 1);
	struct bytes large = bytes_of(bytes, CERTIFICATE_CONTAINER_MAX_BYTES + 1);
	(void)state;

	assert_non_null(bytes);
	assert_step(certificate_container_read_pkcs7(large, &buffers), ERROR_LIMIT, "4 MiB");
	assert_step(open_pkcs12(large, NULL, &key, &buffers), ERROR_LIMIT, "4 MiB");
	free(bytes);
}

static void test_opens_pkcs12_of_both_ages(void **state)
{
	static const char *const files[] = {"modern.p12", "legacy.p12"};
	STACK_OF(CRYPTO_BUFFER) * buffers;
	EVP_PKEY *key;
	(void)state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_ok(read_pkcs12(files[i], "secret", &key, &buffers));
		assert_int_equal(sk_CRYPTO_BUFFER_num(buffers), 2);
		assert_int_equal(EVP_PKEY_id(key), EVP_PKEY_EC);
		EVP_PKEY_free(key);
		free_all(buffers);
		assert_step(read_pkcs12(files[i], NULL, &key, &buffers), ERROR_MISMATCH, "none is known");
		assert_step(read_pkcs12(files[i], "wrong", &key, &buffers), ERROR_MISMATCH, "does not open");
		assert_null(key);
		assert_null(buffers);
	}
}

static void test_the_empty_password_is_tried_where_none_is_known(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	EVP_PKEY *key;
	(void)state;

	assert_ok(read_pkcs12("empty-password.p12", NULL, &key, &buffers));
	EVP_PKEY_free(key);
	free_all(buffers);
	assert_ok(read_pkcs12("empty-password.p12", "", &key, &buffers));
	EVP_PKEY_free(key);
	free_all(buffers);
	assert_step(read_pkcs12("empty-password.p12", "secret", &key, &buffers), ERROR_MISMATCH, "does not open");
}

static void test_pkcs12_may_lack_a_key_but_not_a_mac(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	EVP_PKEY *key;
	(void)state;

	assert_ok(read_pkcs12("no-key.p12", "secret", &key, &buffers));
	assert_null(key);
	assert_int_equal(sk_CRYPTO_BUFFER_num(buffers), 1);
	free_all(buffers);
	assert_step(read_pkcs12("no-mac.p12", "secret", &key, &buffers), ERROR_FORMAT, "has no MAC");
}

static void test_two_keys_in_pkcs12_are_told(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	EVP_PKEY *key;
	(void)state;

	assert_step(read_pkcs12("two-keys.p12", "secret", &key, &buffers), ERROR_FORMAT, "more than one private key");
	assert_null(key);
	assert_null(buffers);
	/* The file itself is in order: it is the password that is looked at first. */
	assert_step(read_pkcs12("two-keys.p12", "wrong", &key, &buffers), ERROR_MISMATCH, "does not open");
}

/* It leaves out a NULL of PBKDF2, which BoringSSL insists on. */
static void test_pkcs12_of_gnutls(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	EVP_PKEY *key;
	(void)state;

	assert_ok(read_pkcs12("gnutls.p12", "secret", &key, &buffers));
	assert_non_null(key);
	EVP_PKEY_free(key);
	sk_CRYPTO_BUFFER_pop_free(buffers, CRYPTO_BUFFER_free);
	assert_step(read_pkcs12("gnutls.p12", "wrong", &key, &buffers), ERROR_MISMATCH, "does not open");
}

static void test_tells_a_broken_pkcs12(void **state)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	struct buffer content;
	EVP_PKEY *key;
	(void)state;

	unit_data_read(UNIT_DATA, "legacy.p12", &content);
	for (size_t len = 0; len < content.len; len += 7)
		assert_true(failed(open_pkcs12(bytes_of(content.data, len), "secret", &key, &buffers)));
	buffer_cleanup(&content);
	assert_step(read_pkcs12("chain.p7c", "secret", &key, &buffers), ERROR_FORMAT, "does not parse");
}

/* A skeleton of one: a version, and a password hash of a hundred million turns. In DER and in BER, where the version has an
 * indefinite length around it or a longer one than it needs, or the salt is in pieces. */
static void test_pkcs12_cannot_ask_for_endless_work(void **state)
{
	static const struct {
		uint8_t bytes[24];
		size_t len;
	} cases[] = {
	    {{0x30, 0x0d, 0x02, 0x01, 0x03, 0x30, 0x08, 0x04, 0x00, 0x02, 0x04, 0x05, 0xf5, 0xe1, 0x00}, 15},
	    {{0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x08, 0x04, 0x00, 0x02, 0x04, 0x05, 0xf5, 0xe1, 0x00, 0x00, 0x00},
	     17},
	    {{0x30, 0x0e, 0x02, 0x81, 0x01, 0x03, 0x30, 0x08, 0x04, 0x00, 0x02, 0x04, 0x05, 0xf5, 0xe1, 0x00}, 16},
	    {{0x30, 0x11, 0x02, 0x01, 0x03, 0x30, 0x0c, 0x24, 0x80, 0x04, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xf5,
	      0xe1, 0x00},
	     19},
	};
	STACK_OF(CRYPTO_BUFFER) * buffers;
	EVP_PKEY *key;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_step(open_pkcs12(bytes_of(cases[i].bytes, cases[i].len), "secret", &key, &buffers), ERROR_LIMIT,
			    "10 million turns");
	/* Six million are few for a password, and too many where the empty one and none are both tried. */
	static const uint8_t six_million[] = {0x30, 0x0d, 0x02, 0x01, 0x03, 0x30, 0x08, 0x04,
					      0x00, 0x02, 0x04, 0x00, 0x5b, 0x8d, 0x80};
	struct bytes der = bytes_of(six_million, sizeof(six_million));
	assert_step(open_pkcs12(der, "", &key, &buffers), ERROR_LIMIT, "10 million turns");
	assert_step(open_pkcs12(der, NULL, &key, &buffers), ERROR_LIMIT, "10 million turns");
	assert_int_not_equal(open_pkcs12(der, "secret", &key, &buffers).kind, ERROR_LIMIT);
}

/* Writes DER as BER: each length that may be is indefinite, and each OCTET STRING is in pieces. */
static void write_as_ber(CBS der, struct buffer *out)
{
	static const uint8_t ends[2] = {0};
	enum { PIECE_BYTES = 100 };
	CBS element;
	CBS content;
	CBS_ASN1_TAG tag;
	size_t header_len;

	while (CBS_get_any_asn1_element(&der, &element, &tag, &header_len)) {
		bool is_string = tag == CBS_ASN1_OCTETSTRING;
		if (!is_string && (tag & CBS_ASN1_CONSTRUCTED) == 0) {
			assert_ok(buffer_append(out, bytes_of(CBS_data(&element), CBS_len(&element))));
			continue;
		}
		uint8_t open[] = {CBS_data(&element)[0] | 0x20, 0x80};
		assert_ok(buffer_append(out, bytes_of(open, sizeof(open))));
		content = element;
		assert_true(CBS_skip(&content, header_len));
		if (!is_string)
			write_as_ber(content, out);
		while (is_string && CBS_len(&content) > 0) {
			size_t len = CBS_len(&content) < PIECE_BYTES ? CBS_len(&content) : PIECE_BYTES;
			uint8_t header[] = {0x04, (uint8_t)len};
			assert_ok(buffer_append(out, bytes_of(header, sizeof(header))));
			assert_ok(buffer_append(out, bytes_of(CBS_data(&content), len)));
			assert_true(CBS_skip(&content, len));
		}
		assert_ok(buffer_append(out, bytes_of(ends, sizeof(ends))));
	}
}

static void read_as_ber(const char *name, struct buffer *out)
{
	struct buffer content;
	CBS der;

	unit_data_read(UNIT_DATA, name, &content);
	CBS_init(&der, content.data, content.len);
	buffer_init(out, CERTIFICATE_CONTAINER_MAX_BYTES);
	write_as_ber(der, out);
	buffer_cleanup(&content);
}

/* Windows and NSS write PKCS#12 so, and some authorities PKCS#7. */
static void test_opens_what_is_written_in_ber(void **state)
{
	static const char *const files[] = {"modern.p12", "legacy.p12"};
	STACK_OF(CRYPTO_BUFFER) * buffers;
	struct buffer content;
	EVP_PKEY *key;
	(void)state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		read_as_ber(files[i], &content);
		assert_ok(open_pkcs12(buffer_bytes(&content), "secret", &key, &buffers));
		assert_non_null(key);
		assert_int_equal(sk_CRYPTO_BUFFER_num(buffers), 2);
		EVP_PKEY_free(key);
		free_all(buffers);
		buffer_cleanup(&content);
	}
	read_as_ber("chain.p7c", &content);
	assert_ok(certificate_container_read_pkcs7(buffer_bytes(&content), &buffers));
	assert_int_equal(sk_CRYPTO_BUFFER_num(buffers), 2);
	free_all(buffers);
	buffer_cleanup(&content);
}

/* A ContentInfo of signedData, in it `depth` sequences of indefinite length, and in them an OCTET STRING of 3 MiB. */
static void write_nested(struct buffer *out, size_t depth)
{
	static const uint8_t head[] = {0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x80};
	static const uint8_t opens[] = {0x30, 0x80}, string[] = {0x04, 0x83, 0x30, 0x00, 0x00}, ends[2] = {0};
	enum { STRING_BYTES = 0x300000 };

	buffer_init(out, CERTIFICATE_CONTAINER_MAX_BYTES);
	assert_ok(buffer_append(out, bytes_of(head, sizeof(head))));
	for (size_t i = 0; i < depth; i++)
		assert_ok(buffer_append(out, bytes_of(opens, sizeof(opens))));
	assert_ok(buffer_append(out, bytes_of(string, sizeof(string))));
	assert_ok(buffer_reserve(out, STRING_BYTES));
	memset(out->data + out->len, 'a', STRING_BYTES);
	out->len += STRING_BYTES;
	for (size_t i = 0; i < depth + 2; i++)
		assert_ok(buffer_append(out, bytes_of(ends, sizeof(ends))));
}

static void test_a_nest_is_not_looked_into(void **state)
{
	static const size_t depths[] = {100, 2000, 200000};
	STACK_OF(CRYPTO_BUFFER) * buffers;
	struct buffer content;
	EVP_PKEY *key;
	(void)state;

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		write_nested(&content, depths[i]);
		assert_step(certificate_container_read_pkcs7(buffer_bytes(&content), &buffers), ERROR_LIMIT, "64 deep");
		assert_step(open_pkcs12(buffer_bytes(&content), NULL, &key, &buffers), ERROR_LIMIT, "64 deep");
		assert_null(buffers);
		buffer_cleanup(&content);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_takes_every_certificate_out_of_pkcs7),
	    cmocka_unit_test(test_tells_an_empty_pkcs7),
	    cmocka_unit_test(test_tells_a_broken_pkcs7),
	    cmocka_unit_test(test_containers_have_a_maximum),
	    cmocka_unit_test(test_opens_pkcs12_of_both_ages),
	    cmocka_unit_test(test_the_empty_password_is_tried_where_none_is_known),
	    cmocka_unit_test(test_pkcs12_may_lack_a_key_but_not_a_mac),
	    cmocka_unit_test(test_two_keys_in_pkcs12_are_told),
	    cmocka_unit_test(test_pkcs12_of_gnutls),
	    cmocka_unit_test(test_tells_a_broken_pkcs12),
	    cmocka_unit_test(test_pkcs12_cannot_ask_for_endless_work),
	    cmocka_unit_test(test_opens_what_is_written_in_ber),
	    cmocka_unit_test(test_a_nest_is_not_looked_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
