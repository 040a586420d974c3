/* The hierarchies that break simple builders, each mended as a whole. */
#include "tests/support/mend_world.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define EXPIRED .not_after = PKI_NOW - PKI_DAY

static void test_an_expired_cross_sign_is_left_out(void **state)
{
	const struct certificate *old_root = CA("Old", EXPIRED), *root = CA("Root");
	const struct certificate *cross = CA("Root", .issuer = old_root, EXPIRED);
	const struct certificate *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, cross);
	WORLD_TRUST(world, "store", old_root, root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "expired_intermediate fixed removed");
	assert_false(result->served_trusted);
	assert_true(result->mended_trusted);
	assert_ptr_equal(result->anchor, root);
	assert_int_equal(mend_exit_status(result, false), 1);
}

static void test_an_expired_intermediate_is_replaced_by_its_twin(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *old = CA("I", .issuer = root, EXPIRED), *renewed = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = renewed);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, old);
	WORLD_CACHE(world, renewed);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, renewed);
	assert_findings(result, "expired_intermediate fixed replaced");
	assert_ptr_equal(world_finding(result, FINDING_EXPIRED_INTERMEDIATE)->certificate, old);
}

static void test_a_valid_twin_is_fetched_for_an_expired_intermediate(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *old = CA("I", .issuer = root, EXPIRED), *renewed = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = renewed, .ca_issuers = PKI_STRINGS("http://ca.example/i"));
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, old);
	WORLD_TRUST(world, "store", root);
	world_answer(world, "http://ca.example/i", renewed);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, renewed);
	assert_findings(result, "expired_intermediate fixed replaced");
}

static void test_an_expired_intermediate_without_a_twin_is_an_error(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root, EXPIRED), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "expired_intermediate error none");
	assert_int_equal(mend_exit_status(result, false), 2);
}

/* Two audiences: one holds the new root, the other the old one that signed it. */
static void test_a_cross_sign_serves_old_and_new_clients(void **state)
{
	const struct certificate *old_root = CA("Old"), *root = CA("Root");
	const struct certificate *cross = CA("Root", .issuer = old_root);
	const struct certificate *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_CACHE(world, cross);
	WORLD_TRUST(world, "new", root);
	WORLD_TRUST(world, "old", old_root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, cross);
	assert_findings(result, "missing_intermediate fixed added");
	assert_true(result->stores[0].served_trusted);
	assert_false(result->stores[1].served_trusted);
	assert_true(result->stores[0].mended_trusted && result->stores[1].mended_trusted);
	assert_ptr_equal(result->anchor, old_root);
	assert_int_equal(result->num_runners_up, 1);
	assert_non_null(strstr(result->runners_up[0].why, "fewer trust stores: 1, not 2"));
	assert_chain(&result->runners_up[0].path, leaf, i, root);
}

static void test_a_served_cross_sign_to_an_unknown_root_stays(void **state)
{
	const struct certificate *old_root = CA("Old"), *root = CA("Root");
	const struct certificate *cross = CA("Root", .issuer = old_root);
	const struct certificate *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, cross);
	WORLD_TRUST(world, "new", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, cross);
	assert_findings(result, "");
	assert_false(result->changed);
}

static void test_a_path_to_nothing_trusted_is_given_up_for_a_better_one(void **state)
{
	const struct certificate *unknown = CA("Unknown"), *root = CA("Root");
	const struct certificate *served = CA("I", .issuer = unknown), *better = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = served);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, served, unknown);
	WORLD_CACHE(world, better);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, better);
	assert_findings(result, "better_path fixed replaced, root_included info removed");
	assert_int_equal(mend_exit_status(result, false), 1);
}

static void test_mutual_cross_signs_and_a_bridge(void **state)
{
	const struct certificate *a_root = CA("A"), *b_root = CA("B"), *bridge_root = CA("Bridge");
	const struct certificate *a_by_b = CA("A", .issuer = b_root), *b_by_a = CA("B", .issuer = a_root);
	const struct certificate *bridge_by_a = CA("Bridge", .issuer = a_root),
				 *bridge_by_b = CA("Bridge", .issuer = b_root);
	const struct certificate *b_by_bridge = CA("B", .issuer = bridge_root), *i = CA("I", .issuer = bridge_root);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, a_by_b, b_by_a, bridge_by_a, bridge_by_b, b_by_bridge, i);
	WORLD_TRUST(world, "b", b_root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, bridge_by_b);
	assert_true(result->mended_trusted);
	assert_false(finding_list_has(&result->findings, FINDING_VERIFICATION_LIMIT));
}

/* X and Y have signed each other; the only way out is from Y, and X's other issuer is a dead end. */
static void test_a_way_out_of_a_loop(void **state)
{
	const struct certificate *x = CA("X"), *y = CA("Y"), *root = CA("Root"), *nobody = CA("Nobody");
	const struct certificate *x_by_y = CA("X", .issuer = y), *y_by_x = CA("Y", .issuer = x);
	const struct certificate *x_by_nobody = CA("X", .issuer = nobody), *y_by_root = CA("Y", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = x);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, y_by_x, x_by_nobody, x_by_y);
	WORLD_CACHE(world, y_by_root);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, x_by_y, y_by_root);
	assert_true(result->mended_trusted);
}

static void test_two_roots_with_one_name_and_key_one_expired(void **state)
{
	const struct certificate *old = CA("Root", EXPIRED), *root = CA("Root");
	const struct certificate *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_TRUST(world, "both", old, root);
	WORLD_TRUST(world, "old", old);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_true(result->stores[0].served_trusted && result->stores[0].mended_trusted);
	assert_false(result->stores[1].mended_trusted);
	assert_ptr_equal(result->anchor, root);
	assert_findings(result, "untrusted_root warning none");
	assert_int_equal(mend_exit_status(result, false), 0);
	assert_int_equal(mend_exit_status(result, true), 2);
}

static void test_an_expired_root_alone_is_an_error(void **state)
{
	const struct certificate *root = CA("Root", EXPIRED), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "expired_intermediate error none");
	assert_ptr_equal(world_finding(result, FINDING_EXPIRED_INTERMEDIATE)->certificate, root);
}

/* RFC 4210's roll-over: the new root's key signed by the old one; the store still holds the old root alone. */
static void test_a_root_roll_over_new_with_old(void **state)
{
	const struct certificate *old_root = CA("Root"), *new_root = CA("Root", .key_number = 1);
	const struct certificate *new_with_old = CA("Root", .key_number = 1, .issuer = old_root);
	const struct certificate *i = CA("I", .issuer = new_root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_CACHE(world, new_with_old, new_root);
	WORLD_TRUST(world, "old", old_root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, new_with_old);
	assert_true(result->mended_trusted);
	assert_ptr_equal(result->anchor, old_root);
}

static void test_an_intermediate_is_the_anchor_and_its_parent_is_broken(void **state)
{
	const struct certificate *root = CA("Root", EXPIRED), *i = CA("I", .issuer = root, .broken_signature = true);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, root);
	WORLD_TRUST(world, "store", i);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf);
	assert_findings(result, "");
	assert_ptr_equal(result->anchor, i);
}

struct twin_case {
	const char *what;
	struct pki_options bad; /* the twin's own fault */
};

/* Same name, same key: the served one fails verification alone, and the cached one is found. */
static void test_a_twin_that_fails_only_in_verification(void **state)
{
	const struct twin_case cases[] = {
	    {"name constraints", {.name_constraints = "permitted;DNS:other.example"}},
	    {"key usage", {.key_usage = X509v3_KU_CRL_SIGN}},
	    {"extended key usage", {.eku = PKI_NIDS(NID_email_protect)}},
	    {"SHA-1", {.digest = PKI_SHA1}},
	    {"no CA bit", {.no_basic_constraints = true}},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		const struct certificate *root = CA("Root"), *fine = CA("I", .issuer = root);
		struct pki_options options = cases[c].bad;
		options.cn = "I";
		options.ca = !options.no_basic_constraints;
		options.issuer = root;
		options.not_after = PKI_NOT_AFTER + PKI_DAY; /* discovery tries it first */
		const struct certificate *twin = pki_make(&options), *leaf = LEAF(.issuer = fine);
		struct mend_world world = {0};

		WORLD_SERVE(&world, leaf, twin);
		WORLD_CACHE(&world, fine);
		WORLD_TRUST(&world, "store", root);
		const struct mend_result *result = world_mend(&world);
		print_message("%s\n", cases[c].what);
		assert_chain(&result->mended, leaf, fine);
		assert_true(result->mended_trusted);
		assert_false(result->served_trusted);
		assert_int_equal(mend_exit_status(result, false), 1);
		world_cleanup(&world);
	}
}

/* As OpenSSL and GnuTLS do, the weakest client takes the first certificate that fits by its name and key identifiers. */
static void test_same_name_with_another_key_misleads_where_it_stands_first(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	const struct certificate *impostor = CA("I", .issuer = root, .key_number = 1),
				 *leaf = LEAF(.issuer = i, .aki = PKI_KEY_ID_ABSENT);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, impostor, i);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "unrelated_certificate fixed removed");
	assert_true(!result->served_trusted && result->mended_trusted);
	world_cleanup(&world);

	world = (struct mend_world){0};
	WORLD_SERVE(&world, leaf, i, impostor);
	WORLD_TRUST(&world, "store", root);
	result = world_mend(&world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "unrelated_certificate info removed");
	assert_true(result->served_trusted && result->mended_trusted);
	world_cleanup(&world);

	/* With key identifiers nobody takes the one for the other. */
	world = (struct mend_world){0};
	leaf = LEAF(.issuer = i);
	WORLD_SERVE(&world, leaf, impostor, i);
	WORLD_TRUST(&world, "store", root);
	result = world_mend(&world);
	assert_findings(result, "unrelated_certificate info removed");
	assert_true(result->served_trusted && result->mended_trusted);
	world_cleanup(&world);
}

static void test_a_key_identifier_that_points_elsewhere_ranks_and_does_not_filter(void **state)
{
	const struct certificate *root = CA("Root");
	/* The leaf's key identifier is that of neither, but one of them has none at all. */
	const struct certificate *with_id = CA("I", .issuer = root),
				 *without_id = CA("I", .issuer = root, .ski = PKI_KEY_ID_ABSENT);
	const struct certificate *leaf = LEAF(.issuer = with_id, .aki = PKI_KEY_ID_WRONG);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, with_id, without_id);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, without_id);
	assert_true(result->mended_trusted);
}

static void test_a_leaf_that_is_offered_as_its_own_issuer(void **state)
{
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = root);
	const struct certificate *odd =
	    PKI(.cn = "odd", .issuer_name = PKI_NAME({NID_commonName, 0, "odd", 0}), .issuer = root);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, leaf);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf);
	assert_findings(result, "duplicate_certificate info removed");
	world_cleanup(world);

	/* It names itself as its issuer and is not: nobody else is known by that name. */
	WORLD_SERVE(world, odd, odd);
	WORLD_TRUST(world, "store", root);
	result = world_mend(world);
	assert_chain(&result->mended, odd);
	assert_true(finding_list_has(&result->findings, FINDING_INCOMPLETE_CHAIN));
}

static void test_names_equal_by_comparison_and_not_by_bytes(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *i =
	    PKI(.ca = true, .issuer = root,
		.subject = PKI_NAME({NID_commonName, V_ASN1_PRINTABLESTRING, "Issuing  CA", 0}));
	const struct certificate *leaf =
	    LEAF(.issuer = i, .issuer_name = PKI_NAME({NID_commonName, V_ASN1_UTF8STRING, "issuing ca", 0}));
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, i);
	WORLD_TRUST(world, "store", root);
	assert_chain(&world_mend(world)->mended, leaf, i);
	assert_true(mend_result(world->mend)->mended_trusted);
}

static void test_algorithms_of_today_pass(void **state)
{
	static const enum pki_key_type types[] = {PKI_P384, PKI_P521, PKI_RSA_3072, PKI_ED25519};
	(void)state;

	for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++) {
		const struct certificate *root = CA("Root", .key_type = types[t]);
		const struct certificate *i = CA("I", .issuer = root, .key_type = types[t]);
		const struct certificate *leaf = LEAF(.issuer = i);
		struct mend_world world = {0};

		WORLD_SERVE(&world, leaf, i);
		WORLD_TRUST(&world, "store", root);
		assert_findings(world_mend(&world), "");
		assert_true(mend_result(world.mend)->mended_trusted);
		world_cleanup(&world);
	}
}

static void test_pss_signatures_pass(void **state)
{
	const struct certificate *root = CA("Root", .key_type = PKI_RSA_2048, .rsa_pss = true);
	const struct certificate *i =
	    CA("I", .issuer = root, .key_type = PKI_RSA_2048, .key_number = 1, .rsa_pss = true);
	const struct certificate *leaf = LEAF(.issuer = i, .rsa_pss = true);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "");
	assert_true(mend_result(world->mend)->mended_trusted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MEND_TEST(test_an_expired_cross_sign_is_left_out),
	    MEND_TEST(test_an_expired_intermediate_is_replaced_by_its_twin),
	    MEND_TEST(test_a_valid_twin_is_fetched_for_an_expired_intermediate),
	    MEND_TEST(test_an_expired_intermediate_without_a_twin_is_an_error),
	    MEND_TEST(test_a_cross_sign_serves_old_and_new_clients),
	    MEND_TEST(test_a_served_cross_sign_to_an_unknown_root_stays),
	    MEND_TEST(test_a_path_to_nothing_trusted_is_given_up_for_a_better_one),
	    MEND_TEST(test_mutual_cross_signs_and_a_bridge),
	    MEND_TEST(test_a_way_out_of_a_loop),
	    MEND_TEST(test_two_roots_with_one_name_and_key_one_expired),
	    MEND_TEST(test_an_expired_root_alone_is_an_error),
	    MEND_TEST(test_a_root_roll_over_new_with_old),
	    MEND_TEST(test_an_intermediate_is_the_anchor_and_its_parent_is_broken),
	    cmocka_unit_test(test_a_twin_that_fails_only_in_verification),
	    cmocka_unit_test(test_same_name_with_another_key_misleads_where_it_stands_first),
	    MEND_TEST(test_a_key_identifier_that_points_elsewhere_ranks_and_does_not_filter),
	    MEND_TEST(test_a_leaf_that_is_offered_as_its_own_issuer),
	    MEND_TEST(test_names_equal_by_comparison_and_not_by_bytes),
	    cmocka_unit_test(test_algorithms_of_today_pass),
	    MEND_TEST(test_pss_signatures_pass),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
