#include "tests/support/unit.h"

#include "chaincache/files/der_kind.h"
#include "tests/support/pki_revocation.h"
#include "tests/support/unit_data.h"

struct file_case {
	const char *file;
	enum der_kind kind;
};

static const struct file_case file_cases[] = {
    {"ec-pkcs8.der", DER_KIND_PRIVATE_KEY}, {"ec-sec1.der", DER_KIND_EC_KEY},
    {"rsa-pkcs1.der", DER_KIND_RSA_KEY},    {"ec-pbes2.der", DER_KIND_ENCRYPTED_KEY},
    {"request.der", DER_KIND_REQUEST},      {"chain.p7c", DER_KIND_PKCS7},
    {"empty.p7c", DER_KIND_PKCS7},          {"modern.p12", DER_KIND_PKCS12},
    {"legacy.p12", DER_KIND_PKCS12},        {"leaf.pem", DER_KIND_UNKNOWN},
};

static void test_knows_what_other_programs_write(void **state)
{
	struct buffer content;
	(void)state;

	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		unit_data_read(UNIT_DATA, file_cases[i].file, &content);
		assert_int_equal(der_kind_judge(buffer_bytes(&content)), file_cases[i].kind);
		if (file_cases[i].kind != DER_KIND_UNKNOWN)
			assert_int_equal(der_outer_length(buffer_bytes(&content)), content.len);
		buffer_cleanup(&content);
	}
}

static void test_knows_certificates_of_both_versions(void **state)
{
	(void)state;
	assert_int_equal(der_kind_judge(PKI(.cn = "v3")->der), DER_KIND_CERTIFICATE);
	assert_int_equal(der_kind_judge(PKI(.cn = "v1", .version_1 = true)->der), DER_KIND_CERTIFICATE);
}

static void test_a_crl_is_no_request(void **state)
{
	/* Version 1 has no number: { algorithm, issuer, thisUpdate }. */
	static const char old[] = "\x30\x0f\x30\x0d\x30\x00\x30\x00\x18\x07"
				  "2026010";
	(void)state;

	assert_int_equal(der_kind_judge(PKI_CRL(.issuer = PKI(.cn = "CA", .ca = true))), DER_KIND_CRL);
	assert_int_equal(der_kind_judge(bytes_of(old, sizeof(old) - 1)), DER_KIND_CRL);
}

static void test_knows_indefinite_lengths(void **state)
{
	static const char pkcs7[] = "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80";
	static const char pkcs12[] = "\x30\x80\x02\x01\x03\x30\x80\x06\x09";
	(void)state;

	assert_int_equal(der_kind_judge(bytes_of(pkcs7, sizeof(pkcs7) - 1)), DER_KIND_PKCS7);
	assert_int_equal(der_kind_judge(bytes_of(pkcs12, sizeof(pkcs12) - 1)), DER_KIND_PKCS12);
	assert_int_equal(der_outer_length(bytes_of(pkcs7, sizeof(pkcs7) - 1)), SIZE_MAX);
}

struct bytes_case {
	struct bytes bytes;
	size_t length;
};

#define BYTES(text)                                                                                                    \
	{                                                                                                              \
		(const uint8_t *)(text), sizeof(text) - 1                                                              \
	}

static void test_rubbish_is_unknown(void **state)
{
	static const struct bytes_case cases[] = {
	    {BYTES(""), 0},
	    {BYTES("\x30"), 0},
	    {BYTES("\x30\x00"), 2},
	    {BYTES("\x30\x81"), 0},
	    {BYTES("\x30\x03\x02\x05"), 5},
	    {BYTES("\x30\x84\xff\xff\xff\xff\x02\x84\xff\xff\xff\xff"), 0x100000005},
	    {BYTES("\x30\x85\x01\x01\x01\x01\x01"), 0},
	    {BYTES("\x30\x80\x30\x80\x30\x80"), SIZE_MAX},
	    {BYTES("\x31\x02\x02\x00"), 0},
	    {BYTES("0 is a digit"), 34},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(der_kind_judge(cases[i].bytes), DER_KIND_UNKNOWN);
		assert_int_equal(der_outer_length(cases[i].bytes), cases[i].length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_knows_what_other_programs_write),
	    cmocka_unit_test(test_knows_certificates_of_both_versions),
	    cmocka_unit_test(test_a_crl_is_no_request),
	    cmocka_unit_test(test_knows_indefinite_lengths),
	    cmocka_unit_test(test_rubbish_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
