/* Mends with CRLs and staples: the choice, the verdicts, the findings. */
#include "tests/support/mend_world.h"

#include <string.h>

#include "tests/support/pki_crls.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static const struct mend_result *mend(struct mend_world *world, const struct crl_store *crls)
{
	world->input.crls = crls;
	return world_mend(world);
}

static void test_a_revoked_leaf(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct crl_store *crls =
	    PKI_CRLS(PKI_CRL(.issuer = root), PKI_CRL(.issuer = i, .revoked = PKI_CERTIFICATES(leaf), .reason = 1));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_CACHE(&world, i);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = mend(&world, crls);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "revoked error none, missing_intermediate fixed added");
	const struct finding *finding = world_finding(result, FINDING_REVOKED);
	assert_ptr_equal(finding->certificate, leaf);
	assert_non_null(strstr(finding->message, "2025-12-30 (key compromise)"));
	assert_string_equal(finding->source, "made.crl");
	assert_false(result->mended_trusted || result->served_trusted || result->stores[0].mended_trusted);
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);
	crl_store_unref(crls);
}

/* Whatever the order: the clean twin goes out, though the revoked one would last longer. */
static void test_a_clean_path_is_preferred(void **state)
{
	const struct certificate *root = CA("Root"), *other = CA("Other");
	const struct certificate *bad = CA("I", .issuer = root),
				 *clean = CA("I", .issuer = other, .not_after = PKI_NOW + 900 * PKI_DAY);
	const struct certificate *leaf = LEAF(.issuer = bad, .not_after = PKI_NOW + 300 * PKI_DAY);
	struct crl_store *crls = PKI_CRLS(PKI_CRL(.issuer = root, .revoked = PKI_CERTIFICATES(bad)),
					  PKI_CRL(.issuer = other), PKI_CRL(.issuer = bad));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, bad);
	WORLD_CACHE(&world, clean);
	WORLD_TRUST(&world, "store", root, other);
	const struct mend_result *result = mend(&world, crls);
	assert_chain(&result->mended, leaf, clean);
	const struct finding *finding = world_finding(result, FINDING_REVOKED);
	assert_ptr_equal(finding->certificate, bad);
	assert_int_equal(finding->severity, SEVERITY_FIXED);
	assert_int_equal(finding->action, ACTION_REPLACED);
	assert_true(result->mended_trusted && !result->served_trusted);
	assert_int_equal(mend_exit_status(result, false), 1);
	assert_true(result->num_runners_up > 0);
	assert_non_null(strstr(result->runners_up[0].why, "revoked"));
	world_cleanup(&world);

	/* Nothing served but the leaf: the revoked one is never taken, and nothing is to be said of it. */
	WORLD_SERVE(&world, leaf);
	WORLD_CACHE(&world, bad, clean);
	WORLD_TRUST(&world, "store", root, other);
	result = mend(&world, crls);
	assert_chain(&result->mended, leaf, clean);
	assert_findings(result, "missing_intermediate fixed added");
	world_cleanup(&world);

	/* Without CRLs the served path stays. */
	WORLD_SERVE(&world, leaf, bad);
	WORLD_CACHE(&world, clean);
	WORLD_TRUST(&world, "store", root, other);
	result = mend(&world, NULL);
	assert_chain(&result->mended, leaf, bad);
	assert_findings(result, "");
	world_cleanup(&world);
	crl_store_unref(crls);
}

static void test_no_way_around(void **state)
{
	const struct certificate *root = CA("Root"), *bad = CA("I", .issuer = root), *leaf = LEAF(.issuer = bad);
	struct crl_store *crls =
	    PKI_CRLS(PKI_CRL(.issuer = root, .revoked = PKI_CERTIFICATES(bad)), PKI_CRL(.issuer = bad));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, bad);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = mend(&world, crls);
	assert_chain(&result->mended, leaf, bad);
	assert_findings(result, "revoked error none");
	assert_ptr_equal(world_finding(result, FINDING_REVOKED)->certificate, bad);
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);
	crl_store_unref(crls);
}

/* An issuer is fetched in place of a revoked one. */
static void test_another_issuer_is_fetched(void **state)
{
	const struct certificate *root = CA("Root"), *bad = CA("I", .issuer = root),
				 *clean = CA("I", .issuer = root, .serial = 4711);
	const struct certificate *leaf = LEAF(.issuer = bad, .ca_issuers = PKI_STRINGS("http://ca.example/i.cer"));
	struct crl_store *crls =
	    PKI_CRLS(PKI_CRL(.issuer = root, .revoked = PKI_CERTIFICATES(bad)), PKI_CRL(.issuer = bad));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, bad);
	WORLD_TRUST(&world, "store", root);
	world_answer(&world, "http://ca.example/i.cer", clean);
	const struct mend_result *result = mend(&world, crls);
	assert_chain(&result->mended, leaf, clean);
	assert_true(result->mended_trusted);
	assert_int_equal(world_finding(result, FINDING_REVOKED)->severity, SEVERITY_FIXED);
	world_cleanup(&world);
	crl_store_unref(crls);
}

static void test_what_is_not_known(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct crl_store *crls = PKI_CRLS(PKI_CRL(.issuer = root, .next_update = PKI_NOW - 1));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, i);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = mend(&world, crls);
	assert_findings(result, "revocation_unknown warning none, revocation_unknown warning none");
	assert_true(result->mended_trusted && result->served_trusted);
	assert_int_equal(mend_exit_status(result, false), 0);
	world_cleanup(&world);

	/* The anchor is not looked at; nor is a leaf that is one. */
	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", leaf);
	assert_findings(mend(&world, crls), "");
	world_cleanup(&world);
	crl_store_unref(crls);
}

static void test_a_staple_revokes_and_a_missing_one_is_reported(void **state)
{
	static const uint8_t feature[] = {0x30, 3, 2, 1, 5}, other_feature[] = {0x30, 3, 2, 1, 17};
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = root);
	const struct certificate *must =
	    LEAF(.issuer = root,
		 .extensions = PKI_EXTENSIONS({"1.3.6.1.5.5.7.1.24", false, bytes_of(feature, sizeof(feature))}));
	const struct certificate *v2 =
	    LEAF(.issuer = root, .extensions = PKI_EXTENSIONS(
				     {"1.3.6.1.5.5.7.1.24", false, bytes_of(other_feature, sizeof(other_feature))}));
	const struct {
		const struct certificate *leaf;
		struct bytes staple;
		bool asked;
		const char *findings;
		const char *words;
	} cases[] = {
	    {leaf, {NULL, 0}, true, "", ""},
	    {must, {NULL, 0}, false, "", ""},
	    {v2, {NULL, 0}, true, "", ""},
	    {must, {NULL, 0}, true, "revocation_unknown warning none", "demands a stapled OCSP response"},
	    {must, PKI_OCSP(.certificate = must, .issuer = root), true, "", ""},
	    {leaf, PKI_OCSP(.certificate = leaf, .issuer = root), true, "", ""},
	    {leaf, PKI_OCSP(.certificate = leaf, .issuer = root, .next_update = PKI_NOW - 1), true,
	     "revocation_unknown warning none", "it is stale"},
	    {leaf, PKI_OCSP(.certificate = leaf, .issuer = root, .status = PKI_OCSP_REVOKED, .reason = 4), true,
	     "revoked error none", "(superseded), as the OCSP response"},
	};
	(void)state;

	assert_true(must->must_staple && !leaf->must_staple && !v2->must_staple);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mend_world world = {.input = {.staple = cases[i].staple, .staple_asked = cases[i].asked}};
		WORLD_SERVE(&world, cases[i].leaf);
		WORLD_TRUST(&world, "store", root);
		const struct mend_result *result = mend(&world, NULL);
		assert_findings(result, cases[i].findings);
		if (cases[i].words[0] != '\0')
			assert_non_null(strstr(result->findings.items[0].message, cases[i].words));
		world_cleanup(&world);
	}
}

/* The server's stapling is not at fault where the chain is. */
static void test_a_staple_without_an_issuer_is_not_blamed(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct mend_world world = {
	    .input = {.staple = PKI_OCSP(.certificate = leaf, .issuer = i), .staple_asked = true}};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	const struct finding *finding = world_finding(mend(&world, NULL), FINDING_REVOCATION_UNKNOWN);
	assert_non_null(strstr(finding->message, "its issuer is not known here"));
	assert_null(strstr(finding->message, "refuse"));
	assert_non_null(strstr(finding->advice, "Complete the chain"));
	world_cleanup(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_revoked_leaf),
	    cmocka_unit_test(test_a_clean_path_is_preferred),
	    cmocka_unit_test(test_no_way_around),
	    cmocka_unit_test(test_another_issuer_is_fetched),
	    cmocka_unit_test(test_what_is_not_known),
	    cmocka_unit_test(test_a_staple_revokes_and_a_missing_one_is_reported),
	    cmocka_unit_test(test_a_staple_without_an_issuer_is_not_blamed),
	};
	return cmocka_run_group_tests(tests, NULL, pki_revocation_teardown);
}
