/* Where chains end: private roots, self-signed leaves, stores that differ, missing issuers, spent budgets. */
#include "tests/support/mend_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/nid.h>

#include "chaincache/certificate/certificate_words.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static void test_a_private_root(void **state)
{
	const struct certificate *root = CA("Corp Root 1"), *public_root = CA("Public"), *i = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, i, root);
	WORLD_TRUST(&world, "system", public_root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "root_included info removed, untrusted_root error none");
	const struct finding *finding = world_finding(result, FINDING_UNTRUSTED_ROOT);
	assert_ptr_equal(finding->certificate, root);
	assert_non_null(strstr(finding->message, "CN=Corp Root 1"));
	assert_non_null(strstr(finding->advice, "`roots = corp-root-1=/etc/chainmend/corp-root-1.pem`"));
	assert_true(certificate_equal(result->anchor, root));
	assert_false(result->mended_trusted || result->served_trusted);
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);

	/* The same, trust ignored, and the same with the root in the store. */
	world.input.ignore_trust = true;
	WORLD_SERVE(&world, leaf, i, root);
	WORLD_TRUST(&world, "system", public_root);
	result = world_mend(&world);
	assert_findings(result, "root_included info removed");
	assert_true(result->mended_trusted && result->served_trusted);
	world_cleanup(&world);
	WORLD_SERVE(&world, leaf, i);
	WORLD_TRUST(&world, "corp", root);
	assert_findings(world_mend(&world), "");
	world_cleanup(&world);
}

/* A Common Name that nobody can read, below an authority with name constraints: a refusal like others, said as one. */
static void test_a_name_that_cannot_be_compared_with_a_constraint(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *i = CA("I", .issuer = root, .name_constraints = "permitted;DNS:example");
	const struct certificate *leaf =
	    PKI(.subject = PKI_NAME({NID_commonName, V_ASN1_BIT_STRING, "a.example", 0}), .issuer = i);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, i);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_false(failed(result->error));
	assert_findings(result, "constraint_violated error none");
	assert_non_null(
	    strstr(world_finding(result, FINDING_CONSTRAINT_VIOLATED)->message, "one of its names is of a form"));
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);
}

/* A company's own root is seldom served: trust ignored, the chain below it is all that counts. */
static void test_an_unknown_root_does_not_count_where_trust_is_ignored(void **state)
{
	const struct certificate *root = CA("Root"), *upper = CA("U", .issuer = root), *i = CA("I", .issuer = upper);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world world = {.input.ignore_trust = true};
	(void)state;

	WORLD_SERVE(&world, leaf, i, upper);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, i, upper);
	assert_findings(result, "incomplete_chain warning none, no_issuer_url warning none");
	assert_ptr_equal(world_finding(result, FINDING_INCOMPLETE_CHAIN)->certificate, upper);
	assert_int_equal(mend_exit_status(result, false), 0);
	world_cleanup(&world);

	/* The leaf's own issuer is no matter of trust. */
	world.input.ignore_trust = true;
	WORLD_SERVE(&world, leaf);
	result = world_mend(&world);
	assert_findings(result, "incomplete_chain error none, no_issuer_url warning none");
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);
}

/* An authority that was renewed with a new key: what is served is not the issuer, and its name is no stranger. */
static void test_an_issuer_with_another_key(void **state)
{
	const struct certificate *root = CA("Root"), *old = CA("Corp CA", .issuer = root),
				 *new = CA("Corp CA", .issuer = root, .key_number = 1);
	const struct certificate *leaf = LEAF(.issuer = new), *silent = LEAF(.issuer = new, .aki = PKI_KEY_ID_ABSENT);
	struct mend_world world = {0};
	char has[CERTIFICATE_WORDS_KEY_ID_CHARS], asks[CERTIFICATE_WORDS_KEY_ID_CHARS];
	(void)state;

	certificate_words_key_id(old->subject_key_id, has);
	certificate_words_key_id(new->subject_key_id, asks);
	WORLD_SERVE(&world, leaf, old);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result,
			"incomplete_chain error none, unrelated_certificate info removed, no_issuer_url warning none");
	const struct finding *finding = world_finding(result, FINDING_INCOMPLETE_CHAIN);
	assert_non_null(strstr(finding->message, "a certificate of \"CN=Corp CA\" is served, but with another key"));
	assert_non_null(strstr(finding->message, has));
	assert_non_null(strstr(finding->message, asks));
	assert_null(strstr(finding->message, "not known here"));
	assert_non_null(strstr(finding->advice, asks));
	finding = world_finding(result, FINDING_UNRELATED_CERTIFICATE);
	assert_non_null(strstr(finding->message, "has the name of the issuer of CN=a.example, and another key"));
	assert_null(strstr(finding->advice, "Take this certificate out"));
	world_cleanup(&world);

	/* It is known and not served. */
	WORLD_SERVE(&world, leaf);
	WORLD_CACHE(&world, old);
	WORLD_TRUST(&world, "store", root);
	finding = world_finding(world_mend(&world), FINDING_INCOMPLETE_CHAIN);
	assert_non_null(
	    strstr(finding->message, "a certificate of \"CN=Corp CA\" is known here, but with another key"));
	world_cleanup(&world);

	/* The certificate does not say by which key. */
	WORLD_SERVE(&world, silent, old);
	WORLD_TRUST(&world, "store", root);
	finding = world_finding(world_mend(&world), FINDING_INCOMPLETE_CHAIN);
	assert_non_null(strstr(finding->message, "and its key does not verify the signature"));
	world_cleanup(&world);

	/* The right one is at hand: nothing of the kind is said. */
	WORLD_SERVE(&world, leaf, old);
	WORLD_CACHE(&world, new);
	WORLD_TRUST(&world, "store", root);
	assert_findings(world_mend(&world), "missing_intermediate fixed added, unrelated_certificate info removed");
	world_cleanup(&world);
}

/* The leaf is right: no other certificate of the server helps. */
static void test_an_authority_that_is_not_for_servers(void **state)
{
	const struct certificate *root = CA("Root"),
				 *mail = CA("Mail CA", .issuer = root, .eku = PKI_NIDS(NID_email_protect));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, LEAF(.issuer = mail), mail);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "wrong_purpose error none");
	const struct finding *finding = world_finding(result, FINDING_WRONG_PURPOSE);
	assert_ptr_equal(finding->certificate, mail);
	assert_non_null(strstr(finding->advice, "It is the authority that may not issue for TLS servers"));
	world_cleanup(&world);
}

static void test_one_store_accepts_and_another_does_not(void **state)
{
	const struct certificate *root = CA("Root"), *other = CA("Other"), *leaf = LEAF(.issuer = root);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "phones", other);
	WORLD_TRUST(&world, "desktops", root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "untrusted_root warning none");
	const struct finding *finding = world_finding(result, FINDING_UNTRUSTED_ROOT);
	assert_non_null(strstr(finding->message, "roots of desktops accept the chain, those of phones do not"));
	assert_false(result->mended_trusted);
	assert_int_equal(mend_exit_status(result, false), 0);
	assert_int_equal(mend_exit_status(result, true), 2);
	world_cleanup(&world);
}

/* Keys are for the configuration, options for the commands. */
static void test_the_settings_that_an_advice_names(void **state)
{
	const struct certificate *root = CA("Corp Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	const struct certificate *alone = LEAF(.ca = false), *other = CA("Other");
	const struct {
		const struct certificate *served[4];
		bool offline;
		const char *to_run, *to_command; /* in the advice of the first error */
	} cases[] = {
	    {{leaf, i, root},
	     false,
	     "name that: `roots = corp-root=/etc/chainmend/corp-root.pem` in the configuration. Otherwise",
	     "name that: `--roots corp-root=FILE` (for `run`, `roots = corp-root=/etc/chainmend/corp-root.pem` in the "
	     "configuration). Otherwise"},
	    {{alone},
	     false,
	     "name that: `roots = a-example=",
	     "name that: `--roots a-example=FILE` (for `run`, `roots"},
	    {{leaf}, true, "Allow fetching (`fetch = on`), or do this by hand: ", "Leave `--offline` out, or do this"},
	};
	(void)state;

	for (size_t c = 0; c < 2 * sizeof(cases) / sizeof(*cases); c++) {
		bool to_run = c % 2 == 0;
		struct mend_world world = {.input.reader = to_run ? FINDING_OF_PROXY : FINDING_OF_COMMAND,
					   .input.offline = cases[c / 2].offline};
		world_serve(&world, cases[c / 2].served);
		WORLD_TRUST(&world, "system", other);
		const struct finding_list *findings = &world_mend(&world)->findings;
		size_t at = 0;
		while (findings->items[at].severity != SEVERITY_ERROR)
			at++;
		const char *advice = findings->items[at].advice;
		print_message("%s\n", advice);
		assert_non_null(strstr(advice, to_run ? cases[c / 2].to_run : cases[c / 2].to_command));
		for (size_t k = 0; k < findings->count && to_run; k++)
			assert_null(strstr(findings->items[k].advice, "--"));
		world_cleanup(&world);
	}
}

static void test_self_signed_leaves(void **state)
{
	const struct certificate *leaf = LEAF(.ca = false), *root = CA("Root");
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "system", root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf);
	assert_findings(result, "self_signed error none");
	assert_non_null(strstr(world_finding(result, FINDING_SELF_SIGNED)->advice, "`roots = a-example="));
	assert_false(result->mended_trusted);
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "pinned", leaf);
	result = world_mend(&world);
	assert_findings(result, "self_signed info none");
	assert_non_null(strstr(world_finding(result, FINDING_SELF_SIGNED)->advice, "Nothing is to be done"));
	assert_true(result->served_trusted && result->mended_trusted);
	assert_int_equal(mend_exit_status(result, true), 0);
	world_cleanup(&world);

	world.input.pin = leaf->spki_sha256;
	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "system", root);
	result = world_mend(&world);
	assert_findings(result, "self_signed info none");
	assert_true(result->served_trusted && result->mended_trusted);
	world_cleanup(&world);

	world.input.pin = root->spki_sha256;
	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "system", root);
	assert_findings(world_mend(&world), "self_signed error none");
	world_cleanup(&world);

	world.input.ignore_trust = true;
	WORLD_SERVE(&world, leaf);
	assert_findings(world_mend(&world), "self_signed info none");
	assert_true(mend_result(world.mend)->mended_trusted);
	world_cleanup(&world);
}

static void test_a_renewed_self_signed_leaf_is_not_the_one_in_the_store(void **state)
{
	const struct certificate *old = LEAF(.ca = false),
				 *renewed = LEAF(.ca = false, .not_after = PKI_NOT_AFTER + PKI_DAY);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, renewed);
	WORLD_TRUST(&world, "store", old);
	assert_findings(world_mend(&world), "self_signed error none");
	world_cleanup(&world);
}

static void test_a_leaf_that_stands_in_a_store_itself(void **state)
{
	const struct certificate *leaf = LEAF(.issuer = CA("Gone"));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", leaf);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "");
	assert_true(result->served_trusted && result->mended_trusted);
	assert_ptr_equal(result->anchor, leaf);
	world_cleanup(&world);
}

static void test_a_missing_issuer_is_named(void **state)
{
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = CA("Issuing CA", .issuer = root));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "incomplete_chain error none, no_issuer_url warning none");
	assert_string_equal(world_finding(result, FINDING_INCOMPLETE_CHAIN)->message,
			    "The issuer of CN=a.example is missing, so clients cannot follow the chain to a root: "
			    "\"CN=Issuing CA\" was "
			    "not served and is not known here, and it could not be fetched.");
	assert_false(result->wants_retry);
	world_cleanup(&world);
}

static void test_an_issuer_whose_key_is_not_usable_is_named(void **state)
{
	const struct certificate *root = CA("Root"), *dsa = CA("DSA CA", .issuer = root, .shows_inherited_dsa = true),
				 *leaf = LEAF(.issuer = dsa);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, dsa);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_non_null(
	    strstr(world_finding(result, FINDING_INCOMPLETE_CHAIN)->message,
		   "The chain cannot be followed beyond CN=a.example: \"CN=DSA CA\" is known, but its key is of a "
		   "kind that is not supported"));
	assert_false(result->mended_trusted);
	world_cleanup(&world);
}

static void test_a_self_signed_leaf_whose_key_is_not_usable(void **state)
{
	const struct certificate *leaf = LEAF(.shows_inherited_dsa = true), *root = CA("Root");
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "self_signed error none, weak_key error none");
	assert_non_null(strstr(world_finding(result, FINDING_SELF_SIGNED)->message, "the signature was not checked"));
	world_cleanup(&world);
}

enum { NUM_CLONES = 100 };

/* A hundred CAs with one name and one key, each of which issued the leaf, half a hundred parents above them: more paths
 * than may be verified. The answer is the same in whatever order they come. */
static void test_a_hundred_interchangeable_cas_stay_within_the_budgets(void **state)
{
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = CA("Clone", .issuer = root));
	const struct certificate *clones[NUM_CLONES], *parents[NUM_CLONES / 2], *chosen = NULL;
	char name[32];
	(void)state;

	for (int i = 0; i < NUM_CLONES; i++) {
		snprintf(name, sizeof(name), "Parent %d", i / 2);
		if (i % 2 == 0)
			parents[i / 2] = CA(name, .issuer = root);
		clones[i] = CA("Clone", .issuer = parents[i / 2]);
	}
	for (int round = 0; round < 3; round++) {
		struct mend_world world = {0};
		WORLD_SERVE(&world, leaf);
		for (int i = 0; i < NUM_CLONES; i++)
			WORLD_CACHE(&world, clones[(i * 37 + round * 11) % NUM_CLONES],
				    parents[(i * 7 + round) % (NUM_CLONES / 2)]);
		WORLD_TRUST(&world, "store", root);
		const struct mend_result *result = world_mend(&world);
		assert_true(result->num_signature_checks <= MEND_MAX_SIGNATURE_CHECKS);
		assert_true(result->num_verifications <= MEND_MAX_VERIFICATIONS);
		assert_true(result->num_steps <= MEND_MAX_STEPS);
		assert_true(result->mended_trusted);
		assert_int_equal(world_finding(result, FINDING_VERIFICATION_LIMIT)->severity, SEVERITY_WARNING);
		assert_int_equal(mend_exit_status(result, false), 1);
		assert_int_equal(result->num_runners_up, MEND_MAX_RUNNERS_UP);
		assert_true(chosen == NULL || chosen == result->mended.items[1].certificate);
		chosen = result->mended.items[1].certificate;
		world_cleanup(&world);
	}
}

/* Same name, a hundred different keys, key identifiers absent: the true issuer is not within the checks that may be
 * made, and that is said as an error. */
static void test_a_budget_that_hides_the_path_is_an_error(void **state)
{
	const struct certificate *root = CA("Root"),
				 *far = CA("I", .issuer = root, .key_number = 1000, .ski = PKI_KEY_ID_ABSENT,
					   .not_after = PKI_NOW + PKI_DAY);
	const struct certificate *leaf = LEAF(.issuer = far, .not_after = PKI_NOW + PKI_DAY,
					      .not_before = PKI_NOW - PKI_DAY, .aki = PKI_KEY_ID_ABSENT);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	for (unsigned i = 1; i <= NUM_CLONES; i++)
		WORLD_CACHE(&world, CA("I", .key_number = i, .issuer = root, .ski = PKI_KEY_ID_ABSENT));
	WORLD_CACHE(&world, far);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_int_equal(result->num_signature_checks, MEND_MAX_SIGNATURE_CHECKS);
	assert_int_equal(world_finding(result, FINDING_VERIFICATION_LIMIT)->severity, SEVERITY_ERROR);
	assert_chain(&result->mended, leaf);
	world_cleanup(&world);
}

static void test_more_certificates_than_are_taken(void **state)
{
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = root);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	for (unsigned i = 0; i < 150; i++)
		WORLD_SERVE(&world, root);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_int_equal(result->served.count, 100);
	assert_chain(&result->mended, leaf);
	assert_true(finding_list_has(&result->findings, FINDING_VERIFICATION_LIMIT));
	assert_int_equal(mend_exit_status(result, false), 0);
	world_cleanup(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_private_root),
	    cmocka_unit_test(test_a_name_that_cannot_be_compared_with_a_constraint),
	    cmocka_unit_test(test_an_issuer_with_another_key),
	    cmocka_unit_test(test_an_authority_that_is_not_for_servers),
	    cmocka_unit_test(test_one_store_accepts_and_another_does_not),
	    cmocka_unit_test(test_an_unknown_root_does_not_count_where_trust_is_ignored),
	    cmocka_unit_test(test_the_settings_that_an_advice_names),
	    cmocka_unit_test(test_self_signed_leaves),
	    cmocka_unit_test(test_a_renewed_self_signed_leaf_is_not_the_one_in_the_store),
	    cmocka_unit_test(test_a_leaf_that_stands_in_a_store_itself),
	    cmocka_unit_test(test_a_missing_issuer_is_named),
	    cmocka_unit_test(test_an_issuer_whose_key_is_not_usable_is_named),
	    cmocka_unit_test(test_a_self_signed_leaf_whose_key_is_not_usable),
	    cmocka_unit_test(test_a_hundred_interchangeable_cas_stay_within_the_budgets),
	    cmocka_unit_test(test_a_budget_that_hides_the_path_is_an_error),
	    cmocka_unit_test(test_more_certificates_than_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
