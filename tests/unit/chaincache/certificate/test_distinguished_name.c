#include "tests/support/unit.h"

#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include "chaincache/certificate/distinguished_name.h"
#include "tests/support/pki.h"

#define assert_subject(expected, ...) assert_string_equal(PKI(.subject = PKI_NAME(__VA_ARGS__))->subject, (expected))
#define CN(value)                                                                                                      \
	{                                                                                                              \
		NID_commonName, 0, (value), 0                                                                          \
	}

static void test_prints_the_last_name_first(void **state)
{
	(void)state;
	assert_subject("CN=a.example,O=Contoso,C=DE", {NID_countryName, V_ASN1_PRINTABLESTRING, "DE", 0},
		       {NID_organizationName, 0, "Contoso", 0}, CN("a.example"));
	assert_string_equal(PKI()->subject, "");
	assert_null(PKI()->common_name);
}

static void test_escapes_as_rfc_4514_does(void **state)
{
	(void)state;
	assert_subject("CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h", CN("a,b+c\"d\\e<f>g;h"));
	assert_subject("CN=\\#x\\ ", CN("#x "));
	assert_subject("CN=\\ x", CN(" x"));
}

static void test_keeps_letters_of_all_languages(void **state)
{
	(void)state;
	assert_subject("CN=Z\xc3\xbcrich \xe6\x9d\xb1\xe4\xba\xac", CN("Z\xc3\xbcrich \xe6\x9d\xb1\xe4\xba\xac"));
	assert_subject("CN=Z\xc3\xbc", {NID_commonName, V_ASN1_BMPSTRING, "\0Z\0\xfc", 4});
	assert_subject("CN=\xf0\x9f\x94\x91", CN("\xf0\x9f\x94\x91"));
}

/* A terminal's escape sequence, its C1 form, a right-to-left override, a line separator, a zero-width space, a NUL. */
static void test_escapes_what_could_deceive(void **state)
{
	(void)state;
	assert_subject("CN=\\1B[31m", CN("\x1b[31m"));
	assert_subject("CN=a\\0Ab\\0D\\7F", CN("a\nb\r\x7f"));
	assert_subject("CN=\\C2\\9B31m", CN("\xc2\x9b"
					    "31m"));
	assert_subject("CN=\\E2\\80\\AEmoc", CN("\xe2\x80\xaemoc"));
	assert_subject("CN=a\\E2\\80\\A8b\\E2\\80\\8B", CN("a\xe2\x80\xa8"
							   "b\xe2\x80\x8b"));
	assert_subject("CN=a\\00b", {NID_commonName, 0, "a\0b", 3});
}

static void test_the_common_name_is_the_last_one_escaped(void **state)
{
	const struct certificate *two =
	    PKI(.subject = PKI_NAME(CN("first"), {NID_organizationName, 0, "O", 0}, CN("last")));
	const struct certificate *nul = PKI(.subject = PKI_NAME({NID_commonName, 0, "good.example\0.bad.example", 25}));
	(void)state;

	assert_string_equal(two->common_name, "last");
	assert_string_equal(nul->common_name, "good.example\\00.bad.example");
	assert_null(PKI(.subject = PKI_NAME({NID_organizationName, 0, "O", 0}))->common_name);
}

static void test_names_that_are_equal_have_equal_hashes(void **state)
{
	const struct certificate *a =
	    PKI(.subject = PKI_NAME({NID_organizationName, V_ASN1_UTF8STRING, "Contoso  CA", 0}, CN("Root")));
	const struct certificate *b =
	    PKI(.subject = PKI_NAME({NID_organizationName, V_ASN1_PRINTABLESTRING, " contoso ca", 0},
				    {NID_commonName, V_ASN1_PRINTABLESTRING, "ROOT", 0}));
	(void)state;

	assert_int_equal(a->subject_hash, b->subject_hash);
	assert_string_not_equal(a->subject, b->subject);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_prints_the_last_name_first),
	    cmocka_unit_test(test_escapes_as_rfc_4514_does),
	    cmocka_unit_test(test_keeps_letters_of_all_languages),
	    cmocka_unit_test(test_escapes_what_could_deceive),
	    cmocka_unit_test(test_the_common_name_is_the_last_one_escaped),
	    cmocka_unit_test(test_names_that_are_equal_have_equal_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
