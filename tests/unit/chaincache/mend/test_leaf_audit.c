/* Reports faults of the leaf that no chain can repair, and those that come soon; completes the chain all the same. */
#include "tests/support/mend_world.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/nid.h>
#include <openssl/x509.h>

#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

struct leaf_case {
	const char *what;
	struct pki_options leaf;
	const char *findings; /* beside missing_intermediate */
	const char *words; /* in the message of the first */
	int exit_status;
};

static void test_leaves_against_a_table(void **state)
{
	const struct leaf_case cases[] = {
	    {"good", {.cn = "a"}, "", "", 1},
	    {"expired a day ago",
	     {.cn = "a", .not_after = PKI_NOW - PKI_DAY},
	     ", leaf_expired error none",
	     "CN=a expired on 2025-12-31: every client refuses it",
	     2},
	    {"in its last second",
	     {.cn = "a", .not_after = PKI_NOW},
	     ", leaf_expires_soon warning none",
	     "expires on 2026-01-01",
	     1},
	    {"not valid for another day",
	     {.cn = "a", .not_before = PKI_NOW + PKI_DAY, .not_after = PKI_NOW + 100 * PKI_DAY},
	     ", leaf_not_yet_valid error none",
	     "is not valid before 2026-01-02",
	     2},
	    {"30 days left, all but a second",
	     {.cn = "a", .not_after = PKI_NOW + 30 * PKI_DAY - 1},
	     ", leaf_expires_soon warning none",
	     "which is soon",
	     1},
	    {"30 days left", {.cn = "a", .not_after = PKI_NOW + 30 * PKI_DAY}, "", "", 1},
	    {"4 of 9 days left",
	     {.cn = "a", .not_before = PKI_NOW - 5 * PKI_DAY, .not_after = PKI_NOW + 4 * PKI_DAY},
	     "",
	     "",
	     1},
	    {"2 of 9 days left",
	     {.cn = "a", .not_before = PKI_NOW - 7 * PKI_DAY, .not_after = PKI_NOW + 2 * PKI_DAY},
	     ", leaf_expires_soon warning none",
	     "2026-01-03",
	     1},
	    {"for signing tokens",
	     {.cn = "a", .eku = PKI_NIDS(NID_client_auth)},
	     ", wrong_purpose error none",
	     "not for TLS servers",
	     2},
	    {"no extended key usage", {.cn = "a", .no_eku = true}, "", "", 1},
	    {"key usage of a CA",
	     {.cn = "a", .key_usage = X509v3_KU_KEY_CERT_SIGN},
	     ", wrong_purpose error none",
	     "not for TLS servers",
	     2},
	    {"RSA of 1024 bits",
	     {.cn = "a", .key_type = PKI_RSA_1024},
	     ", weak_key error none",
	     "RSA key of 1024 bits",
	     2},
	    {"P-224", {.cn = "a", .key_type = PKI_P224}, ", weak_key error none", "curve that clients do not know", 2},
	    {"DSA, parameters inherited",
	     {.cn = "a", .shows_inherited_dsa = true},
	     ", weak_key error none",
	     "a key of a kind or on a curve that clients do not know",
	     2},
	    {"Ed25519",
	     {.cn = "a", .key_type = PKI_ED25519},
	     ", key_unsupported warning none",
	     "Ed25519: no browser takes it",
	     1},
	    {"an EC key that may not sign",
	     {.cn = "a", .key_usage = X509v3_KU_KEY_ENCIPHERMENT},
	     ", wrong_purpose error none",
	     "key usage without digitalSignature, and its key can do nothing else",
	     2},
	    {"an RSA key that may not sign",
	     {.cn = "a", .key_type = PKI_RSA_2048, .key_usage = X509v3_KU_KEY_ENCIPHERMENT | X509v3_KU_NON_REPUDIATION},
	     ", wrong_purpose error none",
	     "but for connections of TLS 1.2 with plain RSA",
	     2},
	    {"an RSA key that may do both",
	     {.cn = "a",
	      .key_type = PKI_RSA_2048,
	      .key_usage = X509v3_KU_KEY_ENCIPHERMENT | X509v3_KU_DIGITAL_SIGNATURE},
	     "",
	     "",
	     1},
	    {"no key usage", {.cn = "a", .no_key_usage = true}, "", "", 1},
	    {"SHA-1", {.cn = "a", .digest = PKI_SHA1}, ", weak_signature error none", "SHA-1 or MD5", 2},
	    {"everything at once",
	     {.cn = "a",
	      .not_after = PKI_NOW - PKI_DAY,
	      .digest = PKI_SHA1,
	      .key_type = PKI_RSA_1024,
	      .eku = PKI_NIDS(NID_code_sign)},
	     ", leaf_expired error none, weak_signature error none, weak_key error none, wrong_purpose error none",
	     "expired on",
	     2},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
		struct pki_options options = cases[c].leaf;
		struct mend_world world = {0};
		char expected[512] = "missing_intermediate fixed added";

		print_message("%s\n", cases[c].what);
		options.issuer = i;
		const struct certificate *leaf = pki_make(&options);
		WORLD_SERVE(&world, leaf);
		WORLD_CACHE(&world, i);
		WORLD_TRUST(&world, "store", root);
		const struct mend_result *result = world_mend(&world);
		assert_chain(&result->mended, leaf, i);
		strncat(expected, cases[c].findings, sizeof(expected) - strlen(expected) - 1);
		assert_findings(result, expected);
		assert_non_null(strstr(result->findings.items[0].message, cases[c].words));
		assert_int_equal(result->mended_trusted, cases[c].exit_status == 1);
		assert_int_equal(mend_exit_status(result, false), cases[c].exit_status);
		world_cleanup(&world);
	}
}

/* A handshake by plain RSA suites is right with such a backend. */
static void test_a_key_usage_that_the_handshake_judges(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *leaf =
	    PKI(.cn = "a", .issuer = root, .key_type = PKI_RSA_2048, .key_usage = X509v3_KU_KEY_ENCIPHERMENT);
	struct mend_world world = {.input.ignores_key_usage = true};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "");
	assert_true(result->mended_trusted);
	world_cleanup(&world);
}

static void test_the_private_key(void **state)
{
	const struct certificate *root = CA("Root"), *leaf = PKI(.cn = "a", .issuer = root),
				 *other = PKI(.cn = "b", .issuer = root);
	struct mend_world *world = *state;

	world->input.key = pki_key(leaf);
	WORLD_SERVE(world, leaf);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "");
	world_cleanup(world);
	world->input.key = pki_key(other);
	WORLD_SERVE(world, leaf);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "key_mismatch error none");
}

static void test_a_link_that_expires_first(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *i = CA("I", .issuer = root, .not_after = PKI_NOW + 100 * PKI_DAY);
	const struct certificate *leaf = PKI(.cn = "a", .issuer = i, .not_after = PKI_NOW + 101 * PKI_DAY);
	const struct certificate *brief = PKI(.cn = "b", .issuer = i, .not_after = PKI_NOW + 100 * PKI_DAY);
	const struct certificate *later =
	    PKI(.cn = "c", .issuer = i, .not_after = PKI_NOW + 100 * PKI_DAY + PKI_DAY / 3);
	const struct certificate *better = CA("I", .issuer = root);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_findings(result, "link_expires_first warning none");
	assert_ptr_equal(world_finding(result, FINDING_LINK_EXPIRES_FIRST)->certificate, i);
	assert_non_null(strstr(world_finding(result, FINDING_LINK_EXPIRES_FIRST)->message,
			       "2026-04-11, before the server certificate does (2026-04-12)"));
	assert_int_equal(mend_exit_status(result, false), 0);
	world_cleanup(world);

	WORLD_SERVE(world, brief, i);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "");
	world_cleanup(world);

	/* On one day: the second says which is the first. */
	WORLD_SERVE(world, later, i);
	WORLD_TRUST(world, "store", root);
	assert_non_null(
	    strstr(world_mend(world)->findings.items[0].message,
		   "2026-04-11 00:00:00 UTC, before the server certificate does (2026-04-11 08:00:00 UTC)"));
	world_cleanup(world);

	/* A twin that lives longer is at hand: it will be taken in time. */
	WORLD_SERVE(world, leaf, i);
	WORLD_CACHE(world, better);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "");
	world_cleanup(world);

	/* Where the leaf comes alone, the intermediate that lives longer is taken. */
	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, i, better);
	WORLD_TRUST(world, "store", root);
	assert_chain(&world_mend(world)->mended, leaf, better);
	assert_findings(mend_result(world->mend), "missing_intermediate fixed added");
}

static void test_a_root_that_expires_first(void **state)
{
	const struct certificate *root = CA("Root", .not_after = PKI_NOW + 10 * PKI_DAY),
				 *leaf = PKI(.cn = "a", .issuer = root);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "link_expires_first warning none");
}

static void test_a_chain_above_the_maximum(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = PKI(.cn = "a", .issuer = i);
	size_t bytes = leaf->der.len + i->der.len;
	struct mend_world *world = *state;

	world->input.max_chain_bytes = bytes;
	WORLD_SERVE(world, leaf, i);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "");
	world_cleanup(world);
	world->input.max_chain_bytes = bytes - 1;
	WORLD_SERVE(world, leaf, i);
	WORLD_TRUST(world, "store", root);
	assert_findings(world_mend(world), "chain_too_large warning none");
}

/* It is shown to servers: whom they trust is not known, and what it lacks is clientAuth. */
static void test_a_client_certificate(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	const struct certificate *good = PKI(.cn = "a", .issuer = i, .eku = PKI_NIDS(NID_client_auth));
	const struct certificate *for_servers = PKI(.cn = "a", .issuer = i, .not_after = PKI_NOW - PKI_DAY);
	const struct mend_input input = {.purpose = PURPOSE_TLS_CLIENT, .ignore_trust = true};
	struct mend_world world = {.input = input};
	(void)state;

	WORLD_SERVE(&world, good);
	WORLD_CACHE(&world, i, root);
	assert_chain(&world_mend(&world)->mended, good, i);
	assert_findings(mend_result(world.mend), "missing_intermediate fixed added");
	world_cleanup(&world);

	/* The root is known to the servers alone. */
	world.input = input;
	WORLD_SERVE(&world, good);
	WORLD_CACHE(&world, i);
	assert_chain(&world_mend(&world)->mended, good, i);
	assert_findings(mend_result(world.mend),
			"missing_intermediate fixed added, incomplete_chain info none, no_issuer_url info none");
	world_cleanup(&world);

	world.input = input;
	WORLD_SERVE(&world, for_servers, i);
	WORLD_CACHE(&world, root);
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "leaf_expired error none, wrong_purpose error none");
	assert_non_null(strstr(result->findings.items[0].message,
			       "The client certificate CN=a expired on 2025-12-31: every server refuses it"));
	assert_non_null(strstr(result->findings.items[1].message, "is not for TLS clients"));
	world_cleanup(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_leaves_against_a_table),
	    MEND_TEST(test_the_private_key),
	    cmocka_unit_test(test_a_key_usage_that_the_handshake_judges),
	    MEND_TEST(test_a_link_that_expires_first),
	    MEND_TEST(test_a_root_that_expires_first),
	    MEND_TEST(test_a_chain_above_the_maximum),
	    cmocka_unit_test(test_a_client_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
