#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "chaincache/base/buffer.h"
#include "tests/support/pki.h"

static void test_reads_the_fields_of_a_leaf(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = root, .serial = 0x1a2b, .not_before = PKI_NOW,
					     .not_after = PKI_NOW + PKI_DAY);
	(void)state;

	assert_string_equal(leaf->subject, "CN=a.example");
	assert_string_equal(leaf->issuer, "CN=Root");
	assert_string_equal(leaf->common_name, "a.example");
	assert_string_equal(leaf->serial, "1A2B");
	assert_int_equal(leaf->issuer_hash, root->subject_hash);
	assert_int_not_equal(leaf->subject_hash, root->subject_hash);
	assert_int_equal(leaf->not_before, PKI_NOW);
	assert_int_equal(leaf->not_after, PKI_NOW + PKI_DAY);
	assert_false(leaf->self_issued);
	assert_true(root->self_issued);
	assert_true(bytes_equal(leaf->authority_key_id, root->subject_key_id));
	assert_int_equal(leaf->subject_key_id.len, 20);
	assert_true(leaf->extensions_valid);
	assert_int_equal(strlen(leaf->sha256_hex), SHA256_HEX_CHARS);
}

static void test_digests_are_those_of_the_bytes(void **state)
{
	const struct certificate *leaf = PKI(.cn = "digests");
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hex[SHA256_HEX_CHARS + 1];
	(void)state;

	assert_true(X509_digest(leaf->x509, EVP_sha256(), digest, NULL));
	assert_memory_equal(leaf->sha256, digest, SHA256_BYTES);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(leaf->sha256_hex, hex);
	const struct certificate *twin = PKI(.cn = "digests", .not_after = PKI_NOW);
	assert_memory_equal(leaf->spki_sha256, twin->spki_sha256, SHA256_BYTES);
	const struct certificate *other = PKI(.cn = "digests", .key_number = 1);
	assert_memory_not_equal(leaf->spki_sha256, other->spki_sha256, SHA256_BYTES);
}

struct key_case {
	enum pki_key_type made;
	enum key_type type;
	unsigned bits;
	int curve;
};

static void test_tells_kinds_and_sizes_of_keys(void **state)
{
	static const struct key_case cases[] = {
	    {PKI_P256, KEY_TYPE_EC, 256, NID_X9_62_prime256v1}, {PKI_P384, KEY_TYPE_EC, 384, NID_secp384r1},
	    {PKI_P521, KEY_TYPE_EC, 521, NID_secp521r1},        {PKI_P224, KEY_TYPE_EC, 224, NID_secp224r1},
	    {PKI_RSA_2048, KEY_TYPE_RSA, 2048, NID_undef},      {PKI_RSA_1024, KEY_TYPE_RSA, 1024, NID_undef},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct certificate *certificate = PKI(.cn = "key", .key_type = cases[i].made);
		assert_int_equal(certificate->key_type, cases[i].type);
		assert_int_equal(certificate->key_bits, cases[i].bits);
		assert_int_equal(certificate->ec_curve_nid, cases[i].curve);
		assert_true(certificate_matches_key(certificate, pki_key(certificate)));
	}
	const struct certificate *ed25519 = PKI(.cn = "key", .key_type = PKI_ED25519);
	assert_int_equal(ed25519->key_type, KEY_TYPE_ED25519);
	assert_int_equal(ed25519->ec_curve_nid, NID_undef);
	assert_int_equal(ed25519->signature_digest, SIGNATURE_DIGEST_SHA2);
}

/* The key's curve is turned into one that nobody knows: its object identifier stands once in the certificate. */
static void test_an_unknown_key_leaves_the_certificate_readable(void **state)
{
	static const uint8_t prime256v1[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	const struct certificate *good = PKI(.cn = "unknown key");
	const struct certificate *parsed;
	(void)state;

	uint8_t *der = malloc(good->der.len);
	assert_non_null(der);
	memcpy(der, good->der.data, good->der.len);
	uint8_t *oid = memmem(der, good->der.len, prime256v1, sizeof(prime256v1));
	assert_non_null(oid);
	oid[sizeof(prime256v1) - 1] = 0x7f;
	assert_ok(certificate_parse(bytes_of(der, good->der.len), &parsed));
	free(der);

	assert_int_equal(parsed->key_type, KEY_TYPE_OTHER);
	assert_int_equal(parsed->key_bits, 0);
	assert_string_equal(parsed->subject, "CN=unknown key");
	assert_false(certificate_matches_key(parsed, pki_key(good)));
	assert_int_equal(ERR_peek_error(), 0);
	certificate_unref(parsed);
}

static void test_an_inherited_dsa_key_leaves_the_certificate_readable(void **state)
{
	const struct certificate *shown = PKI(.cn = "inherited", .shows_inherited_dsa = true);
	(void)state;

	assert_int_equal(shown->key_type, KEY_TYPE_OTHER);
	assert_int_equal(shown->key_bits, 0);
	assert_null(shown->public_key);
	assert_string_equal(shown->subject, "CN=inherited");
	assert_false(certificate_matches_key(shown, pki_key(shown)));
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_tells_the_digest_of_the_signature(void **state)
{
	(void)state;
	assert_int_equal(PKI(.cn = "d", .digest = PKI_MD5, .key_type = PKI_RSA_2048)->signature_digest,
			 SIGNATURE_DIGEST_MD5);
	assert_int_equal(PKI(.cn = "d", .digest = PKI_SHA1)->signature_digest, SIGNATURE_DIGEST_SHA1);
	assert_int_equal(PKI(.cn = "d", .digest = PKI_SHA256)->signature_digest, SIGNATURE_DIGEST_SHA2);
	assert_int_equal(PKI(.cn = "d", .digest = PKI_SHA512)->signature_digest, SIGNATURE_DIGEST_SHA2);
	assert_int_equal(PKI(.cn = "d", .rsa_pss = true, .key_type = PKI_RSA_2048)->signature_digest,
			 SIGNATURE_DIGEST_SHA2);
}

static void test_matches_the_right_key_alone(void **state)
{
	const struct certificate *leaf = PKI(.cn = "matching");
	(void)state;

	assert_true(certificate_matches_key(leaf, pki_key(leaf)));
	assert_false(certificate_matches_key(leaf, pki_new_key("matching", PKI_P256, 1)));
	assert_false(certificate_matches_key(leaf, pki_new_key("matching", PKI_P384, 0)));
	assert_false(certificate_matches_key(leaf, pki_new_key("matching", PKI_RSA_2048, 0)));
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_is_valid_at_both_ends(void **state)
{
	const struct certificate *leaf = PKI(.cn = "ends", .not_before = PKI_NOW, .not_after = PKI_NOW + PKI_DAY);
	(void)state;

	assert_false(certificate_valid_at(leaf, PKI_NOW - 1));
	assert_true(certificate_valid_at(leaf, PKI_NOW));
	assert_true(certificate_valid_at(leaf, PKI_NOW + PKI_DAY));
	assert_false(certificate_valid_at(leaf, PKI_NOW + PKI_DAY + 1));
}

/* 9999-12-31 23:59:59 stands for "no end" (RFC 5280 4.1.2.5), and some certificates are older than 1970. */
static void test_reads_far_years(void **state)
{
	const int64_t no_end = INT64_C(253402300799);
	const int64_t year_1960 = INT64_C(-315619200);
	const struct certificate *leaf = PKI(.cn = "far", .not_before = year_1960, .not_after = no_end);
	(void)state;

	assert_int_equal(leaf->not_before, year_1960);
	assert_int_equal(leaf->not_after, no_end);
	assert_true(certificate_valid_at(leaf, PKI_NOW));
}

static void test_refuses_what_is_no_certificate(void **state)
{
	const struct certificate *leaf = PKI(.cn = "whole");
	const struct certificate *out;
	uint8_t bytes[8192];
	(void)state;

	assert_step(certificate_parse(bytes_of(NULL, 0), &out), ERROR_FORMAT, "no complete DER sequence");
	assert_null(out);
	assert_step(certificate_parse(bytes_of_string("hello"), &out), ERROR_FORMAT, "no complete DER sequence");
	assert_step(certificate_parse(bytes_of("\x30\x00", 2), &out), ERROR_CRYPTO, "does not parse");

	memcpy(bytes, leaf->der.data, leaf->der.len);
	bytes[leaf->der.len] = '\n';
	assert_step(certificate_parse(bytes_of(bytes, leaf->der.len + 1), &out), ERROR_FORMAT, "bytes follow");
	for (size_t len = 0; len < leaf->der.len; len++)
		assert_kind(certificate_parse(bytes_of(bytes, len), &out), ERROR_FORMAT);
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_refuses_what_is_too_large(void **state)
{
	const struct certificate *out;
	uint8_t *bytes = calloc(1, CERTIFICATE_MAX_BYTES + 1);
	(void)state;

	assert_non_null(bytes);
	assert_step(certificate_parse(bytes_of(bytes, CERTIFICATE_MAX_BYTES + 1), &out), ERROR_LIMIT, "64 KiB");
	assert_kind(certificate_parse(bytes_of(bytes, CERTIFICATE_MAX_BYTES), &out), ERROR_FORMAT);
	free(bytes);
}

/* Each byte in turn is changed: whatever comes of it, nothing may break. The sanitizers watch. */
static void test_stands_a_change_of_any_byte(void **state)
{
	const struct certificate *leaf = PKI(.cn = "changed", .dns = PKI_STRINGS("a.example"), .ip = PKI_STRINGS("::1"),
					     .ca_issuers = PKI_STRINGS("http://a.example/"));
	uint8_t bytes[8192];
	size_t num_parsed = 0;
	(void)state;

	memcpy(bytes, leaf->der.data, leaf->der.len);
	for (size_t i = 0; i < leaf->der.len; i++) {
		const struct certificate *out;
		bytes[i] ^= 0x81;
		struct error error = certificate_parse(bytes_of(bytes, leaf->der.len), &out);
		assert_true(failed(error) == (out == NULL));
		num_parsed += out != NULL;
		certificate_unref(out);
		bytes[i] ^= 0x81;
	}
	/* The key's and the signature's bytes at least are nobody's business here. */
	assert_true(num_parsed > 64);
}

static void test_counts_references(void **state)
{
	const struct certificate *leaf = PKI(.cn = "counted");
	const struct certificate *parsed;
	(void)state;

	assert_ok(certificate_parse(leaf->der, &parsed));
	assert_ptr_equal(certificate_ref(parsed), parsed);
	certificate_unref(parsed);
	assert_true(certificate_equal(parsed, leaf));
	assert_ptr_not_equal(parsed->der.data, leaf->der.data);
	certificate_unref(parsed);
	certificate_unref(NULL);
	assert_false(certificate_equal(leaf, PKI(.cn = "another")));
}

static void test_writes_pem_that_reads_back(void **state)
{
	const struct certificate *leaf = PKI(.cn = "pem");
	struct buffer buffer;
	(void)state;

	buffer_init(&buffer, 65536);
	assert_ok(certificate_write_pem(leaf, &buffer));
	assert_int_equal(strncmp(buffer_text(&buffer), "-----BEGIN CERTIFICATE-----\nMII", 31), 0);
	assert_string_equal(buffer_text(&buffer) + buffer.len - 26, "-----END CERTIFICATE-----\n");
	for (const char *line = buffer_text(&buffer); *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 64);

	BIO *bio = BIO_new_mem_buf(buffer.data, (ossl_ssize_t)buffer.len);
	X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_non_null(x509);
	assert_int_equal(X509_cmp(x509, leaf->x509), 0);
	X509_free(x509);
	BIO_free(bio);
	buffer_cleanup(&buffer);

	buffer_init(&buffer, 100);
	assert_kind(certificate_write_pem(leaf, &buffer), ERROR_LIMIT);
	buffer_cleanup(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_the_fields_of_a_leaf),
	    cmocka_unit_test(test_digests_are_those_of_the_bytes),
	    cmocka_unit_test(test_tells_kinds_and_sizes_of_keys),
	    cmocka_unit_test(test_an_unknown_key_leaves_the_certificate_readable),
	    cmocka_unit_test(test_an_inherited_dsa_key_leaves_the_certificate_readable),
	    cmocka_unit_test(test_tells_the_digest_of_the_signature),
	    cmocka_unit_test(test_matches_the_right_key_alone),
	    cmocka_unit_test(test_is_valid_at_both_ends),
	    cmocka_unit_test(test_reads_far_years),
	    cmocka_unit_test(test_refuses_what_is_no_certificate),
	    cmocka_unit_test(test_refuses_what_is_too_large),
	    cmocka_unit_test(test_stands_a_change_of_any_byte),
	    cmocka_unit_test(test_counts_references),
	    cmocka_unit_test(test_writes_pem_that_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
