#include "chaincache/certificate/algorithm.h"

#include "chaincache/certificate/issuer_match.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define CA(...) PKI(.cn = "CA", .ca = true, __VA_ARGS__)

static void check_words(const struct certificate *certificate, const char *key, const char *signature)
{
	char words[ALGORITHM_WORDS_CHARS];

	assert_string_equal(algorithm_key_words(certificate, words), key);
	assert_string_equal(algorithm_signature_words(certificate, words), signature);
}

static void test_an_algorithm_is_named_with_its_identifier(void **state)
{
	(void)state;
	check_words(CA(.key_type = PKI_P384), "P-384 (1.3.132.0.34)", "ECDSA with SHA-256 (1.2.840.10045.4.3.2)");
	check_words(CA(.key_type = PKI_RSA_2048), "RSA (1.2.840.113549.1.1.1)",
		    "RSA with SHA-256 (1.2.840.113549.1.1.11)");
	check_words(CA(.key_type = PKI_ED25519), "Ed25519 (1.3.101.112)", "Ed25519 (1.3.101.112)");
	check_words(CA(.shows_brainpool = true, .unknown_signature = true), "brainpoolP256r1 (1.3.36.3.3.2.8.1.1.7)",
		    "1.2.840.10045.4.3.127");
	check_words(CA(.shows_inherited_dsa = true, .key_type = PKI_RSA_2048, .rsa_pss = true),
		    "DSA (1.2.840.10040.4.1)", "RSASSA-PSS with unusual parameters (1.2.840.113549.1.1.10)");
}

static void test_kinds_that_are_known(void **state)
{
	(void)state;
	assert_true(algorithm_key_is_known(CA(.key_type = PKI_P224)));
	assert_true(algorithm_key_is_known(CA(.key_type = PKI_P521)));
	assert_true(algorithm_key_is_known(CA(.key_type = PKI_RSA_2048)));
	assert_true(algorithm_key_is_known(CA(.key_type = PKI_ED25519)));
	assert_true(algorithm_key_is_known(CA(.shows_inherited_dsa = true)));
	assert_false(algorithm_key_is_known(CA(.shows_brainpool = true)));
}

/* A signature that may be right is not judged; one that cannot be right fails. */
static void test_which_key_may_have_made_which_signature(void **state)
{
	const struct certificate *ec = CA(.key_number = 0), *rsa = CA(.key_type = PKI_RSA_2048),
				 *brainpool = CA(.shows_brainpool = true), *dsa = CA(.shows_inherited_dsa = true);
	const struct certificate *by_ec = PKI(.cn = "a", .issuer = ec), *by_rsa = PKI(.cn = "a", .issuer = rsa),
				 *unknown = PKI(.cn = "a", .issuer = ec, .unknown_signature = true);
	(void)state;

	assert_int_equal(issuer_match_ask(ec, by_ec), SIGNATURE_VERIFIES);
	assert_int_equal(issuer_match_ask(CA(.key_number = 1), by_ec), SIGNATURE_FAILS);
	assert_int_equal(issuer_match_ask(rsa, by_ec), SIGNATURE_FAILS);
	assert_int_equal(issuer_match_ask(brainpool, by_ec), SIGNATURE_NOT_JUDGED);
	assert_int_equal(issuer_match_ask(brainpool, by_rsa), SIGNATURE_FAILS);
	assert_int_equal(issuer_match_ask(dsa, by_ec), SIGNATURE_FAILS);
	assert_int_equal(issuer_match_ask(ec, unknown), SIGNATURE_NOT_JUDGED);
	assert_int_equal(issuer_match_ask(rsa, unknown), SIGNATURE_NOT_JUDGED);
	assert_int_equal(issuer_match_ask(brainpool, unknown), SIGNATURE_NOT_JUDGED);
	assert_int_equal(issuer_match(ec, unknown), ISSUER_SIGNATURE_UNKNOWN);
	assert_int_equal(
	    issuer_match_ask(rsa, PKI(.cn = "a", .issuer = rsa, .digest = PKI_MD5, .broken_signature = true)),
	    SIGNATURE_FAILS);

	assert_true(issuer_match_fits(brainpool, by_ec));
	assert_false(issuer_match_fits(PKI(.cn = "CA", .shows_brainpool = true), by_ec));
	assert_false(issuer_match_fits(CA(.shows_brainpool = true, .key_number = 1), by_ec));
	assert_true(issuer_match_fits(CA(.shows_brainpool = true, .key_number = 1, .ski = PKI_KEY_ID_ABSENT), by_ec));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_algorithm_is_named_with_its_identifier),
	    cmocka_unit_test(test_kinds_that_are_known),
	    cmocka_unit_test(test_which_key_may_have_made_which_signature),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
