/* Served certificates that issued nothing in the chain: each is reported as what it is. */
#include "tests/support/mend_world.h"

#include <string.h>

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static void test_what_stands_above_a_gap(void **state)
{
	const struct certificate *root = CA("Root"), *j = CA("J", .issuer = root), *i = CA("I", .issuer = j);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	world->input.offline = true;
	WORLD_SERVE(world, leaf, j, root);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf);
	assert_findings(result, "incomplete_chain error none, no_issuer_url warning none, root_included info removed, "
				"unrelated_certificate info removed");
	assert_non_null(
	    strstr(world_finding(result, FINDING_UNRELATED_CERTIFICATE)->message, "an issuer between them is missing"));
}

/* The other one of two leafs in a file is said to be what it is. */
static void test_a_leaf_beside_its_predecessor_or_its_renewal(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	EVP_PKEY *key = pki_new_key("twins", PKI_P256, 0);
	const struct certificate *leaf =
	    LEAF(.issuer = i, .key = key, .not_before = PKI_NOW - 10 * PKI_DAY, .not_after = PKI_NOW + 300 * PKI_DAY);
	const int64_t ago = PKI_NOW - 200 * PKI_DAY, soon = PKI_NOW + 90 * PKI_DAY;
	const struct {
		const struct certificate *twin;
		const char *words;
	} cases[] = {
	    {LEAF(.issuer = i, .key = key, .not_before = ago, .not_after = PKI_NOW - PKI_DAY),
	     "its expired predecessor (valid until "},
	    {LEAF(.issuer = i, .not_before = ago, .not_after = PKI_NOW - PKI_DAY),
	     "its expired predecessor (valid until "},
	    {LEAF(.issuer = i, .key = key, .not_before = ago, .not_after = soon), "its predecessor (valid until "},
	    {LEAF(.issuer = i, .key = key, .not_before = soon), "its renewal (not valid before "},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct mend_world world = {.input.leaf_place = 1};
		print_message("%s\n", cases[c].words);
		WORLD_SERVE(&world, leaf, cases[c].twin, i);
		WORLD_TRUST(&world, "store", root);
		const struct mend_result *result = world_mend(&world);
		assert_chain(&result->mended, leaf, i);
		assert_findings(result, "wrong_order fixed reordered, unrelated_certificate info removed");
		const struct finding *order = world_finding(result, FINDING_WRONG_ORDER);
		const struct finding *other = world_finding(result, FINDING_UNRELATED_CERTIFICATE);
		assert_non_null(strstr(order->message, cases[c].words));
		assert_non_null(strstr(other->message, cases[c].words));
		assert_ptr_equal(other->certificate, cases[c].twin);
		world_cleanup(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MEND_TEST(test_what_stands_above_a_gap),
	    cmocka_unit_test(test_a_leaf_beside_its_predecessor_or_its_renewal),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
