#include "tests/support/unit.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/x509v3.h>

#include "chaincache/certificate/issuer_match.h"
#include "tests/support/pki.h"

static void test_finds_the_first_reason(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = ca);
	(void)state;

	assert_int_equal(issuer_match(ca, leaf), ISSUER_MATCHES);
	assert_int_equal(issuer_match(ca, ca), ISSUER_MATCHES);
	assert_int_equal(issuer_match(PKI(.cn = "CB", .ca = true), leaf), ISSUER_NAME_DIFFERS);
	assert_int_equal(issuer_match(PKI(.cn = "CA"), leaf), ISSUER_NOT_A_CA);
	assert_int_equal(issuer_match(PKI(.cn = "CA", .ca = true, .key_usage = X509v3_KU_CRL_SIGN), leaf),
			 ISSUER_MAY_NOT_SIGN);
	assert_int_equal(issuer_match(PKI(.cn = "CA", .ca = true, .shows_inherited_dsa = true), leaf),
			 ISSUER_KEY_UNUSABLE);
	assert_int_equal(issuer_match(PKI(.cn = "CA", .ca = true, .key_number = 1), leaf), ISSUER_SIGNATURE_FAILS);
	assert_int_equal(issuer_match(ca, PKI(.cn = "leaf", .issuer = ca, .broken_signature = true)),
			 ISSUER_SIGNATURE_FAILS);
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_validity_is_nobodys_business_here(void **state)
{
	const struct certificate *expired = PKI(.cn = "old", .ca = true, .not_before = 1, .not_after = 2);
	(void)state;

	assert_int_equal(issuer_match(expired, PKI(.cn = "leaf", .issuer = expired)), ISSUER_MATCHES);
}

/* RFC 5280 7.1: case, the kind of string and runs of spaces do not make a different name. */
static void test_compares_names_as_rfc_5280_does(void **state)
{
	const struct certificate *ca =
	    PKI(.subject = PKI_NAME({NID_organizationName, V_ASN1_UTF8STRING, "Contoso  Ltd", 0},
				    {NID_commonName, V_ASN1_UTF8STRING, "Issuing CA", 0}),
		.ca = true);
	const struct certificate *leaf =
	    PKI(.cn = "leaf", .issuer = ca,
		.issuer_name = PKI_NAME({NID_organizationName, V_ASN1_PRINTABLESTRING, "CONTOSO Ltd ", 0},
					{NID_commonName, V_ASN1_PRINTABLESTRING, "issuing ca", 0}));
	const struct certificate *other =
	    PKI(.cn = "leaf", .issuer = ca,
		.issuer_name = PKI_NAME({NID_organizationName, V_ASN1_PRINTABLESTRING, "ContosoLtd", 0},
					{NID_commonName, V_ASN1_PRINTABLESTRING, "issuing ca", 0}));
	(void)state;

	assert_string_not_equal(leaf->issuer, ca->subject);
	assert_true(issuer_match_names(ca, leaf));
	assert_int_equal(issuer_match(ca, leaf), ISSUER_MATCHES);
	assert_false(issuer_match_names(ca, other));
}

static void test_key_ids_rank(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true);
	const struct certificate *plain = PKI(.cn = "CA", .ca = true, .ski = PKI_KEY_ID_ABSENT);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = ca);
	(void)state;

	assert_int_equal(issuer_match_key_id(ca, leaf), KEY_ID_EQUAL);
	assert_int_equal(issuer_match_key_id(plain, leaf), KEY_ID_ABSENT);
	assert_int_equal(issuer_match_key_id(ca, PKI(.cn = "l", .issuer = ca, .aki = PKI_KEY_ID_ABSENT)),
			 KEY_ID_ABSENT);
	const struct certificate *pointing_elsewhere = PKI(.cn = "l", .issuer = ca, .aki = PKI_KEY_ID_WRONG);
	assert_int_equal(issuer_match_key_id(ca, pointing_elsewhere), KEY_ID_DIFFERS);
	assert_int_equal(issuer_match(ca, pointing_elsewhere), ISSUER_MATCHES);
	assert_true(KEY_ID_EQUAL > KEY_ID_ABSENT && KEY_ID_ABSENT > KEY_ID_DIFFERS);
}

static void test_verifies_signatures_of_every_kind(void **state)
{
	static const enum pki_key_type types[] = {PKI_P256,     PKI_P384,     PKI_P521,
						  PKI_RSA_2048, PKI_RSA_1024, PKI_ED25519};
	(void)state;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct certificate *ca = PKI(.cn = "any", .ca = true, .key_type = types[i]);
		assert_true(issuer_match_signature(ca, PKI(.cn = "leaf", .issuer = ca)));
	}
	const struct certificate *rsa = PKI(.cn = "rsa", .ca = true, .key_type = PKI_RSA_2048);
	assert_true(issuer_match_signature(rsa, PKI(.cn = "leaf", .issuer = rsa, .rsa_pss = true)));
	assert_true(issuer_match_signature(rsa, PKI(.cn = "leaf", .issuer = rsa, .digest = PKI_SHA1)));
	/* Nobody accepts MD5, but it must be known who issued what is refused for it. */
	const struct certificate *other = PKI(.cn = "rsa", .ca = true, .key_type = PKI_RSA_2048, .key_number = 1);
	assert_true(issuer_match_signature(rsa, PKI(.cn = "leaf", .issuer = rsa, .digest = PKI_MD5)));
	assert_false(issuer_match_signature(other, PKI(.cn = "leaf", .issuer = rsa, .digest = PKI_MD5)));
	assert_false(
	    issuer_match_signature(rsa, PKI(.cn = "leaf", .issuer = rsa, .digest = PKI_MD5, .broken_signature = true)));
	const struct certificate *dsa =
	    PKI(.cn = "rsa", .ca = true, .key_type = PKI_RSA_2048, .shows_inherited_dsa = true);
	assert_false(issuer_match_signature(dsa, PKI(.cn = "leaf", .issuer = rsa)));
	assert_false(issuer_match_signature(dsa, PKI(.cn = "leaf", .issuer = rsa, .digest = PKI_MD5)));
	assert_false(
	    issuer_match_signature(PKI(.cn = "ec", .ca = true), PKI(.cn = "leaf", .issuer = rsa, .digest = PKI_MD5)));
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_every_reason_has_its_words(void **state)
{
	(void)state;
	for (int i = ISSUER_MATCHES; i <= ISSUER_SIGNATURE_FAILS; i++)
		assert_true(issuer_mismatch_name((enum issuer_mismatch)i)[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finds_the_first_reason),
	    cmocka_unit_test(test_validity_is_nobodys_business_here),
	    cmocka_unit_test(test_compares_names_as_rfc_5280_does),
	    cmocka_unit_test(test_key_ids_rank),
	    cmocka_unit_test(test_verifies_signatures_of_every_kind),
	    cmocka_unit_test(test_every_reason_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
