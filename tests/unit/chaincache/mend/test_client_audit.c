/* Warns of what some clients refuse although others accept it; the chain is as good as before. */
#include "tests/support/mend_world.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define JULY_2019 INT64_C(1561939200)
#define SEPTEMBER_2020 INT64_C(1598918400)
#define MARCH_15_2026 INT64_C(1773532800)
#define MARCH_15_2027 INT64_C(1805068800)
#define MARCH_15_2029 INT64_C(1868227200)

/* certificatePolicies of one policy */
#define POLICIES(der)                                                                                                  \
	(const struct pki_extension[])                                                                                 \
	{                                                                                                              \
		{"2.5.29.32", false, {(const uint8_t *)(der), sizeof(der) - 1}},                                       \
		{                                                                                                      \
			NULL, false,                                                                                   \
			{                                                                                              \
				NULL, 0                                                                                \
			}                                                                                              \
		}                                                                                                      \
	}
#define DOMAIN_VALIDATED POLICIES("\x30\x0a\x30\x08\x06\x06\x67\x81\x0c\x01\x02\x01") /* 2.23.140.1.2.1 */
#define EXTENDED_VALIDATION POLICIES("\x30\x09\x30\x07\x06\x05\x67\x81\x0c\x01\x01") /* 2.23.140.1.1 */
#define ANOTHER_POLICY POLICIES("\x30\x09\x30\x07\x06\x05\x67\x81\x0c\x01\x03")

/* Serves a leaf with its issuer, and checks what is found. */
static void check(const struct pki_options *leaf, const char *store, int64_t now, const char *findings,
		  const char *words)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	struct pki_options options = *leaf;
	struct mend_world world = {.input.now = now};

	options.cn = "a";
	options.issuer = i;
	WORLD_SERVE(&world, pki_make(&options), i);
	WORLD_TRUST(&world, store, root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, findings);
	if (result->findings.count > 0)
		assert_non_null(strstr(result->findings.items[0].message, words));
	world_cleanup(&world);
}

static void test_leafs_against_a_table(void **state)
{
	const struct {
		struct pki_options leaf;
		const char *findings;
		const char *words; /* in the message of the first */
	} cases[] = {
	    {{.ca = true, .key_usage = X509v3_KU_DIGITAL_SIGNATURE}, "leaf_is_ca warning none", "Firefox"},
	    {{.key_type = PKI_P256}, "", ""},
	    {{.key_type = PKI_P384}, "", ""},
	    {{.key_type = PKI_RSA_3072}, "", ""},
	    {{.key_type = PKI_P521}, "key_unsupported warning none", "ECDSA on P-521: Chrome"},
	    {{.key_type = PKI_ED25519}, "key_unsupported warning none", "Ed25519: no browser"},
	    {{.shows_brainpool = true, .key = pki_new_key("b", PKI_P256, 0)},
	     "key_unsupported warning none",
	     "brainpoolP256r1"},
	    {{.key_type = PKI_P224}, "weak_key error none", "curve"}, /* an error says more */
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		print_message("%zu: %s\n", c, cases[c].findings);
		check(&cases[c].leaf, "store", PKI_NOW, cases[c].findings, cases[c].words);
	}
}

static void test_lifetimes_against_a_table(void **state)
{
	const struct pki_extension *domain = DOMAIN_VALIDATED, *extended = EXTENDED_VALIDATION,
				   *another = ANOTHER_POLICY;
	const struct {
		const char *what;
		int64_t from;
		int64_t days;
		const struct pki_extension *policy;
		const char *store;
		const char *findings;
		const char *words;
	} cases[] = {
	    {"Apple's longest", PKI_NOW, 825, NULL, "mine", "", ""},
	    {"a day more", PKI_NOW, 826, NULL, "mine", "leaf_lifetime warning none",
	     "valid for 826 days: Apple's systems refuse more than 825"},
	    {"before Apple's rule", JULY_2019 - 1, 4000, NULL, "mine", "", ""},
	    {"at once with it", JULY_2019, 4000, NULL, "mine", "leaf_lifetime warning none", "4000 days"},
	    {"398 days, public", PKI_NOW, 398, domain, "mine", "", ""},
	    {"399 days, public", PKI_NOW, 399, domain, "mine", "leaf_lifetime info none",
	     "399 days: when its validity began, the CA/Browser Forum's limit was 398"},
	    {"399 days, extended validation", PKI_NOW, 399, extended, "mine", "leaf_lifetime info none", "398"},
	    {"399 days, another policy", PKI_NOW, 399, another, "mine", "", ""},
	    {"399 days, the system's roots", PKI_NOW, 399, NULL, "system", "leaf_lifetime info none", "398"},
	    {"both: the graver one", PKI_NOW, 900, NULL, "system", "leaf_lifetime warning none", "Apple's"},
	    {"the second before 398", SEPTEMBER_2020 - 1, 700, domain, "mine", "", ""},
	    {"the day of 398", SEPTEMBER_2020, 700, domain, "mine", "leaf_lifetime info none", "was 398"},
	    {"the second before 200", MARCH_15_2026 - 1, 398, domain, "mine", "", ""},
	    {"the day of 200", MARCH_15_2026, 201, domain, "mine", "leaf_lifetime info none", "was 200"},
	    {"the day of 100", MARCH_15_2027, 101, domain, "mine", "leaf_lifetime info none", "was 100"},
	    {"100 days on that day", MARCH_15_2027, 100, domain, "mine", "", ""},
	    {"the day of 47", MARCH_15_2029, 48, domain, "mine", "leaf_lifetime info none", "was 47"},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		const struct pki_options leaf = {.not_before = cases[c].from,
						 .not_after = cases[c].from + cases[c].days * PKI_DAY,
						 .extensions = cases[c].policy};
		print_message("%s\n", cases[c].what);
		check(&leaf, cases[c].store, cases[c].from, cases[c].findings, cases[c].words);
	}
}

static void test_names_that_are_equal_and_not_by_bytes(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	const struct certificate *leaf =
	    PKI(.cn = "a", .issuer = i, .issuer_name = PKI_NAME({NID_commonName, V_ASN1_PRINTABLESTRING, "i", 0}));
	const struct certificate *below_root =
	    CA("I", .issuer = root, .issuer_name = PKI_NAME({NID_commonName, V_ASN1_PRINTABLESTRING, "Root", 0}));
	const struct certificate *plain = PKI(.cn = "b", .issuer = i);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, i);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "name_encoding warning none");
	assert_ptr_equal(world_finding(result, FINDING_NAME_ENCODING)->certificate, leaf);
	assert_true(result->mended_trusted);
	assert_null(strstr(world_finding(result, FINDING_NAME_ENCODING)->message, "Java"));
	world_cleanup(&world);

	/* Of strings of other kinds than PrintableString and UTF8String, Java compares the bytes. */
	WORLD_SERVE(&world,
		    PKI(.cn = "a", .issuer = i, .issuer_name = PKI_NAME({NID_commonName, V_ASN1_BMPSTRING, "\0I", 2})),
		    i);
	WORLD_TRUST(&world, "store", root);
	result = world_mend(&world);
	assert_findings(result, "name_encoding warning none");
	assert_non_null(strstr(world_finding(result, FINDING_NAME_ENCODING)->message, "Go, GnuTLS and Java"));
	world_cleanup(&world);

	/* The root, which is not sent, has its name in other bytes. */
	WORLD_SERVE(&world, plain, below_root);
	WORLD_TRUST(&world, "store", root);
	result = world_mend(&world);
	assert_findings(result, "name_encoding warning none");
	assert_ptr_equal(world_finding(result, FINDING_NAME_ENCODING)->certificate, below_root);
	world_cleanup(&world);
}

/* A root's signature is nobody's matter, its key is. */
static void test_a_root_whose_key_is_weak(void **state)
{
	const struct certificate *roots[] = {CA("Old Root", .key_type = PKI_RSA_1024), CA("Odd", .key_type = PKI_P224)};
	const struct certificate *sha1 = CA("Sha", .digest = PKI_SHA1, .key_type = PKI_RSA_2048);
	static const char *const words[] = {"The root \"CN=Old Root\" has an RSA key of 1024 bits: GnuTLS",
					    "The root CN=Odd has a key of a kind or on a curve"};
	struct mend_world world = {0};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		WORLD_SERVE(&world, PKI(.cn = "a", .issuer = roots[i]));
		WORLD_TRUST(&world, "store", roots[i]);
		const struct mend_result *result = world_mend(&world);
		assert_findings(result, "weak_key warning none");
		const struct finding *finding = world_finding(result, FINDING_WEAK_KEY);
		assert_ptr_equal(finding->certificate, roots[i]);
		assert_non_null(strstr(finding->message, words[i]));
		assert_true(result->mended_trusted);
		assert_int_equal(mend_exit_status(result, false), 0);
		world_cleanup(&world);
	}
	WORLD_SERVE(&world, PKI(.cn = "a", .issuer = sha1));
	WORLD_TRUST(&world, "store", sha1);
	assert_findings(world_mend(&world), "");
	world_cleanup(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_leafs_against_a_table),
	    cmocka_unit_test(test_lifetimes_against_a_table),
	    cmocka_unit_test(test_names_that_are_equal_and_not_by_bytes),
	    cmocka_unit_test(test_a_root_whose_key_is_weak),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
