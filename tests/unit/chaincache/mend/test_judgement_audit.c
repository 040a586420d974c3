/* Leaves chains as they are that cannot be judged: keys and signatures of kinds that BoringSSL does not know. */
#include "chaincache/mend/judgement_audit.h"

#include "tests/support/mend_world.h"

#include <openssl/nid.h>

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define BRAINPOOL(name, ...) CA(name, .shows_brainpool = true, __VA_ARGS__)

#define NOT_JUDGED "not_judged warning none"

/* Served, trusted by one store, and what must come out of it. */
struct judged_case {
	const struct certificate *served[6];
	const struct certificate *root;
	const struct certificate *mended[6];
	const struct certificate *told; /* in the first finding not_judged */
	const char *words; /* in its message */
	const char *findings;
	int status;
};

static void check_case(const struct judged_case *expected)
{
	struct mend_world world = {0};

	world_serve(&world, expected->served);
	world_trust(&world, "store", PKI_CERTIFICATES(expected->root));
	const struct mend_result *result = world_mend(&world);
	chain_check(&result->mended, expected->mended, __FILE__, __LINE__);
	assert_findings(result, expected->findings);
	const struct finding *finding = world_finding(result, FINDING_NOT_JUDGED);
	assert_ptr_equal(finding->certificate, expected->told);
	assert_non_null(strstr(finding->message, expected->words));
	assert_false(result->served_trusted || result->mended_trusted);
	assert_false(result->wants_retry);
	assert_int_equal(world.num_requests, 0);
	assert_int_equal(mend_exit_status(result, false), expected->status);
	world_cleanup(&world);
}

static void test_what_cannot_be_judged_stays_in_its_place(void **state)
{
	const struct certificate *root = CA("Root"), *odd_root = BRAINPOOL("Odd Root");
	const struct certificate *odd = BRAINPOOL("Odd", .issuer = root), *upper = BRAINPOOL("Upper", .issuer = root),
				 *lower = CA("Lower", .issuer = upper), *below = CA("Below", .issuer = odd_root);
	const struct certificate *plain = CA("Plain", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = odd), *low = LEAF(.issuer = lower),
				 *far = LEAF(.issuer = below), *direct = LEAF(.issuer = odd_root),
				 *signed_oddly = LEAF(.issuer = plain, .unknown_signature = true);
	const struct certificate *odd_link = CA("Odd link", .issuer = root, .unknown_signature = true),
				 *under = LEAF(.issuer = odd_link);
	const char *key = "key is of the kind brainpoolP256r1 (1.3.36.3.3.2.8.1.1.7)";
	const char *signature = "signature is of the kind 1.2.840.10045.4.3.127";
	const struct judged_case cases[] = {
	    {{leaf, odd}, root, {leaf, odd}, odd, key, NOT_JUDGED, 0},
	    {{low, lower, upper}, root, {low, lower, upper}, upper, key, NOT_JUDGED, 0},
	    {{far, below}, odd_root, {far, below}, odd_root, key, NOT_JUDGED, 0},
	    {{direct}, odd_root, {direct}, odd_root, key, NOT_JUDGED, 0},
	    {{signed_oddly, plain}, root, {signed_oddly, plain}, signed_oddly, signature, NOT_JUDGED, 0},
	    {{under, odd_link}, root, {under, odd_link}, odd_link, signature, NOT_JUDGED, 0},
	    /* All else is repaired as ever. */
	    {{low, upper, lower}, root, {low, lower, upper}, upper, key, NOT_JUDGED ", wrong_order fixed reordered", 1},
	    {{leaf, odd, root}, root, {leaf, odd}, odd, key, NOT_JUDGED ", root_included info removed", 0},
	    {{leaf, odd, plain}, root, {leaf, odd}, odd, key, NOT_JUDGED ", unrelated_certificate info removed", 0},
	    {{leaf, odd, odd}, root, {leaf, odd}, odd, key, NOT_JUDGED ", duplicate_certificate info removed", 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("case %zu\n", i);
		check_case(&cases[i]);
	}
}

/* The key of a server's leaf is one fact: key_unsupported says that it cannot be judged. */
static void test_a_key_of_a_leaf_is_told_once(void **state)
{
	const struct certificate *root = CA("Root"), *plain = CA("Plain", .issuer = root);
	const struct certificate *server = LEAF(.issuer = plain, .shows_brainpool = true);
	const struct certificate *client =
	    LEAF(.issuer = plain, .shows_brainpool = true, .eku = PKI_NIDS(NID_client_auth));
	const struct {
		const struct certificate *leaf;
		enum certificate_purpose purpose;
		const char *findings;
		const char *words;
	} cases[] = {
	    {server, PURPOSE_TLS_SERVER, "key_unsupported warning none",
	     "brainpoolP256r1 (1.3.36.3.3.2.8.1.1.7): no browser takes it from a server. It cannot be judged here"},
	    {client, PURPOSE_TLS_CLIENT, NOT_JUDGED, "cannot be judged here: its key is of the kind brainpoolP256r1"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mend_world world = {.input.purpose = cases[i].purpose};
		WORLD_SERVE(&world, cases[i].leaf, plain);
		WORLD_TRUST(&world, "store", root);
		const struct mend_result *result = world_mend(&world);
		assert_findings(result, cases[i].findings);
		assert_ptr_equal(result->findings.items[0].certificate, cases[i].leaf);
		assert_non_null(strstr(result->findings.items[0].message, cases[i].words));
		assert_false(result->served_trusted || result->mended_trusted);
		assert_int_equal(mend_exit_status(result, false), 0);
		assert_chain(&result->mended, cases[i].leaf, plain);
		world_cleanup(&world);
	}
}

static void test_what_is_wrong_whatever_the_unknown_says_is_told(void **state)
{
	const struct certificate *root = CA("Root"), *other = CA("Other"), *odd = BRAINPOOL("Odd", .issuer = root),
				 *leaf = LEAF(.issuer = odd);
	const struct certificate *expired = BRAINPOOL("Odd", .issuer = root, .not_after = PKI_NOW - PKI_DAY);
	const struct certificate *no_ca = PKI(.cn = "Odd", .shows_brainpool = true, .issuer = root);
	const struct certificate *odd_root = BRAINPOOL("Odd Root"), *under = LEAF(.issuer = odd_root);
	const struct certificate *long_gone =
	    LEAF(.issuer = odd, .not_before = PKI_NOW - 90 * PKI_DAY, .not_after = PKI_NOW - PKI_DAY);
	const struct judged_case cases[] = {
	    {{leaf, odd},
	     other,
	     {leaf, odd},
	     odd,
	     "",
	     NOT_JUDGED ", incomplete_chain error none, no_issuer_url warning none",
	     2},
	    {{leaf, expired}, root, {leaf, expired}, expired, "", NOT_JUDGED ", expired_intermediate error none", 2},
	    {{under, odd_root}, other, {under, odd_root}, odd_root, "", NOT_JUDGED ", untrusted_root error none", 2},
	    {{long_gone, odd}, root, {long_gone, odd}, odd, "", NOT_JUDGED ", leaf_expired error none", 2},
	};
	struct mend_world world = {0};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("case %zu\n", i);
		check_case(&cases[i]);
	}
	/* A certificate that may not issue is no issuer of an unknown kind. */
	WORLD_SERVE(&world, leaf, no_ca);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf);
	assert_false(finding_list_has(&result->findings, FINDING_NOT_JUDGED));
	world_cleanup(&world);
}

static void test_it_is_completed_by_what_can_be_judged(void **state)
{
	const struct certificate *root = CA("Root"), *upper = CA("Upper", .issuer = root),
				 *odd = BRAINPOOL("Odd", .issuer = upper,
						  .ca_issuers = PKI_STRINGS("http://ca.example/upper.cer")),
				 *lower = CA("Lower", .issuer = odd),
				 *leaf =
				     LEAF(.issuer = lower, .ca_issuers = PKI_STRINGS("http://ca.example/lower.cer"));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, odd);
	WORLD_TRUST(&world, "store", root);
	world_answer(&world, "http://ca.example/lower.cer", lower);
	world_answer(&world, "http://ca.example/upper.cer", upper);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, lower, odd, upper);
	assert_findings(result, "missing_intermediate fixed added, missing_intermediate fixed added, " NOT_JUDGED);
	assert_int_equal(mend_exit_status(result, false), 1);
	world_cleanup(&world);
}

/* Only what was given with the leaf, or stands in a store, is followed by name. */
static void test_it_is_not_brought_in(void **state)
{
	const struct certificate *root = CA("Root"), *odd = BRAINPOOL("Odd", .issuer = root),
				 *leaf = LEAF(.issuer = odd, .ca_issuers = PKI_STRINGS("http://ca.example/odd.cer"));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_CACHE(&world, odd);
	WORLD_TRUST(&world, "store", root);
	world.input.offline = true;
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf);
	assert_findings(result, "incomplete_chain error none");
	assert_non_null(strstr(world_finding(result, FINDING_INCOMPLETE_CHAIN)->message,
			       "CN=Odd is known, but its key is of a kind that is not supported (brainpoolP256r1"));
	world_cleanup(&world);

	world.input.offline = false;
	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	world_answer(&world, "http://ca.example/odd.cer", odd);
	result = world_mend(&world);
	assert_chain(&result->mended, leaf);
	assert_int_equal(result->num_fetched, 0);
	assert_false(result->wants_retry);
	assert_findings(result, "incomplete_chain error none, " NOT_JUDGED);
	const struct finding *finding = world_finding(result, FINDING_NOT_JUDGED);
	assert_string_equal(finding->url, "http://ca.example/odd.cer");
	assert_non_null(strstr(finding->message, "gives what may be the issuer and cannot be judged"));
	world_cleanup(&world);

	/* Certificates that a backend sends for the same leaf count as given. */
	world.input.offline = true;
	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	world.extra = PKI_LIST(SOURCE_BACKEND, odd);
	result = world_mend(&world);
	assert_chain(&result->mended, leaf, odd);
	world_cleanup(&world);
}

static void test_a_judged_path_that_all_accept_is_preferred(void **state)
{
	const struct certificate *root = CA("Root"), *odd_root = BRAINPOOL("Odd Root");
	const struct certificate *crossed = CA("I", .issuer = odd_root), *i = CA("I", .issuer = root),
				 *leaf = LEAF(.issuer = i);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, crossed);
	WORLD_CACHE(&world, i);
	WORLD_TRUST(&world, "store", root, odd_root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "better_path fixed replaced");
	assert_true(result->mended_trusted);
	assert_false(result->served_trusted || result->stores[0].served_judged);
	world_cleanup(&world);

	/* One store would be lost, for all that is known: the served chain stays. */
	WORLD_SERVE(&world, leaf, crossed);
	WORLD_CACHE(&world, i);
	WORLD_TRUST(&world, "odd", odd_root);
	WORLD_TRUST(&world, "other", root);
	result = world_mend(&world);
	assert_chain(&result->mended, leaf, crossed);
	assert_findings(result, NOT_JUDGED ", untrusted_root warning none");
	assert_false(result->stores[0].mended_judged);
	assert_true(result->stores[1].mended_judged);
	assert_int_equal(mend_exit_status(result, false), 0);
	assert_int_equal(mend_exit_status(result, true), 2);
	world_cleanup(&world);
}

static void test_served_issuers_that_cannot_be_told_apart_all_stay(void **state)
{
	const struct certificate *root = CA("Root"),
				 *a = BRAINPOOL("Odd", .issuer = root, .ski = PKI_KEY_ID_ABSENT, .key_number = 1),
				 *b = BRAINPOOL("Odd", .issuer = root, .ski = PKI_KEY_ID_ABSENT, .key_number = 2),
				 *leaf = LEAF(.issuer = b);
	const struct certificate *root_twin = CA("Upper", .issuer = root);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, a, root_twin, b);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, a, b);
	assert_int_equal(mend_exit_status(result, false), 0);
	world_cleanup(&world);

	/* Key identifiers tell them apart. */
	const struct certificate *right = BRAINPOOL("Odd", .issuer = root, .key_number = 2);
	WORLD_SERVE(&world, leaf, BRAINPOOL("Odd", .issuer = root, .key_number = 3), right);
	WORLD_TRUST(&world, "store", root);
	result = world_mend(&world);
	assert_chain(&result->mended, leaf, right);
	world_cleanup(&world);
}

static void test_where_trust_is_ignored(void **state)
{
	const struct certificate *odd_root = BRAINPOOL("Odd Root"), *i = BRAINPOOL("I", .issuer = odd_root),
				 *leaf = LEAF(.issuer = i);
	struct mend_world world = {.input.ignore_trust = true};
	(void)state;

	WORLD_SERVE(&world, leaf, i, odd_root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, i, odd_root);
	assert_findings(result, NOT_JUDGED ", " NOT_JUDGED);
	assert_int_equal(mend_exit_status(result, false), 0);
	world_cleanup(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_cannot_be_judged_stays_in_its_place),
	    cmocka_unit_test(test_a_key_of_a_leaf_is_told_once),
	    cmocka_unit_test(test_what_is_wrong_whatever_the_unknown_says_is_told),
	    cmocka_unit_test(test_it_is_completed_by_what_can_be_judged),
	    cmocka_unit_test(test_it_is_not_brought_in),
	    cmocka_unit_test(test_a_judged_path_that_all_accept_is_preferred),
	    cmocka_unit_test(test_served_issuers_that_cannot_be_told_apart_all_stay),
	    cmocka_unit_test(test_where_trust_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
