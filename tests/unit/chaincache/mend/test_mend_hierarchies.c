/* More hierarchies than test_chain_search has room for: roll-overs, cross-signs beside roots of other ages, and bags of a
 * hundred certificates that are there to cost time. Work is counted, never timed. */
#include "tests/support/mend_world.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/nid.h>
#include <openssl/x509.h>

#include "tests/support/hostile_bag.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define EXPIRED .not_after = PKI_NOW - PKI_DAY

/* RFC 4210's roll-over the other way: the intermediate was issued by the old key, and the store has the new root alone. */
static void test_a_root_roll_over_old_with_new(void **state)
{
	const struct certificate *old_root = CA("Root"), *new_root = CA("Root", .key_number = 1);
	const struct certificate *old_with_new = CA("Root", .issuer = new_root);
	const struct certificate *i = CA("I", .issuer = old_root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, old_root);
	WORLD_CACHE(world, CA("Root", .key_number = 1, .issuer = old_root), old_with_new);
	WORLD_TRUST(world, "new", new_root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, old_with_new);
	assert_true(result->mended_trusted);
	assert_false(result->served_trusted);
	assert_ptr_equal(result->anchor, new_root);
}

/* As in September 2021: the cross-sign is valid for years, the root that made it has expired. */
static void test_a_valid_cross_sign_by_an_expired_root(void **state)
{
	const struct certificate *old_root = CA("Old", EXPIRED), *root = CA("Root");
	const struct certificate *cross = CA("Root", .issuer = old_root), *i = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	/* Who has the new root stops there: the cross-sign hurts nobody, and is not ours to drop. */
	WORLD_SERVE(world, leaf, i, cross);
	WORLD_TRUST(world, "both", old_root, root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, cross);
	assert_true(result->served_trusted && result->mended_trusted);
	assert_ptr_equal(result->anchor, root);
	world_cleanup(world);

	/* Who has the old root alone is lost, and that is said. */
	WORLD_SERVE(world, leaf, i, cross);
	WORLD_TRUST(world, "new", root);
	WORLD_TRUST(world, "old", old_root);
	result = world_mend(world);
	assert_true(result->stores[0].mended_trusted);
	assert_false(result->stores[1].served_trusted || result->stores[1].mended_trusted);
	assert_true(finding_list_has(&result->findings, FINDING_UNTRUSTED_ROOT));
}

static void test_a_cross_sign_in_place_of_a_root_that_the_store_lacks(void **state)
{
	const struct certificate *old_root = CA("Old"), *root = CA("Root");
	const struct certificate *cross = CA("Root", .issuer = old_root), *i = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, root);
	WORLD_CACHE(world, cross);
	WORLD_TRUST(world, "old", old_root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, cross);
	assert_true(result->mended_trusted);
	assert_false(result->served_trusted);
	assert_int_equal(mend_exit_status(result, false), 1);
}

/* Two hierarchies of their own that a bridge connects; the store holds the far one's root alone. */
static void test_across_a_bridge(void **state)
{
	const struct certificate *near = CA("Near"), *far = CA("Far"), *bridge = CA("Bridge");
	const struct certificate *near_by_bridge = CA("Near", .issuer = bridge),
				 *bridge_by_far = CA("Bridge", .issuer = far);
	const struct certificate *far_by_bridge = CA("Far", .issuer = bridge),
				 *bridge_by_near = CA("Bridge", .issuer = near);
	const struct certificate *i = CA("I", .issuer = near), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, near);
	WORLD_CACHE(world, far_by_bridge, bridge_by_near, bridge_by_far, near_by_bridge);
	WORLD_TRUST(world, "far", far);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, near_by_bridge, bridge_by_far);
	assert_true(result->mended_trusted);
}

/* The twin above J fails by its path length alone: two CAs stand below it. */
static void test_a_twin_with_too_short_a_path_length(void **state)
{
	const struct certificate *root = CA("Root"), *good = CA("K", .issuer = root);
	const struct certificate *tight =
	    CA("K", .issuer = root, .has_path_length = true, .path_length = 1, .not_after = PKI_NOT_AFTER + PKI_DAY);
	const struct certificate *j = CA("J", .issuer = good), *i = CA("I", .issuer = j), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, j, tight);
	WORLD_CACHE(world, good);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, j, good);
	assert_true(result->mended_trusted);
	assert_false(result->served_trusted);
}

static void test_an_md5_twin_beside_a_good_one(void **state)
{
	const struct certificate *root = CA("Root", .key_type = PKI_RSA_2048);
	const struct certificate *weak =
				     CA("I", .issuer = root, .digest = PKI_MD5, .not_after = PKI_NOT_AFTER + PKI_DAY),
				 *good = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = good);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, weak);
	WORLD_CACHE(world, good);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, good);
	assert_true(result->mended_trusted);
	assert_false(result->served_trusted);
	world_cleanup(world);

	/* And without the good one it is an error, whoever accepts it elsewhere. */
	WORLD_SERVE(world, leaf, weak);
	WORLD_TRUST(world, "store", root);
	result = world_mend(world);
	assert_false(result->mended_trusted);
	assert_findings(result, "weak_signature error none");
}

/* MD5 on the leaf itself: one finding, and no word of an issuer that is missing. */
static void test_a_leaf_by_md5(void **state)
{
	const struct certificate *root = CA("Root", .key_type = PKI_RSA_2048),
				 *i = CA("I", .key_type = PKI_RSA_2048, .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = i, .digest = PKI_MD5),
				 *sha1 = LEAF(.issuer = i, .digest = PKI_SHA1);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, i);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_false(result->mended_trusted);
	assert_findings(result, "missing_intermediate fixed added, weak_signature error none");
	world_cleanup(world);

	WORLD_SERVE(world, sha1);
	WORLD_CACHE(world, i);
	WORLD_TRUST(world, "store", root);
	result = world_mend(world);
	assert_chain(&result->mended, sha1, i);
	assert_false(result->mended_trusted);
	assert_findings(result, "missing_intermediate fixed added, weak_signature error none");
}

/* Its key would verify the leaf's signature, but it goes by another name. */
static void test_same_key_with_another_name_is_no_issuer(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	const struct certificate *alias = CA("Alias", .issuer = root, .key = pki_key(i));
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, alias);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf);
	assert_false(result->mended_trusted);
	assert_true(finding_list_has(&result->findings, FINDING_INCOMPLETE_CHAIN));
	world_cleanup(world);

	WORLD_SERVE(world, leaf, alias);
	WORLD_CACHE(world, i);
	WORLD_TRUST(world, "store", root);
	result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_true(result->mended_trusted);
}

/* The leaf's key identifier is that of a CA with the same name and another key. */
static void test_a_key_identifier_of_the_wrong_issuer(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root, .ski = PKI_KEY_ID_ABSENT);
	const struct certificate *decoy = CA("I", .issuer = root, .key_number = 1);
	const struct certificate *leaf = LEAF(.issuer = decoy, .signing_key = pki_key(i));
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, decoy);
	WORLD_CACHE(world, i);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_true(result->mended_trusted);
}

/* A company's CA that constrains addresses, and a leaf that has one. */
static void test_constraints_on_addresses_rule_no_good_path_out(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *i = CA("I", .issuer = root, .name_constraints = "permitted;IP:10.0.0.0/255.0.0.0");
	const struct certificate *inside = LEAF(.issuer = i, .ip = PKI_STRINGS("10.0.0.1"));
	const struct certificate *outside = LEAF(.issuer = i, .ip = PKI_STRINGS("192.0.2.1"));
	struct mend_world *world = *state;

	WORLD_SERVE(world, inside);
	WORLD_CACHE(world, i);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "missing_intermediate fixed added");
	world_cleanup(world);

	WORLD_SERVE(world, outside, i);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_true(finding_list_has(&result->findings, FINDING_CONSTRAINT_VIOLATED));
	assert_false(result->mended_trusted);
	assert_int_equal(mend_exit_status(result, false), 2);
}

/* The CA's curve is turned into one that nobody knows; its name and its place in the chain are right. */
static void test_an_issuer_with_a_key_of_an_unknown_kind(void **state)
{
	static const uint8_t prime256v1[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	const struct certificate *root = CA("Root"), *good = CA("I", .issuer = root), *leaf = LEAF(.issuer = good),
				 *odd;
	uint8_t der[4096];
	struct mend_world world = {0};
	(void)state;

	assert_true(good->der.len <= sizeof(der));
	memcpy(der, good->der.data, good->der.len);
	uint8_t *oid = memmem(der, good->der.len, prime256v1, sizeof(prime256v1));
	assert_non_null(oid);
	oid[sizeof(prime256v1) - 1] = 0x7f;
	assert_ok(certificate_parse(bytes_of(der, good->der.len), &odd));

	WORLD_SERVE(&world, leaf, odd);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, odd);
	assert_non_null(strstr(world_finding(result, FINDING_NOT_JUDGED)->message, "CN=I cannot be judged here"));
	/* Its own signature is broken, so that nobody issued it. */
	assert_ptr_equal(world_finding(result, FINDING_INCOMPLETE_CHAIN)->certificate, odd);
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);
	certificate_unref(odd);
}

static void assert_within_budgets(const struct mend_result *result)
{
	assert_true(result->num_signature_checks <= MEND_MAX_SIGNATURE_CHECKS);
	assert_true(result->num_verifications <= MEND_MAX_VERIFICATIONS);
	assert_true(result->num_steps <= MEND_MAX_STEPS);
	assert_true(result->num_runners_up <= MEND_MAX_RUNNERS_UP);
}

/* Serves the leaf alone or the whole bag, and mends it. */
static const struct mend_result *mend_bag(struct mend_world *world, const struct hostile_bag *bag, bool served)
{
	WORLD_SERVE(world, bag->items[0]);
	if (served)
		world_serve(world, bag->items + 1);
	else
		world_cache(world, bag->items + 1);
	return world_mend(world);
}

static void test_a_clique_is_bounded_and_told(void **state)
{
	struct hostile_bag bag;
	struct mend_world *world = *state;

	hostile_bag_clique(&bag);
	for (int served = 0; served < 2; served++) {
		WORLD_TRUST(world, "store", CA("Unreachable"));
		const struct mend_result *result = mend_bag(world, &bag, served != 0);
		assert_within_budgets(result);
		assert_true(finding_list_has(&result->findings, FINDING_VERIFICATION_LIMIT));
		assert_int_equal(mend_exit_status(result, false), 2);
		world_cleanup(world);
	}

	/* One of the ten is trusted: it is found, whatever else there is to be walked. */
	WORLD_TRUST(world, "store", CA("Member 0"));
	const struct mend_result *result = mend_bag(world, &bag, false);
	assert_within_budgets(result);
	assert_true(result->mended_trusted);
	assert_chain(&result->mended, bag.items[0]);
}

static void test_a_hundred_interchangeable_issuers(void **state)
{
	const struct certificate *root = CA("Root");
	struct hostile_bag bag;
	struct mend_world world = {0};
	(void)state;

	hostile_bag_twins(&bag, root);
	for (int served = 0; served < 2; served++) {
		WORLD_TRUST(&world, "store", root);
		const struct mend_result *result = mend_bag(&world, &bag, served != 0);
		assert_within_budgets(result);
		assert_true(result->mended_trusted);
		assert_int_equal(result->mended.count, 2);
		world_cleanup(&world);
	}
}

static void test_a_hundred_impostors(void **state)
{
	const struct certificate *root = CA("Root");
	struct hostile_bag bag;
	struct mend_world *world = *state;

	hostile_bag_impostors(&bag, root);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = mend_bag(world, &bag, false);
	assert_within_budgets(result);
	assert_true(result->mended_trusted);
	assert_chain(&result->mended, bag.items[0], bag.items[bag.count - 1]);
}

/* A trusted path is found, and the other 63 are not all compared. */
static void test_constraints_on_every_path(void **state)
{
	const struct certificate *root = CA("Root");
	struct hostile_bag bag;
	struct mend_world world = {0};
	(void)state;

	hostile_bag_constrained(&bag, root);
	for (int served = 0; served < 2; served++) {
		WORLD_TRUST(&world, "store", root);
		WORLD_TRUST(&world, "another", CA("Unreachable"));
		const struct mend_result *result = mend_bag(&world, &bag, served != 0);
		assert_within_budgets(result);
		assert_int_equal(result->mended.count, 3);
		assert_true(result->stores[0].mended_trusted);
		assert_true(result->num_name_comparisons <= MEND_MAX_NAME_COMPARISONS);
		assert_true(result->num_name_comparisons > MEND_MAX_NAME_COMPARISONS / 2);
		assert_true(finding_list_has(&result->findings, FINDING_VERIFICATION_LIMIT));
		world_cleanup(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MEND_TEST(test_a_root_roll_over_old_with_new),
	    MEND_TEST(test_a_valid_cross_sign_by_an_expired_root),
	    MEND_TEST(test_a_cross_sign_in_place_of_a_root_that_the_store_lacks),
	    MEND_TEST(test_across_a_bridge),
	    MEND_TEST(test_a_twin_with_too_short_a_path_length),
	    MEND_TEST(test_an_md5_twin_beside_a_good_one),
	    MEND_TEST(test_a_leaf_by_md5),
	    MEND_TEST(test_same_key_with_another_name_is_no_issuer),
	    MEND_TEST(test_a_key_identifier_of_the_wrong_issuer),
	    MEND_TEST(test_constraints_on_addresses_rule_no_good_path_out),
	    cmocka_unit_test(test_an_issuer_with_a_key_of_an_unknown_kind),
	    MEND_TEST(test_a_clique_is_bounded_and_told),
	    cmocka_unit_test(test_a_hundred_interchangeable_issuers),
	    MEND_TEST(test_a_hundred_impostors),
	    cmocka_unit_test(test_constraints_on_every_path),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
