/* Provokes each finding about a served chain, and keeps it silent by a neighbour that is right. */
#include "tests/support/mend_world.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/nid.h>

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

struct hierarchy {
	const struct certificate *root, *j, *i, *leaf, *stranger;
};

static struct hierarchy good(void)
{
	struct hierarchy h;

	h.root = CA("Root");
	h.j = CA("J", .issuer = h.root);
	h.i = CA("I", .issuer = h.j);
	h.leaf = LEAF(.issuer = h.i);
	h.stranger = CA("Stranger", .issuer = CA("Elsewhere"));
	return h;
}

struct served_case {
	const char *what;
	const struct certificate *served[8];
	const char *findings;
	bool served_trusted;
	int exit_status;
};

static void test_served_chains_against_a_table(void **state)
{
	struct hierarchy h = good();
	const struct served_case cases[] = {
	    {"right", {h.leaf, h.i, h.j}, "", true, 0},
	    {"missing in the middle", {h.leaf, h.j}, "missing_intermediate fixed added", false, 1},
	    {"swapped", {h.leaf, h.j, h.i}, "wrong_order fixed reordered", true, 1},
	    {"root first, then sorted the wrong way",
	     {h.leaf, h.root, h.j, h.i},
	     "wrong_order fixed reordered, root_included info removed",
	     true,
	     1},
	    {"root at the end", {h.leaf, h.i, h.j, h.root}, "root_included info removed", true, 0},
	    {"root in the middle",
	     {h.leaf, h.root, h.i, h.j},
	     "root_included info removed, wrong_order fixed reordered",
	     true,
	     1},
	    {"twice", {h.leaf, h.i, h.j, h.i}, "duplicate_certificate info removed", true, 0},
	    {"the leaf twice", {h.leaf, h.leaf, h.i, h.j}, "duplicate_certificate info removed", true, 0},
	    {"a stranger", {h.leaf, h.i, h.stranger, h.j}, "unrelated_certificate info removed", true, 0},
	    {"everything at once",
	     {h.leaf, h.root, h.stranger, h.j, h.j, h.stranger},
	     "missing_intermediate fixed added, root_included info removed, unrelated_certificate info removed, "
	     "duplicate_certificate info removed, duplicate_certificate info removed, wrong_order fixed reordered",
	     false,
	     1},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct mend_world world = {0};

		print_message("%s\n", cases[c].what);
		world_serve(&world, cases[c].served);
		WORLD_CACHE(&world, h.i, h.j);
		WORLD_TRUST(&world, "store", h.root);
		const struct mend_result *result = world_mend(&world);
		assert_chain(&result->mended, h.leaf, h.i, h.j);
		assert_findings(result, cases[c].findings);
		assert_true(result->mended_trusted);
		assert_int_equal(result->served_trusted, cases[c].served_trusted);
		assert_int_equal(mend_exit_status(result, false), cases[c].exit_status);
		assert_int_equal(mend_exit_status(result, true), cases[c].served_trusted ? cases[c].exit_status : 2);
		world_cleanup(&world);
	}
}

static void test_messages_name_the_certificate_and_the_consequence(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;

	WORLD_SERVE(world, h.leaf, h.j);
	WORLD_CACHE(world, h.i);
	WORLD_TRUST(world, "store", h.root);
	const struct finding *finding = world_finding(world_mend(world), FINDING_MISSING_INTERMEDIATE);
	assert_string_equal(finding->message,
			    "The intermediate CN=I, which issued CN=a.example, is not served, so clients that "
			    "do not know it refuse the chain; it was found in the cache and added.");
	assert_non_null(strstr(finding->advice, "Add this certificate to the chain that the server sends"));
}

static void test_a_twin_that_is_not_valid_yet_is_replaced(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *early = CA("I", .issuer = root, .not_before = PKI_NOW + PKI_DAY),
				 *fine = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = fine);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, early);
	WORLD_CACHE(world, fine);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, fine);
	assert_findings(result, "not_yet_valid_intermediate fixed replaced");
	assert_non_null(strstr(world_finding(result, FINDING_NOT_YET_VALID_INTERMEDIATE)->message,
			       "is not valid before 2026-01-02"));
}

static void test_an_expired_root_that_is_served_is_reported(void **state)
{
	const struct certificate *old = CA("Root", .not_after = PKI_NOW - PKI_DAY), *root = CA("Root");
	const struct certificate *leaf = LEAF(.issuer = root);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, old);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf);
	assert_findings(result, "expired_intermediate fixed removed");
	assert_false(result->served_trusted);
}

static void test_an_expired_stranger_is_reported_as_what_it_breaks(void **state)
{
	struct hierarchy h = good();
	const struct certificate *stale = CA("Stale", .not_after = PKI_NOW - PKI_DAY);
	struct mend_world *world = *state;

	WORLD_SERVE(world, h.leaf, h.i, h.j, stale);
	WORLD_TRUST(world, "store", h.root);
	assert_findings(world_mend(world), "expired_intermediate fixed removed");
	assert_chain(&mend_result(world->mend)->mended, h.leaf, h.i, h.j);
}

/* The served intermediate leads to a root that has expired in the store; its twin leads to one that has not. */
static void test_a_path_to_an_expired_root_has_a_better_one(void **state)
{
	const struct certificate *old_root = CA("Old", .not_after = PKI_NOW - PKI_DAY), *root = CA("Root");
	const struct certificate *served = CA("I", .issuer = old_root), *better = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = served);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, served);
	WORLD_CACHE(world, better);
	WORLD_TRUST(world, "store", old_root, root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, better);
	assert_findings(result, "better_path fixed replaced");
	const struct finding *finding = world_finding(result, FINDING_BETTER_PATH);
	assert_ptr_equal(finding->certificate, served);
	assert_non_null(strstr(finding->message, "leads through CN=I, because of CN=Old: it has expired."));
}

/* Two cross-signs of one root are served: the first is the one that clients follow, the other one is spare. */
static void test_a_second_cross_sign_is_spare(void **state)
{
	const struct certificate *a = CA("A"), *b = CA("B"), *root = CA("Root");
	const struct certificate *root_by_a = CA("Root", .issuer = a), *root_by_b = CA("Root", .issuer = b);
	const struct certificate *leaf = LEAF(.issuer = root);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, root_by_a, root_by_b);
	WORLD_TRUST(world, "store", a);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, root_by_a);
	assert_findings(result, "unrelated_certificate info removed");
	assert_non_null(strstr(result->findings.items[0].message, "is an issuer that the chain does without"));
	assert_int_equal(mend_exit_status(result, true), 0);
}

struct refused_case {
	const char *what;
	struct pki_options intermediate;
	const char *findings;
	const char *replaced; /* the findings when a good twin is in the cache */
};

/* The only path fails in verification; and the same with a good twin at hand. */
static void test_refusals_against_a_table(void **state)
{
	const struct refused_case cases[] = {
	    {"name constraints",
	     {.ca = true, .name_constraints = "permitted;DNS:other.example"},
	     "constraint_violated error none",
	     "constraint_violated fixed replaced"},
	    {"purpose",
	     {.ca = true, .eku = PKI_NIDS(NID_email_protect)},
	     "wrong_purpose error none",
	     "wrong_purpose fixed replaced"},
	    {"SHA-1", {.ca = true, .digest = PKI_SHA1}, "weak_signature error none", "weak_signature fixed replaced"},
	    {"no CA bit",
	     {.no_basic_constraints = true},
	     "constraint_violated error none",
	     "constraint_violated fixed replaced"},
	    {"weak key", {.ca = true, .key_type = PKI_RSA_1024}, "weak_key error none", "weak_key error none"},
	    {"a critical extension that nobody knows",
	     {.ca = true,
	      .extensions = (const struct pki_extension[]){{"1.2.3.4", true, {(const uint8_t *)"\x05\x00", 2}}, {0}}},
	     "constraint_violated error none",
	     "constraint_violated fixed replaced"},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++)
		for (int with_twin = 0; with_twin <= 1; with_twin++) {
			struct pki_options options = cases[c].intermediate;
			const struct certificate *root = CA("Root");
			options.cn = "I";
			options.issuer = root;
			const struct certificate *i = pki_make(&options), *fine = CA("I", .issuer = root);
			const struct certificate *leaf = LEAF(.issuer = i);
			struct mend_world world = {0};

			print_message("%s, with a twin: %d\n", cases[c].what, with_twin);
			WORLD_SERVE(&world, leaf, i);
			WORLD_TRUST(&world, "store", root);
			if (with_twin)
				WORLD_CACHE(&world, fine);
			const struct mend_result *result = world_mend(&world);
			assert_findings(result, with_twin ? cases[c].replaced : cases[c].findings);
			world_cleanup(&world);
		}
}

static void test_path_length_is_counted_to_the_root(void **state)
{
	const struct certificate *root = CA("Root", .has_path_length = true, .path_length = 1);
	const struct certificate *j = CA("J", .issuer = root, .has_path_length = true, .path_length = 0);
	const struct certificate *i = CA("I", .issuer = j), *i_by_root = CA("I", .issuer = root),
				 *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, j);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, j);
	assert_findings(result, "constraint_violated error none");
	assert_ptr_equal(world_finding(result, FINDING_CONSTRAINT_VIOLATED)->certificate, j);
	world_cleanup(world);

	WORLD_SERVE(world, leaf, i, j);
	WORLD_CACHE(world, i_by_root);
	WORLD_TRUST(world, "store", root);
	result = world_mend(world);
	assert_chain(&result->mended, leaf, i_by_root);
	assert_true(result->mended_trusted);
	assert_int_equal(mend_exit_status(result, false), 1);
}

/* Servers refuse what a TLS client shows. */
static void test_words_about_a_client_certificate(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	const struct certificate *expired = CA("I", .issuer = root, .not_after = PKI_NOW - PKI_DAY);
	const struct certificate *leaf = LEAF(.issuer = i, .eku = PKI_NIDS(NID_client_auth));
	const struct certificate *served[][4] = {
	    {leaf, root}, {leaf, expired}, {leaf, i, root}, {leaf}, {root, leaf, i}};
	(void)state;

	for (size_t c = 0; c < sizeof(served) / sizeof(served[0]); c++) {
		struct mend_world world = {.input.purpose = PURPOSE_TLS_CLIENT, .input.ignore_trust = true};
		bool root_first = served[c][0] == root;
		world.input.leaf_place = root_first ? 1 : 0;
		world_serve(&world, root_first ? (const struct certificate *[]){leaf, root, i, NULL} : served[c]);
		WORLD_CACHE(&world, i);
		WORLD_TRUST(&world, "store", root);
		const struct mend_result *result = world_mend(&world);
		for (size_t k = 0; k < result->findings.count; k++) {
			const char *message = result->findings.items[k].message;
			print_message("%s\n", message);
			assert_null(strstr(message, "clients"));
			assert_null(strstr(message, "Clients"));
			assert_null(strstr(message, "server certificate"));
		}
		assert_true(result->findings.count > 0);
		world_cleanup(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_served_chains_against_a_table),
	    MEND_TEST(test_messages_name_the_certificate_and_the_consequence),
	    MEND_TEST(test_a_twin_that_is_not_valid_yet_is_replaced),
	    MEND_TEST(test_an_expired_root_that_is_served_is_reported),
	    MEND_TEST(test_an_expired_stranger_is_reported_as_what_it_breaks),
	    MEND_TEST(test_a_path_to_an_expired_root_has_a_better_one),
	    MEND_TEST(test_a_second_cross_sign_is_spare),
	    cmocka_unit_test(test_refusals_against_a_table),
	    MEND_TEST(test_path_length_is_counted_to_the_root),
	    cmocka_unit_test(test_words_about_a_client_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
