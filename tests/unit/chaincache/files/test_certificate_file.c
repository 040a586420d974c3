#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "chaincache/files/certificate_file.h"
#include "chaincache/files/leaf_choice.h"
#include "tests/support/pki.h"
#include "tests/support/unit_data.h"

static const struct certificate_file_options plain = {.source = SOURCE_FILE};
static const struct certificate_file_options secret = {.source = SOURCE_FILE, .password = "secret"};
static const struct certificate_file_options bundle = {
    .source = SOURCE_ROOTS, .max_certificates = 10000, .pass_over_unreadable = true, .skip_keys = true};

static struct error read(const char *name, const struct certificate_file_options *options, struct certificate_file *out)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s%s", UNIT_DATA, name);
	struct error error = certificate_file_read(path, options, out);
	assert_int_equal(ERR_peek_error(), 0);
	return error;
}

static struct error parse_text(const char *text, const struct certificate_file_options *options,
			       struct certificate_file *out)
{
	return certificate_file_parse(bytes_of_string(text), options, out);
}

struct file_case {
	const char *file;
	enum certificate_file_format format;
	size_t num_certificates;
	bool has_key;
};

static void test_reads_every_format(void **state)
{
	static const struct file_case cases[] = {
	    {"leaf.pem", FILE_FORMAT_PEM, 1, false},      {"trusted.pem", FILE_FORMAT_PEM, 1, false},
	    {"chain.p7b", FILE_FORMAT_PEM, 2, false},     {"chain.p7c", FILE_FORMAT_PKCS7, 2, false},
	    {"modern.p12", FILE_FORMAT_PKCS12, 2, true},  {"legacy.p12", FILE_FORMAT_PKCS12, 2, true},
	    {"no-key.p12", FILE_FORMAT_PKCS12, 1, false}, {"ec.pem", FILE_FORMAT_PEM, 0, true},
	    {"rsa-aes128.pem", FILE_FORMAT_PEM, 0, true}, {"ec-pbes2.pem", FILE_FORMAT_PEM, 0, true},
	    {"ec-sec1.der", FILE_FORMAT_KEY, 0, true},    {"ec-pkcs8.der", FILE_FORMAT_KEY, 0, true},
	    {"ec-pbes2.der", FILE_FORMAT_KEY, 0, true},   {"rsa-pkcs1.der", FILE_FORMAT_KEY, 0, true},
	};
	struct certificate_file file;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ok(read(cases[i].file, &secret, &file));
		assert_int_equal(file.format, cases[i].format);
		assert_int_equal(file.certificates.count, cases[i].num_certificates);
		assert_int_equal(file.key != NULL, cases[i].has_key);
		certificate_file_cleanup(&file);
	}
}

static void test_strips_trust_settings(void **state)
{
	struct certificate_file trusted;
	struct certificate_file leaf;
	(void)state;

	assert_ok(read("trusted.pem", &plain, &trusted));
	assert_ok(read("leaf.pem", &plain, &leaf));
	assert_true(certificate_list_equal(&trusted.certificates, &leaf.certificates));
	certificate_file_cleanup(&trusted);
	certificate_file_cleanup(&leaf);
}

struct refusal {
	const char *file;
	enum error_kind kind;
	const char *words;
};

static void test_says_what_there_is_in_place_of_a_certificate(void **state)
{
	static const struct refusal cases[] = {
	    {"request.pem", ERROR_FORMAT, "certificate request (CSR)"},
	    {"request.der", ERROR_FORMAT, "certificate request (CSR)"},
	    {"public.pem", ERROR_FORMAT, "a public key"},
	    {"empty.p7c", ERROR_FORMAT, "PKCS#7 structure holds no certificate"},
	    {"no-mac.p12", ERROR_FORMAT, "has no MAC"},
	    {"modern.p12", ERROR_MISMATCH, "has a password, and none is known"},
	    {"ec-pbes2.pem", ERROR_MISMATCH, "encrypted, and no password"},
	    {"rsa-des3.pem", ERROR_MISMATCH, "encrypted, and no password"},
	    {"make.sh", ERROR_FORMAT, "neither PEM nor DER"},
	};
	struct certificate_file file;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_step(read(cases[i].file, &plain, &file), cases[i].kind, cases[i].words);
		assert_int_equal(file.certificates.count, 0);
		assert_null(file.key);
	}
	assert_step(parse_text("", &plain, &file), ERROR_FORMAT, "the file is empty");
	assert_step(parse_text("hello\n", &plain, &file), ERROR_FORMAT, "neither PEM nor DER");
	assert_step(parse_text("-----BEGIN X-----\nYWJj\n-----END X-----", &plain, &file), ERROR_FORMAT,
		    "no certificate and no key");
	assert_step(parse_text("-----BEGIN X509 CRL-----\nYWJj\n-----END X509 CRL-----", &plain, &file), ERROR_FORMAT,
		    "CRL");
	assert_step(
	    parse_text("-----BEGIN OPENSSH PRIVATE KEY-----\nYWJj\n-----END OPENSSH PRIVATE KEY-----", &plain, &file),
	    ERROR_FORMAT, "ssh-keygen");
	struct error error = certificate_file_read("/nonexistent/file.pem", &plain, &file);
	assert_kind(error, ERROR_SYSTEM);
	assert_int_equal(error.code, ENOENT);
}

/* PEM of the listed certificates, with a text in front and behind each. */
static void write_pem(struct buffer *out, const struct certificate_list *list, const char *front, const char *behind)
{
	buffer_init(out, 4 * 1024 * 1024);
	for (size_t i = 0; i < list->count; i++) {
		assert_ok(buffer_printf(out, "%s", front));
		assert_ok(certificate_write_pem(list->items[i].certificate, out));
		assert_ok(buffer_printf(out, "%s", behind));
	}
}

static void test_keeps_the_order_and_the_source(void **state)
{
	struct certificate_list list =
	    PKI_LIST(SOURCE_FILE, PKI(.cn = "a"), PKI(.cn = "b"), PKI(.cn = "a", .serial = 7));
	struct certificate_file_options options = {.source = SOURCE_BACKEND};
	struct certificate_file file;
	struct buffer text;
	(void)state;

	write_pem(&text, &list, "Bag Attributes\n    friendlyName: x\n", "\n\n");
	assert_ok(certificate_file_parse(buffer_bytes(&text), &options, &file));
	assert_true(certificate_list_equal(&file.certificates, &list));
	assert_int_equal(file.certificates.items[2].source, SOURCE_BACKEND);
	certificate_file_cleanup(&file);
	buffer_cleanup(&text);
	certificate_list_cleanup(&list);
}

/* As an editor of Windows saves it: two bytes a character, in either order, with a mark in front or without. */
static void test_reads_utf_16(void **state)
{
	struct certificate_list list = PKI_LIST(SOURCE_FILE, PKI(.cn = "utf-16"));
	struct certificate_file file;
	struct buffer text;
	struct buffer wide;
	(void)state;

	write_pem(&text, &list, "", "");
	for (int way = 0; way < 4; way++) {
		bool big_endian = way % 2 == 1;
		buffer_init(&wide, 65536);
		if (way < 2)
			assert_ok(buffer_append(&wide, bytes_of(big_endian ? "\xfe\xff" : "\xff\xfe", 2)));
		for (size_t i = 0; i < text.len; i++) {
			const uint8_t pair[2] = {big_endian ? 0 : text.data[i], big_endian ? text.data[i] : 0};
			assert_ok(buffer_append(&wide, bytes_of(pair, 2)));
		}
		assert_ok(certificate_file_parse(buffer_bytes(&wide), &plain, &file));
		assert_true(certificate_list_equal(&file.certificates, &list));
		certificate_file_cleanup(&file);
		buffer_cleanup(&wide);
	}
	buffer_cleanup(&text);
	certificate_list_cleanup(&list);
}

static void test_der_is_read_whole(void **state)
{
	const struct certificate *leaf = PKI(.cn = "der");
	uint8_t bytes[4096];
	struct certificate_file file;
	(void)state;

	memcpy(bytes, leaf->der.data, leaf->der.len);
	bytes[leaf->der.len] = '!';
	assert_ok(certificate_file_parse(leaf->der, &plain, &file));
	assert_int_equal(file.format, FILE_FORMAT_DER);
	assert_true(certificate_equal(file.certificates.items[0].certificate, leaf));
	certificate_file_cleanup(&file);
	assert_step(certificate_file_parse(bytes_of(bytes, leaf->der.len - 1), &plain, &file), ERROR_FORMAT,
		    "cut short");
	assert_step(certificate_file_parse(bytes_of(bytes, leaf->der.len + 1), &plain, &file), ERROR_FORMAT,
		    "bytes follow");
}

struct padding {
	const char *bytes;
	size_t len;
	bool is_read;
};

/* Skips the bytes that editors and transfers leave behind; counts anything else. */
static void test_reads_der_with_padding(void **state)
{
	static const struct padding paddings[] = {
	    {"\n", 1, true},    {"\r\n", 2, true},   {"\0\0\0\0", 4, true},
	    {" \t\n", 3, true}, {"\0\n!", 3, false}, {"abcd", 4, false},
	};
	static const char *const names[] = {"ec-pkcs8.der", "chain.p7c", "modern.p12", "ec-pbes2.der"};
	char text[ERROR_MAX_TEXT], words[64];
	struct certificate_file file;
	struct buffer content;
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(paddings) / sizeof(paddings[0]); j++) {
			unit_data_read(UNIT_DATA, names[i], &content);
			assert_ok(buffer_append(&content, bytes_of(paddings[j].bytes, paddings[j].len)));
			struct error error = certificate_file_parse(buffer_bytes(&content), &secret, &file);
			assert_int_equal(failed(error), !paddings[j].is_read);
			snprintf(words, sizeof(words), "bytes follow the DER structure (%zu of them)", paddings[j].len);
			if (failed(error))
				assert_string_equal(error_print(error, text, sizeof(text)), words);
			certificate_file_cleanup(&file);
			buffer_cleanup(&content);
		}
	}
}

static void test_a_broken_block_is_an_error_or_counted(void **state)
{
	struct certificate_list list = PKI_LIST(SOURCE_FILE, PKI(.cn = "good"));
	struct certificate_file file;
	struct buffer text;
	(void)state;

	write_pem(&text, &list, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
		  "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n-----BEGIN OTHER-----\n%\n-----END "
		  "OTHER-----\n");
	assert_step(certificate_file_parse(buffer_bytes(&text), &plain, &file), ERROR_CRYPTO, "does not parse");
	assert_int_equal(file.certificates.count, 0);
	assert_ok(certificate_file_parse(buffer_bytes(&text), &bundle, &file));
	assert_int_equal(file.certificates.count, 1);
	assert_int_equal(file.num_unreadable, 2);
	certificate_file_cleanup(&file);
	buffer_cleanup(&text);
	certificate_list_cleanup(&list);

	assert_step(parse_text("-----BEGIN CERTIFICATE-----\nMAA=\n", &plain, &file), ERROR_FORMAT, "cut short");
	assert_step(parse_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", &bundle, &file),
		    ERROR_FORMAT, "no certificate in the file parses");
}

static void test_has_a_maximum_of_certificates_and_bytes(void **state)
{
	const struct certificate *leaf = PKI(.cn = "repeated");
	struct certificate_file_options options = plain;
	struct certificate_file file;
	struct buffer text;
	(void)state;

	buffer_init(&text, 4 * 1024 * 1024);
	for (int i = 0; i < CERTIFICATE_FILE_MAX_CERTIFICATES; i++)
		assert_ok(certificate_write_pem(leaf, &text));
	assert_ok(certificate_file_parse(buffer_bytes(&text), &plain, &file));
	assert_int_equal(file.certificates.count, 100);
	certificate_file_cleanup(&file);
	assert_ok(certificate_write_pem(leaf, &text));
	options.source = SOURCE_FETCHED;
	assert_ok(certificate_file_parse(buffer_bytes(&text), &options, &file));
	assert_int_equal(file.certificates.count, 100);
	assert_int_equal(file.num_passed_over, 1);
	certificate_file_cleanup(&file);

	options.source = SOURCE_FILE;
	options.max_certificates = 101;
	options.max_bytes = text.len;
	assert_ok(certificate_file_parse(buffer_bytes(&text), &options, &file));
	certificate_file_cleanup(&file);
	options.max_bytes = text.len - 1;
	assert_step(certificate_file_parse(buffer_bytes(&text), &options, &file), ERROR_LIMIT, "larger");
	options = bundle;
	options.max_certificates = 100;
	assert_step(certificate_file_parse(buffer_bytes(&text), &options, &file), ERROR_LIMIT,
		    "more than 100 certificates");
	buffer_cleanup(&text);
}

/* The first of a bundle, and the key behind it all. */
static void test_passes_over_the_rest_of_a_bundle(void **state)
{
	const struct certificate *leaf = PKI(.cn = "repeated");
	struct certificate_file file;
	struct buffer text, key;
	(void)state;

	buffer_init(&text, 4 * 1024 * 1024);
	for (int i = 0; i < CERTIFICATE_FILE_MAX_READ + 5; i++)
		assert_ok(certificate_write_pem(leaf, &text));
	unit_data_read(UNIT_DATA, "ec.pem", &key);
	assert_ok(buffer_append(&text, buffer_bytes(&key)));
	assert_ok(certificate_file_parse(buffer_bytes(&text), &plain, &file));
	assert_int_equal(file.certificates.count, CERTIFICATE_FILE_MAX_READ);
	assert_non_null(file.key);
	certificate_file_cleanup(&file);
	buffer_cleanup(&text);
	buffer_cleanup(&key);
}

static void read_both(const char *first, const char *second, struct buffer *out)
{
	struct buffer more;

	unit_data_read(UNIT_DATA, first, out);
	unit_data_read(UNIT_DATA, second, &more);
	assert_ok(buffer_append(out, buffer_bytes(&more)));
	buffer_cleanup(&more);
}

static void test_key_and_certificates_may_stand_in_one_file(void **state)
{
	static const char *const orders[][2] = {{"ec.pem", "leaf.pem"}, {"leaf.pem", "ec-pkcs8.pem"}};
	struct certificate_file file;
	struct buffer text;
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		read_both(orders[i][0], orders[i][1], &text);
		assert_ok(certificate_file_parse(buffer_bytes(&text), &plain, &file));
		assert_true(certificate_matches_key(file.certificates.items[0].certificate, file.key));
		certificate_file_cleanup(&file);
		buffer_cleanup(&text);
	}
}

/* The leaf stands last in the container, and its key in another file. */
static void test_the_leaf_need_not_be_first_in_pkcs12(void **state)
{
	struct certificate_file file, key, leaf;
	(void)state;

	assert_ok(read("leaf-last.p12", &secret, &file));
	assert_ok(read("ec.pem", &plain, &key));
	assert_ok(read("leaf.pem", &plain, &leaf));
	assert_int_equal(file.certificates.count, 2);
	assert_false(certificate_equal(file.certificates.items[0].certificate, leaf.certificates.items[0].certificate));
	assert_ok(leaf_choice_put_first(&file.certificates, key.key, PKI_NOW));
	assert_true(certificate_equal(file.certificates.items[0].certificate, leaf.certificates.items[0].certificate));
	certificate_file_cleanup(&file);
	certificate_file_cleanup(&key);
	certificate_file_cleanup(&leaf);
}

/* As Windows saves it: a mark in front, CRLF, and blanks behind the lines. */
static void test_reads_what_windows_saves(void **state)
{
	struct certificate_list list = PKI_LIST(SOURCE_FILE, PKI(.cn = "windows"), PKI(.cn = "second"));
	struct certificate_file file;
	struct buffer text, saved;
	(void)state;

	write_pem(&text, &list, "", "");
	buffer_init(&saved, 65536);
	assert_ok(buffer_append(&saved, bytes_of("\xef\xbb\xbf", 3)));
	for (size_t i = 0; i < text.len; i++)
		assert_ok(
		    buffer_append(&saved, text.data[i] == '\n' ? bytes_of(" \t\r\n", 4) : bytes_of(&text.data[i], 1)));
	assert_ok(certificate_file_parse(buffer_bytes(&saved), &plain, &file));
	assert_true(certificate_list_equal(&file.certificates, &list));
	certificate_file_cleanup(&file);
	buffer_cleanup(&saved);
	buffer_cleanup(&text);
	certificate_list_cleanup(&list);
}

static void test_two_keys_must_be_the_same(void **state)
{
	struct certificate_file file;
	struct buffer text;
	(void)state;

	read_both("ec.pem", "ec-pkcs8.pem", &text);
	assert_ok(certificate_file_parse(buffer_bytes(&text), &plain, &file));
	certificate_file_cleanup(&file);
	buffer_cleanup(&text);
	read_both("ec.pem", "rsa.pem", &text);
	assert_step(certificate_file_parse(buffer_bytes(&text), &plain, &file), ERROR_FORMAT,
		    "more than one private key");
	assert_null(file.key);
	buffer_cleanup(&text);
}

/* X25519 (RFC 8410 7), which BoringSSL reads and which signs nothing. */
static void test_a_key_that_signs_nothing_is_refused(void **state)
{
	struct certificate_file_options skipping = {.source = SOURCE_SERVED, .skip_keys = true};
	uint8_t der[48] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03,
			   0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20, 1};
	struct certificate_file file;
	(void)state;

	assert_step(certificate_file_parse(bytes_of(der, sizeof(der)), &plain, &file), ERROR_FORMAT,
		    "of a kind that is not supported");
	assert_null(file.key);
	assert_step(certificate_file_parse(bytes_of(der, sizeof(der)), &skipping, &file), ERROR_FORMAT,
		    "private key, and no certificate");
}

static void test_skipped_keys_need_no_password(void **state)
{
	struct certificate_file_options options = {.source = SOURCE_SERVED, .skip_keys = true};
	struct certificate_file file;
	struct buffer text;
	(void)state;

	read_both("ec-pbes2.pem", "leaf.pem", &text);
	assert_step(certificate_file_parse(buffer_bytes(&text), &plain, &file), ERROR_MISMATCH, "no password is known");
	assert_ok(certificate_file_parse(buffer_bytes(&text), &options, &file));
	assert_int_equal(file.certificates.count, 1);
	assert_null(file.key);
	certificate_file_cleanup(&file);
	buffer_cleanup(&text);
	assert_step(read("ec.pem", &options, &file), ERROR_FORMAT, "private key, and no certificate");
	assert_step(read("ec-sec1.der", &options, &file), ERROR_FORMAT, "private key, and no certificate");
}

static void test_what_is_fetched_opens_no_password_hash(void **state)
{
	struct certificate_file_options fetched = {.source = SOURCE_FETCHED, .password = "secret"};
	struct certificate_file file;
	(void)state;

	assert_step(read("modern.p12", &fetched, &file), ERROR_FORMAT, "a PKCS#12 file where a certificate");
	assert_step(read("ec-pbes2.der", &fetched, &file), ERROR_FORMAT, "private key, and no certificate");
	assert_ok(read("chain.p7c", &fetched, &file));
	assert_int_equal(file.certificates.items[1].source, SOURCE_FETCHED);
	certificate_file_cleanup(&file);
}

/* The second of two keys asks for fewer turns than a file may, and for too many behind the first one's 2048: it is refused
 * before a turn of it is made. */
static void test_bounds_the_turns_of_all_keys_together(void **state)
{
	static const uint8_t salt_of_8[] = {0x04, 0x08}, salt_of_6[] = {0x04, 0x06};
	static const uint8_t ten_million_less_one[] = {0x02, 0x04, 0x00, 0x98, 0x96, 0x7f};
	struct certificate_file file;
	struct buffer first, second;
	uint8_t base64[1024];
	(void)state;

	unit_data_read(UNIT_DATA, "ec-pbes2.pem", &first);
	unit_data_read(UNIT_DATA, "ec-pbes2.der", &second);
	uint8_t *salt = memmem(second.data, second.len, salt_of_8, sizeof(salt_of_8));
	assert_non_null(salt);
	memcpy(salt, salt_of_6, sizeof(salt_of_6));
	memcpy(salt + sizeof(salt_of_6) + 6, ten_million_less_one, sizeof(ten_million_less_one));
	assert_true(second.len < sizeof(base64) / 2);
	EVP_EncodeBlock(base64, second.data, second.len);

	assert_ok(buffer_printf(&first,
				"-----BEGIN ENCRYPTED PRIVATE KEY-----\n%s\n-----END ENCRYPTED PRIVATE KEY-----\n",
				(const char *)base64));
	assert_step(certificate_file_parse(buffer_bytes(&first), &secret, &file), ERROR_LIMIT,
		    "the private keys of the file ask for more than 10 million turns");
	assert_int_equal(file.fault_block, 2);
	buffer_cleanup(&first);
	buffer_cleanup(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_every_format),
	    cmocka_unit_test(test_strips_trust_settings),
	    cmocka_unit_test(test_says_what_there_is_in_place_of_a_certificate),
	    cmocka_unit_test(test_keeps_the_order_and_the_source),
	    cmocka_unit_test(test_reads_utf_16),
	    cmocka_unit_test(test_der_is_read_whole),
	    cmocka_unit_test(test_reads_der_with_padding),
	    cmocka_unit_test(test_a_broken_block_is_an_error_or_counted),
	    cmocka_unit_test(test_has_a_maximum_of_certificates_and_bytes),
	    cmocka_unit_test(test_passes_over_the_rest_of_a_bundle),
	    cmocka_unit_test(test_key_and_certificates_may_stand_in_one_file),
	    cmocka_unit_test(test_the_leaf_need_not_be_first_in_pkcs12),
	    cmocka_unit_test(test_reads_what_windows_saves),
	    cmocka_unit_test(test_two_keys_must_be_the_same),
	    cmocka_unit_test(test_a_key_that_signs_nothing_is_refused),
	    cmocka_unit_test(test_skipped_keys_need_no_password),
	    cmocka_unit_test(test_what_is_fetched_opens_no_password_hash),
	    cmocka_unit_test(test_bounds_the_turns_of_all_keys_together),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
