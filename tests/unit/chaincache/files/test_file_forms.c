/* Whole files in the forms that other programs write, each through certificate_file_parse. */
#include "tests/support/unit.h"

#include <stdio.h>

#include <openssl/base64.h>

#include "chaincache/files/certificate_file.h"
#include "tests/support/pki.h"
#include "tests/support/unit_data.h"

enum { LINE_CHARS = 64, MAX_BYTES = 1024 * 1024 };

static const struct certificate_file_options plain = {.source = SOURCE_FILE, .password = "secret"};
static const struct certificate_file_options fetched = {.source = SOURCE_FETCHED, .pass_over_unreadable = true};
static const struct certificate_file_options roots = {
    .source = SOURCE_ROOTS, .max_certificates = 1000, .pass_over_unreadable = true, .skip_keys = true};
static const struct certificate_file_options import = {
    .source = SOURCE_FILE, .max_certificates = 1000, .pass_over_unreadable = true, .skip_keys = true};

static void append(struct buffer *out, const void *data, size_t len)
{
	assert_ok(buffer_append(out, bytes_of(data, len)));
}

/* `line_end` after each 64 characters, or NULL for one line. */
static void append_base64(struct buffer *out, struct bytes der, const char *line_end)
{
	uint8_t *text = malloc(der.len * 2 + 4);
	assert_non_null(text);
	size_t len = EVP_EncodeBlock(text, der.data, der.len);

	for (size_t at = 0; at < len; at += LINE_CHARS) {
		append(out, text + at, len - at < LINE_CHARS ? len - at : LINE_CHARS);
		if (line_end != NULL)
			append(out, line_end, strlen(line_end));
	}
	free(text);
}

static void append_block(struct buffer *out, const char *label, struct bytes der)
{
	assert_ok(buffer_printf(out, "-----BEGIN %s-----\n", label));
	append_base64(out, der, "\n");
	assert_ok(buffer_printf(out, "-----END %s-----\n", label));
}

static void widen(const struct buffer *text, bool big_endian, bool has_mark, struct buffer *out)
{
	uint8_t mark[] = {0xfe, 0xff}, pair[2] = {0};

	buffer_init(out, 2 * MAX_BYTES);
	if (has_mark)
		append(out, big_endian ? mark : (uint8_t[]){0xff, 0xfe}, 2);
	for (size_t i = 0; i < text->len; i++) {
		pair[big_endian] = text->data[i];
		append(out, pair, 2);
	}
}

struct content_case {
	const char *file; /* DER of tests/unit/data; NULL: a certificate */
	size_t num_certificates;
	bool has_key;
};

static const struct content_case contents[] = {
    {NULL, 1, false},          {"chain.p7c", 2, false},   {"modern.p12", 2, true},
    {"ec-pkcs8.der", 0, true}, {"ec-pbes2.der", 0, true},
};

static void read_content(const struct content_case *row, struct buffer *out)
{
	if (row->file != NULL) {
		unit_data_read(UNIT_DATA, row->file, out);
		return;
	}
	buffer_init(out, MAX_BYTES);
	const struct certificate *certificate = PKI(.cn = "form");
	assert_ok(buffer_append(out, certificate->der));
}

static void expect(const struct buffer *text, const struct content_case *row)
{
	struct certificate_file file;

	assert_ok(certificate_file_parse(buffer_bytes(text), &plain, &file));
	assert_int_equal(file.certificates.count, row->num_certificates);
	assert_int_equal(file.key != NULL, row->has_key);
	certificate_file_cleanup(&file);
}

static void expect_wide(const struct buffer *text, const struct content_case *row)
{
	struct buffer wide;

	for (int form = 0; form < 4; form++) {
		widen(text, (form & 1) != 0, (form & 2) != 0, &wide);
		expect(&wide, row);
		buffer_cleanup(&wide);
	}
}

static void test_reads_base64_without_header(void **state)
{
	static const char *const line_ends[] = {NULL, "\n", "\r\n", "\r", " \n"};
	struct buffer der, text, marked;
	(void)state;

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		read_content(&contents[i], &der);
		for (size_t j = 0; j < sizeof(line_ends) / sizeof(line_ends[0]); j++) {
			buffer_init(&text, MAX_BYTES);
			append_base64(&text, buffer_bytes(&der), line_ends[j]);
			expect(&text, &contents[i]);
			expect_wide(&text, &contents[i]);
			buffer_init(&marked, MAX_BYTES);
			assert_ok(buffer_printf(&marked, "\xef\xbb\xbf\"%s\"\n", buffer_text(&text)));
			expect(&marked, &contents[i]);
			buffer_cleanup(&marked);
			buffer_cleanup(&text);
		}
		buffer_cleanup(&der);
	}
}

/* As in a secret of Kubernetes. Once only: base64 of base64 is nothing. */
static void test_reads_base64_of_pem(void **state)
{
	struct buffer der, pem, text, twice;
	struct certificate_file file;
	(void)state;

	read_content(&contents[0], &der);
	buffer_init(&pem, MAX_BYTES);
	append_block(&pem, "CERTIFICATE", buffer_bytes(&der));
	buffer_init(&text, MAX_BYTES);
	append_base64(&text, buffer_bytes(&pem), NULL);
	expect(&text, &contents[0]);
	buffer_init(&twice, MAX_BYTES);
	append_base64(&twice, buffer_bytes(&text), NULL);
	assert_step(certificate_file_parse(buffer_bytes(&twice), &plain, &file), ERROR_FORMAT, "neither PEM nor DER");
	text.len--;
	assert_step(certificate_file_parse(buffer_bytes(&text), &plain, &file), ERROR_FORMAT, "its end is missing");
	buffer_cleanup(&twice);
	buffer_cleanup(&text);
	buffer_cleanup(&pem);
	buffer_cleanup(&der);
}

static void test_the_content_decides_whatever_the_label(void **state)
{
	static const char *const labels[] = {
	    "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7",       "PKCS #7 SIGNED DATA",
	    "CMS",         "PKCS12",           "CERTIFICATE ",        "PRIVATE KEY", "RSA PRIVATE KEY",
	};
	struct buffer der, text;
	(void)state;

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		read_content(&contents[i], &der);
		for (size_t j = 0; j < sizeof(labels) / sizeof(labels[0]); j++) {
			if (contents[i].has_key && strcmp(labels[j], "CERTIFICATE ") == 0)
				continue; /* an unknown label: what holds a key is passed over */
			buffer_init(&text, MAX_BYTES);
			append_block(&text, labels[j], buffer_bytes(&der));
			expect(&text, &contents[i]);
			expect_wide(&text, &contents[i]);
			buffer_cleanup(&text);
		}
		buffer_cleanup(&der);
	}
}

/* A request under the label of the leaf: the intermediate behind it is not the leaf. */
static void test_a_wrong_content_is_said(void **state)
{
	struct certificate_file file;
	struct buffer request, text;
	(void)state;

	unit_data_read(UNIT_DATA, "request.der", &request);
	buffer_init(&text, MAX_BYTES);
	append_block(&text, "CERTIFICATE", buffer_bytes(&request));
	assert_ok(certificate_write_pem(PKI(.cn = "Issuing", .ca = true), &text));
	assert_step(certificate_file_parse(buffer_bytes(&text), &plain, &file), ERROR_FORMAT, "request (CSR)");
	assert_int_equal(file.fault_block, 1);
	assert_ok(certificate_file_parse(buffer_bytes(&text), &import, &file));
	assert_int_equal(file.num_unreadable, 1);
	certificate_file_cleanup(&file);
	buffer_cleanup(&text);
	buffer_cleanup(&request);
}

/* No leaf goes missing in silence, and no root; an import counts what it passes over. */
static void test_a_damaged_line_is_an_error_or_counted(void **state)
{
	struct certificate_file file;
	struct buffer text;
	(void)state;

	buffer_init(&text, MAX_BYTES);
	assert_ok(certificate_write_pem(PKI(.cn = "leaf"), &text));
	text.data[0] = ' ';
	assert_ok(certificate_write_pem(PKI(.cn = "Issuing", .ca = true), &text));
	assert_step(certificate_file_parse(buffer_bytes(&text), &plain, &file), ERROR_FORMAT, "looks like a BEGIN");
	assert_int_equal(file.fault_line, 0);
	assert_step(certificate_file_parse(buffer_bytes(&text), &roots, &file), ERROR_FORMAT, "looks like a BEGIN");
	assert_ok(certificate_file_parse(buffer_bytes(&text), &import, &file));
	assert_int_equal(file.certificates.count, 1);
	assert_int_equal(file.num_unreadable, 2); /* the BEGIN line, and the END line that it left alone */
	certificate_file_cleanup(&file);
	buffer_cleanup(&text);
}

struct foreign_case {
	const char *text;
	size_t len; /* 0: of the string */
	const char *words;
};

static void test_names_files_of_other_programs(void **state)
{
	static const struct foreign_case cases[] = {
	    {"\0\0\0\2\0\0\0\x14........", 16, "Bouncy Castle"},
	    {"\xef\xbb\xbf  <!DOCTYPE HTML><title>Login</title>", 0, "HTML"},
	    {"<html><body>407</body></html>", 0, "HTML"},
	    {"<?xml version=\"1.0\"?><x/>", 0, "XML"},
	    {"PuTTY-User-Key-File-3: ssh-rsa\n", 0, "PuTTY"},
	    {"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBF\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n", 0, "PGP"},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----\nYWJj\n-----END OPENSSH PRIVATE KEY-----\n", 0, "OpenSSH"},
	    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 a@b\n", 0, "SSH"},
	    {"PK\3\4.....", 0, "ZIP"},
	    {"%PDF-1.7", 0, "PDF"},
	};
	struct certificate_file file;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = cases[i].len > 0 ? cases[i].len : strlen(cases[i].text);
		assert_step(certificate_file_parse(bytes_of(cases[i].text, len), &plain, &file), ERROR_FORMAT,
			    cases[i].words);
		assert_step(certificate_file_parse(bytes_of(cases[i].text, len), &import, &file), ERROR_FORMAT,
			    cases[i].words);
	}
}

/* Java keystores */

static void append_number(struct buffer *out, uint64_t number, unsigned num_bytes)
{
	for (unsigned i = num_bytes; i-- > 0;) {
		uint8_t byte = (uint8_t)(number >> (8 * i));
		append(out, &byte, 1);
	}
}

static void append_text(struct buffer *out, const char *text)
{
	append_number(out, strlen(text), 2);
	append(out, text, strlen(text));
}

static void append_java_certificate(struct buffer *out, uint32_t version, const struct certificate *certificate)
{
	if (version == 2)
		append_text(out, "X.509");
	append_number(out, certificate->der.len, 4);
	assert_ok(buffer_append(out, certificate->der));
}

static void append_entry(struct buffer *out, uint32_t kind)
{
	append_number(out, kind, 4);
	append_text(out, "alias");
	append_number(out, 1577836800000, 8);
}

/* A key with a chain of one, then a trusted certificate. */
static void make_keystore(struct buffer *out, uint32_t magic, uint32_t version, const struct certificate *leaf,
			  const struct certificate *root)
{
	uint8_t digest[20] = {0};

	buffer_init(out, MAX_BYTES);
	append_number(out, magic, 4);
	append_number(out, version, 4);
	append_number(out, 2, 4);
	append_entry(out, 1);
	append_number(out, 4, 4);
	append(out, "key!", 4);
	append_number(out, 1, 4);
	append_java_certificate(out, version, leaf);
	append_entry(out, 2);
	append_java_certificate(out, version, root);
	append(out, digest, sizeof(digest));
}

static void test_reads_java_keystores_as_stores(void **state)
{
	static const uint32_t magics[] = {0xfeedfeed, 0xcececece};
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = root);
	struct certificate_file file;
	struct buffer content;
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		make_keystore(&content, magics[i / 2], 1 + i % 2, leaf, root);
		assert_ok(certificate_file_parse(buffer_bytes(&content), &roots, &file));
		assert_int_equal(file.certificates.count, 1);
		assert_true(certificate_equal(file.certificates.items[0].certificate, root));
		certificate_file_cleanup(&file);
		assert_ok(certificate_file_parse(buffer_bytes(&content), &import, &file));
		assert_int_equal(file.certificates.count, 2);
		certificate_file_cleanup(&file);
		assert_step(certificate_file_parse(buffer_bytes(&content), &plain, &file), ERROR_FORMAT,
			    "keytool -importkeystore");
		assert_step(certificate_file_parse(buffer_bytes(&content), &fetched, &file), ERROR_FORMAT,
			    "Java keystore");
		for (size_t len = 12; len < content.len; len += 7)
			assert_kind(certificate_file_parse(bytes_of(content.data, len), &roots, &file), ERROR_FORMAT);
		buffer_cleanup(&content);
	}
}

/* Windows */

static void append_little(struct buffer *out, uint32_t number)
{
	uint8_t bytes[] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};

	append(out, bytes, sizeof(bytes));
}

static void append_property(struct buffer *out, uint32_t id, struct bytes value)
{
	append_little(out, id);
	append_little(out, 1);
	append_little(out, (uint32_t)value.len);
	assert_ok(buffer_append(out, value));
}

static void test_reads_serialized_stores_of_windows(void **state)
{
	struct certificate_list list =
	    PKI_LIST(SOURCE_ROOTS, PKI(.cn = "One", .ca = true), PKI(.cn = "Two", .ca = true));
	struct certificate_file file;
	struct buffer content;
	(void)state;

	buffer_init(&content, MAX_BYTES);
	append(&content, "\0\0\0\0CERT", 8);
	for (size_t i = 0; i < list.count; i++) {
		append_property(&content, 3, bytes_of_string("01234567890123456789")); /* its digest */
		append_property(&content, 32, list.items[i].certificate->der);
	}
	size_t end = content.len;
	append_property(&content, 0, bytes_of(NULL, 0));
	assert_ok(certificate_file_parse(buffer_bytes(&content), &roots, &file));
	assert_true(certificate_list_equal(&file.certificates, &list));
	certificate_file_cleanup(&file);
	for (size_t len = 8; len <= end; len += 5)
		assert_step(certificate_file_parse(bytes_of(content.data, len), &roots, &file), ERROR_FORMAT,
			    "cut short");
	buffer_cleanup(&content);
	certificate_list_cleanup(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_base64_without_header),
	    cmocka_unit_test(test_reads_base64_of_pem),
	    cmocka_unit_test(test_the_content_decides_whatever_the_label),
	    cmocka_unit_test(test_a_wrong_content_is_said),
	    cmocka_unit_test(test_a_damaged_line_is_an_error_or_counted),
	    cmocka_unit_test(test_names_files_of_other_programs),
	    cmocka_unit_test(test_reads_java_keystores_as_stores),
	    cmocka_unit_test(test_reads_serialized_stores_of_windows),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
