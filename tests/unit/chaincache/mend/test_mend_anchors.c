/* Where paths end: roots with one name and several keys, roots signed by SHA-1, roots named in other letters,
 * self-issued certificates below a path length; and a served bag in every order. */
#include "tests/support/mend_world.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/nid.h>

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define EXPIRED .not_after = PKI_NOW - PKI_DAY

/* The store holds both, and the intermediate names no key: the one that signed is found whatever comes first. */
static void test_two_roots_with_one_name_and_two_keys(void **state)
{
	const struct certificate *old = CA("Root", EXPIRED), *root = CA("Root", .key_number = 1);
	const struct certificate *i = CA("I", .issuer = root, .aki = PKI_KEY_ID_ABSENT), *leaf = LEAF(.issuer = i);
	const struct certificate *lost = LEAF(.issuer = CA("J", .issuer = old)), *j = CA("J", .issuer = old);
	struct mend_world *world = *state;

	for (int turn = 0; turn < 2; turn++) {
		WORLD_SERVE(world, leaf, i);
		WORLD_TRUST(world, "both", turn == 0 ? old : root, turn == 0 ? root : old);
		const struct mend_result *result = world_mend(world);
		assert_findings(result, "");
		assert_ptr_equal(result->anchor, root);
		assert_true(result->served_trusted && result->mended_trusted);
		world_cleanup(world);
	}
	/* Its namesake's validity is no help to the one that has expired. */
	WORLD_SERVE(world, lost, j);
	WORLD_TRUST(world, "both", root, old);
	const struct mend_result *result = world_mend(world);
	assert_false(result->mended_trusted);
	assert_findings(result, "expired_intermediate error none");
}

/* Old roots are signed by SHA-1, and some by short keys: nobody asks a root for its signature. */
static void test_the_signature_of_a_root_does_not_count(void **state)
{
	const struct certificate *root = CA("Root", .digest = PKI_SHA1), *i = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, root);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "root_included info removed");
	assert_true(result->served_trusted && result->mended_trusted);
}

/* Clients that have the root stop there, and never see the SHA-1 above it; those with the old root alone refuse. */
static void test_a_cross_sign_by_sha_1(void **state)
{
	const struct certificate *old_root = CA("Old"), *root = CA("Root");
	const struct certificate *cross = CA("Root", .issuer = old_root, .digest = PKI_SHA1);
	const struct certificate *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_CACHE(world, cross);
	WORLD_TRUST(world, "new", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "");
	world_cleanup(world);

	WORLD_SERVE(world, leaf, i, cross);
	WORLD_TRUST(world, "old", old_root);
	result = world_mend(world);
	assert_false(result->served_trusted || result->mended_trusted);
	assert_findings(result, "weak_signature error none");
	assert_ptr_equal(world_finding(result, FINDING_WEAK_SIGNATURE)->certificate, cross);
}

/* RFC 5280 7.1, at the end of the chain: the intermediate spells its issuer otherwise than the store's root. */
static void test_a_root_whose_name_is_spelt_otherwise(void **state)
{
	const struct certificate *root =
	    PKI(.ca = true, .subject = PKI_NAME({NID_organizationName, V_ASN1_PRINTABLESTRING, "Contoso  Ltd", 0},
						{NID_commonName, V_ASN1_T61STRING, "ROOT", 0}));
	const struct certificate *i =
	    CA("I", .issuer = root,
	       .issuer_name = PKI_NAME({NID_organizationName, V_ASN1_UTF8STRING, "contoso ltd", 0},
				       {NID_commonName, V_ASN1_UTF8STRING, "Root", 0}));
	const struct certificate *other =
	    CA("I", .issuer = root, .issuer_name = PKI_NAME({NID_commonName, V_ASN1_UTF8STRING, "Root", 0}));
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "name_encoding warning none");
	assert_ptr_equal(mend_result(world->mend)->anchor, root);
	world_cleanup(world);

	/* One attribute less is another name. */
	WORLD_SERVE(world, leaf, other);
	WORLD_TRUST(world, "store", root);
	assert_true(finding_list_has(&world_mend(world)->findings, FINDING_INCOMPLETE_CHAIN));
}

/* I has rolled its key over, and the old key signed the new one's certificate: J's path length counts one of them. */
static void test_self_issued_certificates_do_not_count(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *j = CA("J", .issuer = root, .has_path_length = true, .path_length = 1);
	const struct certificate *tight = CA("J", .issuer = root, .has_path_length = true, .path_length = 0);
	const struct certificate *old_i = CA("I", .issuer = j), *new_i = CA("I", .issuer = old_i, .key_number = 1);
	const struct certificate *leaf = LEAF(.issuer = new_i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, tight, old_i, j, new_i);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, new_i, old_i, j);
	assert_true(result->mended_trusted);
	world_cleanup(world);

	WORLD_SERVE(world, leaf, new_i, old_i, tight);
	WORLD_TRUST(world, "store", root);
	result = world_mend(world);
	assert_false(result->mended_trusted);
	assert_findings(result, "constraint_violated error none");
}

/* Old and new clients beside a third audience that nobody can serve: what can be had is had. */
static void test_stores_of_three_ages(void **state)
{
	const struct certificate *oldest = CA("Oldest", EXPIRED), *old = CA("Old"), *root = CA("Root");
	const struct certificate *by_old = CA("Root", .issuer = old), *by_oldest = CA("Root", .issuer = oldest);
	const struct certificate *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, by_oldest);
	WORLD_CACHE(world, by_old);
	WORLD_TRUST(world, "new", root);
	WORLD_TRUST(world, "old", old);
	WORLD_TRUST(world, "oldest", oldest);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, by_old);
	assert_true(result->stores[0].served_trusted && result->stores[0].mended_trusted);
	assert_true(!result->stores[1].served_trusted && result->stores[1].mended_trusted);
	assert_false(result->stores[2].served_trusted || result->stores[2].mended_trusted);
	const struct finding *finding = world_finding(result, FINDING_UNTRUSTED_ROOT);
	assert_int_equal(finding->severity, SEVERITY_WARNING);
	assert_non_null(strstr(finding->message, "oldest"));
}

enum { NUM_BAG = 6, NUM_ORDERS = 720 };

/* The n-th permutation of the bag, by the factorial number system. */
static void permute(const struct certificate *const *bag, unsigned n, const struct certificate **out)
{
	const struct certificate *rest[NUM_BAG];

	memcpy(rest, bag, sizeof(rest));
	for (unsigned left = NUM_BAG; left > 0; left--) {
		unsigned place = n % left;
		n /= left;
		*out++ = rest[place];
		memmove(rest + place, rest + place + 1, (left - place - 1) * sizeof(*rest));
	}
	*out = NULL;
}

/* Behind the leaf, the served certificates come in all 720 orders: the mended bytes and the verdicts are the same. */
static void test_served_in_every_order(void **state)
{
	const struct certificate *old = CA("Old"), *root = CA("Root");
	const struct certificate *j = CA("J", .issuer = root), *stale = CA("J", .issuer = root, EXPIRED);
	const struct certificate *i = CA("I", .issuer = j), *cross = CA("Root", .issuer = old),
				 *leaf = LEAF(.issuer = i);
	const struct certificate *bag[NUM_BAG] = {i, j, stale, cross, root, CA("Stranger")};
	struct certificate_list first = {0};
	bool served_trusted = false;
	(void)state;

	for (unsigned order = 0; order < NUM_ORDERS; order++) {
		const struct certificate *served[NUM_BAG + 1];
		struct mend_world world = {0};

		permute(bag, order, served);
		WORLD_SERVE(&world, leaf);
		world_serve(&world, served);
		WORLD_TRUST(&world, "new", root);
		WORLD_TRUST(&world, "old", old);
		const struct mend_result *result = world_mend(&world);
		if (order == 0) {
			assert_ok(certificate_list_copy(&first, &result->mended));
			served_trusted = result->served_trusted;
		}
		assert_true(certificate_list_equal(&first, &result->mended));
		assert_true(result->mended_trusted);
		assert_int_equal(result->served_trusted, served_trusted);
		assert_int_equal(mend_exit_status(result, false), 1);
		world_cleanup(&world);
	}
	certificate_list_cleanup(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MEND_TEST(test_two_roots_with_one_name_and_two_keys),
	    MEND_TEST(test_the_signature_of_a_root_does_not_count),
	    MEND_TEST(test_a_cross_sign_by_sha_1),
	    MEND_TEST(test_a_root_whose_name_is_spelt_otherwise),
	    MEND_TEST(test_self_issued_certificates_do_not_count),
	    MEND_TEST(test_stores_of_three_ages),
	    cmocka_unit_test(test_served_in_every_order),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
