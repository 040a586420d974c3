#include "tests/support/unit.h"

#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tests/support/pki.h"

#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define OID_AUTHORITY_INFO_ACCESS "1.3.6.1.5.5.7.1.1"
#define EXTENSION(oid, der) ((const struct pki_extension[]){{(oid), false, bytes_of((der), sizeof(der) - 1)}, {0}})

static void test_reads_names_in_order(void **state)
{
	const struct certificate *leaf = PKI(.cn = "names", .dns = PKI_STRINGS("a.example", "*.b.example"),
					     .ip = PKI_STRINGS("192.0.2.1", "2001:db8::1"));
	(void)state;

	assert_true(leaf->has_alt_names);
	assert_int_equal(leaf->num_alt_names, 4);
	assert_int_equal(leaf->alt_names[0].type, ALT_NAME_DNS);
	assert_true(bytes_equal(leaf->alt_names[0].value, bytes_of_string("a.example")));
	assert_true(bytes_equal(leaf->alt_names[1].value, bytes_of_string("*.b.example")));
	assert_int_equal(leaf->alt_names[2].type, ALT_NAME_IP);
	assert_true(bytes_equal(leaf->alt_names[2].value, bytes_of("\xc0\x00\x02\x01", 4)));
	assert_int_equal(leaf->alt_names[3].value.len, 16);
}

static void test_no_names_and_an_empty_list_differ(void **state)
{
	(void)state;
	assert_false(PKI(.cn = "none")->has_alt_names);
	const struct certificate *empty = PKI(.cn = "empty", .empty_san = true);
	assert_true(empty->has_alt_names);
	assert_int_equal(empty->num_alt_names, 0);
}

/* dNSName "a" NUL "b", iPAddress of three bytes, rfc822Name. */
static void test_keeps_odd_names_as_they_stand(void **state)
{
	const struct certificate *leaf =
	    PKI(.cn = "odd", .extensions = EXTENSION(OID_SUBJECT_ALT_NAME, "\x30\x0e\x82\x03"
									   "a\0b"
									   "\x87\x03\x01\x02\x03\x81\x02xy"));
	(void)state;

	assert_int_equal(leaf->num_alt_names, 3);
	assert_int_equal(leaf->alt_names[0].type, ALT_NAME_DNS);
	assert_true(bytes_equal(leaf->alt_names[0].value, bytes_of("a\0b", 3)));
	assert_int_equal(leaf->alt_names[1].type, ALT_NAME_OTHER);
	assert_int_equal(leaf->alt_names[2].type, ALT_NAME_OTHER);
}

static void test_a_broken_list_of_names_is_told_and_empty(void **state)
{
	static const char truncated[] = "\x30\x09\x82\x03"
					"abc\x82\x09x";
	static const char followed[] = "\x30\x05\x82\x03"
				       "abc\x00";
	(void)state;

	const struct certificate *leaf =
	    PKI(.cn = "truncated", .extensions = EXTENSION(OID_SUBJECT_ALT_NAME, truncated));
	assert_true(leaf->has_alt_names);
	assert_int_equal(leaf->num_alt_names, 0);
	assert_false(leaf->extensions_valid);
	leaf = PKI(.cn = "followed", .extensions = EXTENSION(OID_SUBJECT_ALT_NAME, followed));
	assert_int_equal(leaf->num_alt_names, 0);
	assert_false(leaf->extensions_valid);
}

enum { MANY_NAMES = 16000 }; /* of four bytes; a certificate has 64 KiB */

static const struct certificate *with_many_names(size_t count, struct error *out_error)
{
	static uint8_t content[(MANY_NAMES + 500) * 4 + 100] = {0x30, 0x82};
	const struct certificate *certificate = PKI(.cn = "many");
	size_t len = count * 4;

	content[2] = (uint8_t)(len >> 8);
	content[3] = (uint8_t)len;
	for (size_t i = 0; i < count; i++)
		memcpy(content + 4 + 4 * i, "\x82\x02xy", 4);
	/* The maker would end the program over a refusal, so the certificate is built by hand around its key. */
	X509 *x509 = X509_dup(certificate->x509);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	assert_true(x509 && octets && ASN1_OCTET_STRING_set(octets, content, (int)(len + 4)));
	X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, octets);
	uint8_t *der = NULL;
	assert_true(X509_add_ext(x509, extension, -1) && X509_sign(x509, pki_key(certificate), EVP_sha256()));
	int der_len = i2d_X509(x509, &der);
	assert_true(der_len > 0);
	*out_error = certificate_parse(bytes_of(der, (size_t)der_len), &certificate);
	OPENSSL_free(der);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	X509_free(x509);
	return certificate;
}

static void test_reads_as_many_names_as_fit(void **state)
{
	struct error error;
	(void)state;

	const struct certificate *certificate = with_many_names(MANY_NAMES, &error);
	assert_ok(error);
	assert_int_equal(certificate->num_alt_names, MANY_NAMES);
	certificate_unref(certificate);
	certificate = with_many_names(MANY_NAMES + 500, &error);
	assert_step(error, ERROR_LIMIT, "64 KiB");
	assert_null(certificate);
}

static void test_reads_urls_in_order(void **state)
{
	const struct certificate *leaf =
	    PKI(.cn = "urls", .ca_issuers = PKI_STRINGS("ldap://dir.example/cn=x", "http://a.example/x.cer"));
	(void)state;

	assert_int_equal(leaf->num_ca_issuer_urls, 2);
	assert_string_equal(leaf->ca_issuer_urls[0], "ldap://dir.example/cn=x");
	assert_string_equal(leaf->ca_issuer_urls[1], "http://a.example/x.cer");
	assert_int_equal(leaf->num_urls_dropped, 0);
	assert_int_equal(PKI(.cn = "no urls")->num_ca_issuer_urls, 0);
}

static void test_blanks_around_and_in_urls(void **state)
{
	const struct certificate *leaf =
	    PKI(.cn = "blanks", .ca_issuers = PKI_STRINGS(" http://a.example/x.cer", "http://a.example/x.cer\r\n",
							  "http://a.example/Corp Root CA.crt ", " ", "\thttp://b/\t"));
	(void)state;

	assert_int_equal(leaf->num_ca_issuer_urls, 4);
	assert_string_equal(leaf->ca_issuer_urls[0], "http://a.example/x.cer");
	assert_string_equal(leaf->ca_issuer_urls[1], "http://a.example/x.cer");
	assert_string_equal(leaf->ca_issuer_urls[2], "http://a.example/Corp%20Root%20CA.crt");
	assert_string_equal(leaf->ca_issuer_urls[3], "http://b/");
	assert_int_equal(leaf->num_urls_dropped, 1);
}

static void test_drops_urls_that_could_deceive(void **state)
{
	const struct certificate *leaf =
	    PKI(.cn = "bad urls", .ca_issuers = PKI_STRINGS("http://a.example/\r\nHost: b", "http://a\tb/", "",
							    "http://ok/", "http://\xc3\xa9/", "\x7f"));
	(void)state;

	assert_int_equal(leaf->num_ca_issuer_urls, 1);
	assert_string_equal(leaf->ca_issuer_urls[0], "http://ok/");
	assert_int_equal(leaf->num_urls_dropped, 5);
}

/* An OCSP responder, a caIssuers entry that is a dNSName, and a caIssuers URL with a NUL in it. */
static void test_passes_over_other_entries(void **state)
{
	static const char content[] = "\x30\x2f"
				      "\x30\x0d\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01\x86\x01x"
				      "\x30\x0d\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x82\x01x"
				      "\x30\x0f\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x03"
				      "a\0b";
	const struct certificate *leaf =
	    PKI(.cn = "entries", .extensions = EXTENSION(OID_AUTHORITY_INFO_ACCESS, content));
	(void)state;

	assert_int_equal(leaf->num_ca_issuer_urls, 0);
	assert_int_equal(leaf->num_urls_dropped, 1);
}

static void test_keeps_a_maximum_of_urls(void **state)
{
	const char *urls[CERTIFICATE_MAX_URLS + 11];
	(void)state;

	for (size_t i = 0; i < CERTIFICATE_MAX_URLS + 10; i++)
		urls[i] = "http://a.example/";
	urls[CERTIFICATE_MAX_URLS + 10] = NULL;
	const struct certificate *leaf = PKI(.cn = "many urls", .ca_issuers = urls);
	assert_int_equal(leaf->num_ca_issuer_urls, CERTIFICATE_MAX_URLS);
	assert_int_equal(leaf->num_urls_dropped, 10);
}

static void test_reads_the_constraints_of_a_ca(void **state)
{
	const struct certificate *ca = PKI(.cn = "ca", .ca = true, .has_path_length = true, .path_length = 3);
	(void)state;

	assert_true(ca->is_ca);
	assert_true(ca->may_sign_certificates);
	assert_true(ca->has_server_auth);
	assert_int_equal(ca->path_length, 3);
	assert_int_equal(PKI(.cn = "0", .ca = true, .has_path_length = true)->path_length, 0);
	assert_int_equal(PKI(.cn = "free", .ca = true)->path_length, -1);
	assert_false(PKI(.cn = "leaf")->is_ca);
	assert_false(PKI(.cn = "no", .no_basic_constraints = true)->is_ca);
}

static void test_a_version_1_certificate_is_a_ca_when_self_issued(void **state)
{
	const struct certificate *root = PKI(.cn = "v1 root", .version_1 = true);
	const struct certificate *leaf = PKI(.cn = "v1 leaf", .version_1 = true, .issuer = root);
	(void)state;

	assert_true(root->is_ca);
	assert_true(root->may_sign_certificates);
	assert_false(leaf->is_ca);
	assert_int_equal(root->subject_key_id.len, 0);
	assert_int_equal(leaf->authority_key_id.len, 0);
}

static void test_reads_usages(void **state)
{
	(void)state;
	assert_false(PKI(.cn = "u", .ca = true, .key_usage = X509v3_KU_CRL_SIGN)->may_sign_certificates);
	assert_true(PKI(.cn = "u", .ca = true, .no_key_usage = true)->may_sign_certificates);
	assert_false(PKI(.cn = "u")->may_sign_certificates);

	assert_true(PKI(.cn = "u")->has_server_auth);
	assert_true(PKI(.cn = "u", .no_eku = true)->has_server_auth);
	assert_true(PKI(.cn = "u", .eku = PKI_NIDS(NID_anyExtendedKeyUsage))->has_server_auth);
	assert_true(PKI(.cn = "u", .eku = PKI_NIDS(NID_client_auth, NID_server_auth))->has_server_auth);
	assert_false(PKI(.cn = "u", .eku = PKI_NIDS(NID_client_auth, NID_code_sign))->has_server_auth);
}

static void test_reads_key_ids(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *absent =
	    PKI(.cn = "k", .issuer = root, .ski = PKI_KEY_ID_ABSENT, .aki = PKI_KEY_ID_ABSENT);
	const struct certificate *wrong = PKI(.cn = "k", .issuer = root, .aki = PKI_KEY_ID_WRONG);
	(void)state;

	assert_int_equal(absent->subject_key_id.len, 0);
	assert_int_equal(absent->authority_key_id.len, 0);
	assert_int_equal(wrong->authority_key_id.len, 20);
	assert_false(bytes_equal(wrong->authority_key_id, root->subject_key_id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_names_in_order),
	    cmocka_unit_test(test_no_names_and_an_empty_list_differ),
	    cmocka_unit_test(test_keeps_odd_names_as_they_stand),
	    cmocka_unit_test(test_a_broken_list_of_names_is_told_and_empty),
	    cmocka_unit_test(test_reads_as_many_names_as_fit),
	    cmocka_unit_test(test_reads_urls_in_order),
	    cmocka_unit_test(test_blanks_around_and_in_urls),
	    cmocka_unit_test(test_drops_urls_that_could_deceive),
	    cmocka_unit_test(test_passes_over_other_entries),
	    cmocka_unit_test(test_keeps_a_maximum_of_urls),
	    cmocka_unit_test(test_reads_the_constraints_of_a_ca),
	    cmocka_unit_test(test_a_version_1_certificate_is_a_ca_when_self_issued),
	    cmocka_unit_test(test_reads_usages),
	    cmocka_unit_test(test_reads_key_ids),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
