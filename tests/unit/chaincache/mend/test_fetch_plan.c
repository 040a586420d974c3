/* Plans fetches: the URLs to ask, the answers to keep, and the findings about the rest. */
#include "tests/support/mend_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bytestring.h>
#include <openssl/mem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "chaincache/base/buffer.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define URL "http://ca.example/1"
#define OTHER_URL "http://ca.example/2"

/* A PKCS#7 of these certificates; the caller frees it with OPENSSL_free. */
static struct bytes bundle(const struct certificate *const *certificates)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	uint8_t *data = NULL;
	size_t len = 0;
	CBB cbb;

	for (; *certificates != NULL; certificates++)
		assert_true(sk_X509_push(stack, (*certificates)->x509) > 0);
	assert_true(CBB_init(&cbb, 1024) && PKCS7_bundle_certificates(&cbb, stack) && CBB_finish(&cbb, &data, &len));
	sk_X509_free(stack);
	return bytes_of(data, len);
}

static void test_formats_of_a_body(void **state)
{
	const struct certificate *root = CA("Root"), *j = CA("J", .issuer = root), *i = CA("I", .issuer = j);
	const struct certificate *leaf = LEAF(.issuer = i, .ca_issuers = PKI_STRINGS(URL)), *stranger = CA("Stranger");
	struct bytes pkcs7 = bundle(PKI_CERTIFICATES(stranger, j, i, leaf));
	struct buffer pem;
	(void)state;

	buffer_init(&pem, 65536);
	assert_ok(certificate_write_pem(j, &pem));
	assert_ok(certificate_write_pem(i, &pem));
	const struct bytes bodies[] = {pkcs7, buffer_bytes(&pem)};
	for (size_t b = 0; b < 2; b++) {
		struct mend_world world = {0};
		WORLD_SERVE(&world, leaf);
		WORLD_TRUST(&world, "store", root);
		world_answer_bytes(&world, URL, bodies[b]);
		const struct mend_result *result = world_mend(&world);
		assert_chain(&result->mended, leaf, i, j);
		assert_int_equal(world.num_requests, 1);
		/* Neither the stranger nor the leaf is kept. */
		assert_int_equal(result->num_fetched, 2);
		assert_true(certificate_equal(result->fetched[0].certificate, i));
		assert_true(certificate_equal(result->fetched[1].certificate, j));
		world_cleanup(&world);
	}
	buffer_cleanup(&pem);
	OPENSSL_free((void *)pkcs7.data);
}

static void test_bodies_that_are_no_issuer(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root),
				 *leaf = LEAF(.issuer = i, .ca_issuers = PKI_STRINGS(URL));
	const struct certificate *impostor = CA("I", .issuer = root, .key_number = 1), *stranger = CA("Stranger");
	const struct certificate *no_ca = PKI(.cn = "I", .issuer = root);
	struct bytes empty = bundle(PKI_CERTIFICATES(NULL)), two = bundle(PKI_CERTIFICATES(stranger, impostor));
	const struct {
		struct bytes body;
		const char *findings, *words;
	} cases[] = {
	    {impostor->der, "fetch_wrong_issuer", "its key does not verify the certificate's signature"},
	    {stranger->der, "fetch_wrong_issuer", "it gives CN=Stranger: its name is not the one"},
	    {no_ca->der, "fetch_wrong_issuer", "it is no CA certificate"},
	    {leaf->der, "fetch_wrong_issuer", "it gives CN=a.example"},
	    {two, "fetch_wrong_issuer", "none of the 2 certificates that it gives is one"},
	    {empty, "fetch_not_a_certificate", ""},
	    {bytes_of_string("<html><body>Not found</body></html>"), "fetch_not_a_certificate", ""},
	    {bytes_of("", 0), "fetch_not_a_certificate", ""},
	    {bytes_of(i->der.data, i->der.len - 1), "fetch_not_a_certificate", ""},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct mend_world world = {0};
		char expected[128];

		print_message("%s: %s\n", cases[c].findings, cases[c].words);
		WORLD_SERVE(&world, leaf);
		WORLD_TRUST(&world, "store", root);
		world_answer_bytes(&world, URL, cases[c].body);
		const struct mend_result *result = world_mend(&world);
		snprintf(expected, sizeof(expected), "incomplete_chain error none, %s warning none", cases[c].findings);
		assert_findings(result, expected);
		assert_non_null(strstr(result->findings.items[1].message, cases[c].words));
		assert_string_equal(result->findings.items[1].url, URL);
		assert_int_equal(result->num_fetched, 0);
		assert_true(result->wants_retry);
		world_cleanup(&world);
	}
	OPENSSL_free((void *)empty.data);
	OPENSSL_free((void *)two.data);
}

static void test_failures_and_their_words(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root),
				 *leaf = LEAF(.issuer = i, .ca_issuers = PKI_STRINGS(URL));
	const struct {
		enum fetch_failure failure;
		const char *detail, *findings, *words, *advice;
		bool wants_retry;
		enum finding_reader reader;
	} cases[] = {
	    {FETCH_FAILURE_NETWORK, "timed out after 5 s", "fetch_failed", "could not be fetched: timed out after 5 s",
	     "cache import", true, FINDING_OF_PROXY},
	    {FETCH_FAILURE_REFUSED, "fetch_allow = 10.1.2.3", "fetch_refused", "fetch_allow does not cover its address",
	     "allow it: `fetch_allow = 10.1.2.3` in the configuration.", false, FINDING_OF_PROXY},
	    {FETCH_FAILURE_REFUSED, "fetch_allow = 10.1.2.3", "fetch_refused",
	     "--fetch-allow does not cover its address",
	     "allow it: `--fetch-allow 10.1.2.3` (for `run`, `fetch_allow = 10.1.2.3` in the configuration).", false,
	     FINDING_OF_COMMAND},
	    {FETCH_FAILURE_NETWORK, "refused", "fetch_failed", "could not be fetched: refused", "set `fetch_proxy`",
	     true, FINDING_OF_PROXY},
	    {FETCH_FAILURE_NETWORK, "refused", "fetch_failed", "could not be fetched: refused", "give `--fetch-proxy`",
	     true, FINDING_OF_COMMAND},
	    {FETCH_FAILURE_PAUSED, "", "fetch_failed", "failed a short while ago", "cache import", true,
	     FINDING_OF_PROXY},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct mend_world world = {.input.reader = cases[c].reader};
		char expected[128];

		WORLD_SERVE(&world, leaf);
		WORLD_TRUST(&world, "store", root);
		world_fail(&world, URL, cases[c].failure, cases[c].detail);
		const struct mend_result *result = world_mend(&world);
		snprintf(expected, sizeof(expected), "incomplete_chain error none, %s warning none", cases[c].findings);
		assert_findings(result, expected);
		assert_non_null(strstr(result->findings.items[1].message, cases[c].words));
		assert_non_null(strstr(result->findings.items[1].advice, cases[c].advice));
		assert_int_equal(result->wants_retry, cases[c].wants_retry);
		world_cleanup(&world);
	}
}

static void test_an_ldap_url_harms_nothing_else(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	const struct certificate *both = LEAF(.issuer = i, .ca_issuers = PKI_STRINGS("ldap:///CN=I", URL));
	const struct certificate *ldap = LEAF(.issuer = i, .ca_issuers = PKI_STRINGS("ldap:///CN=I"));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, both);
	WORLD_TRUST(&world, "store", root);
	world_answer(&world, URL, i);
	assert_chain(&world_mend(&world)->mended, both, i);
	assert_findings(mend_result(world.mend), "missing_intermediate fixed added, no_issuer_url info none");
	assert_int_equal(world.num_requests, 1);
	world_cleanup(&world);

	WORLD_SERVE(&world, ldap);
	WORLD_TRUST(&world, "store", root);
	assert_findings(world_mend(&world), "incomplete_chain error none, no_issuer_url warning none");
	assert_non_null(strstr(world_finding(mend_result(world.mend), FINDING_NO_ISSUER_URL)->message, "ldap:///CN=I"));
	assert_int_equal(world.num_requests, 0);
	world_cleanup(&world);
}

static void test_one_url_of_several_is_enough(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	const struct certificate *leaf = LEAF(.issuer = i, .ca_issuers = PKI_STRINGS(URL, OTHER_URL));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	world_answer(&world, OTHER_URL, i);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, i);
	assert_findings(result, "missing_intermediate fixed added, fetch_failed info none");
	assert_string_equal(world_finding(result, FINDING_MISSING_INTERMEDIATE)->url, OTHER_URL);
	assert_false(result->wants_retry);
	assert_int_equal(mend_exit_status(result, false), 1);
	world_cleanup(&world);
}

enum { MANY_URLS = 240 };

static void test_a_leaf_with_240_urls(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root);
	char texts[MANY_URLS][40];
	const char *urls[MANY_URLS + 1] = {NULL};
	struct mend_world world = {0};
	(void)state;

	for (int u = 0; u < MANY_URLS; u++) {
		snprintf(texts[u], sizeof(texts[u]), "http://ca.example/%d", u);
		urls[u] = texts[u];
	}
	const struct certificate *leaf = LEAF(.issuer = i, .ca_issuers = urls);
	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_int_equal(world.num_requests, 5);
	const struct finding *finding = world_finding(result, FINDING_VERIFICATION_LIMIT);
	assert_non_null(strstr(finding->message, "235 were left out"));
	assert_chain(&result->mended, leaf);
	world_cleanup(&world);
}

/* Each fetched issuer names a URL of its own, and so on: four deep, no further. */
static void test_an_endless_staircase(void **state)
{
	enum { STEPS = 10 };
	const struct certificate *cas[STEPS + 1];
	char names[STEPS][32], urls[STEPS][40];
	struct mend_world world = {0};
	(void)state;

	cas[STEPS] = CA("Top");
	for (int s = STEPS - 1; s >= 0; s--) {
		snprintf(names[s], sizeof(names[s]), "Step %d", s);
		snprintf(urls[s], sizeof(urls[s]), "http://ca.example/step/%d", s);
		const char *const list[] = {urls[s], NULL};
		cas[s] = CA(names[s], .issuer = cas[s + 1], .ca_issuers = list);
	}
	const struct certificate *leaf = LEAF(.issuer = cas[0], .ca_issuers = PKI_STRINGS(URL));
	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", CA("Another"));
	world_answer(&world, URL, cas[0]);
	for (int s = 0; s < STEPS; s++)
		world_answer(&world, urls[s], cas[s + 1]);
	const struct mend_result *result = world_mend(&world);
	assert_int_equal(world.num_requests, MEND_MAX_FETCH_DEPTH);
	assert_chain(&result->mended, leaf, cas[0], cas[1], cas[2], cas[3]);
	assert_true(finding_list_has(&result->findings, FINDING_VERIFICATION_LIMIT));
	world_cleanup(&world);
}

/* Two certificates that name each other as issuer end by themselves. */
static void test_issuers_in_a_circle(void **state)
{
	const struct certificate *x = CA("X"), *y = CA("Y");
	const struct certificate *x_by_y = CA("X", .issuer = y, .ca_issuers = PKI_STRINGS(OTHER_URL));
	const struct certificate *y_by_x = CA("Y", .issuer = x, .ca_issuers = PKI_STRINGS(URL));
	const struct certificate *leaf = LEAF(.issuer = x, .ca_issuers = PKI_STRINGS(URL));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", CA("Root"));
	world_answer(&world, URL, x_by_y);
	world_answer(&world, OTHER_URL, y_by_x);
	const struct mend_result *result = world_mend(&world);
	assert_true(world.num_requests <= MEND_MAX_FETCHES);
	assert_chain(&result->mended, leaf, x_by_y, y_by_x);
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);
}

/* Fetches for a store that needs more, even where another one is content. */
static void test_a_cross_sign_is_fetched_for_an_older_audience(void **state)
{
	const struct certificate *old_root = CA("Old"), *root = CA("Root"), *cross = CA("Root", .issuer = old_root);
	const struct certificate *i = CA("I", .issuer = root, .ca_issuers = PKI_STRINGS(URL)),
				 *leaf = LEAF(.issuer = i);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, i);
	WORLD_TRUST(&world, "new", root);
	WORLD_TRUST(&world, "old", old_root);
	world_answer(&world, URL, cross);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->mended, leaf, i, cross);
	assert_true(result->mended_trusted);
	world_cleanup(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_formats_of_a_body),
	    cmocka_unit_test(test_bodies_that_are_no_issuer),
	    cmocka_unit_test(test_failures_and_their_words),
	    cmocka_unit_test(test_an_ldap_url_harms_nothing_else),
	    cmocka_unit_test(test_one_url_of_several_is_enough),
	    cmocka_unit_test(test_a_leaf_with_240_urls),
	    cmocka_unit_test(test_an_endless_staircase),
	    cmocka_unit_test(test_issuers_in_a_circle),
	    cmocka_unit_test(test_a_cross_sign_is_fetched_for_an_older_audience),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
