#include "tests/support/unit.h"

#include <openssl/x509v3.h>

#include "chaincache/revocation/revocation.h"
#include "chaincache/revocation/revocation_reason.h"
#include "tests/support/pki_crls.h"

/* One look at one certificate, with its own memory. */
static struct revocation_answer look(const struct crl_store *crls, const struct certificate *certificate,
				     const struct certificate *issuer)
{
	struct revocation revocation = {.crls = crls, .now = PKI_NOW};

	return revocation_look(&revocation, certificate, issuer);
}

static void expect_words(const struct revocation_answer *answer, const char *words)
{
	char text[REVOCATION_MAX_WORDS];

	revocation_print(answer, text);
	if (strstr(text, words) == NULL)
		fail_msg("\"%s\" has no \"%s\"", text, words);
}

static void test_revoked_or_not(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	const struct certificate *other = PKI(.cn = "other", .issuer = ca);
	struct crl_store *crls = PKI_CRLS(PKI_CRL(.issuer = ca, .revoked = PKI_CERTIFICATES(leaf), .reason = 4));
	(void)state;

	struct revocation_answer answer = look(crls, leaf, ca);
	assert_int_equal(answer.status, REVOCATION_REVOKED);
	assert_int_equal(answer.revocation.reason, 4);
	expect_words(&answer, "was revoked on 2025-12-30 (superseded), as the CRL in made.crl says");
	answer = look(crls, other, ca);
	assert_int_equal(answer.status, REVOCATION_GOOD);
	expect_words(&answer, "is not revoked");
	answer = look(NULL, leaf, ca);
	assert_int_equal(answer.status, REVOCATION_NOT_ASKED);
	expect_words(&answer, "not looked up");
	crl_store_unref(crls);
}

static void expect_unknown(struct bytes crl, const struct certificate *leaf, const struct certificate *ca,
			   enum revocation_obstacle obstacle, const char *words)
{
	struct crl_store *crls = PKI_CRLS(crl);
	struct revocation_answer answer = look(crls, leaf, ca);

	assert_int_equal(answer.status, REVOCATION_UNKNOWN);
	assert_int_equal(answer.obstacle, obstacle);
	expect_words(&answer, words);
	crl_store_unref(crls);
}

static void test_every_obstacle_is_named(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	const struct certificate *dumb = PKI(.cn = "CA", .ca = true, .key_usage = X509v3_KU_KEY_CERT_SIGN);
	const struct certificate *other = PKI(.cn = "Other", .ca = true);
	static const uint8_t authorities[] = {0x30, 3, 0x82, 1, 0xff}, number[] = {2, 1, 1};
	(void)state;

	expect_unknown(PKI_CRL(.issuer = ca), leaf, NULL, OBSTACLE_NO_ISSUER, "its issuer is not known");
	expect_unknown(PKI_CRL(.issuer = other), leaf, ca, OBSTACLE_NO_CRL, "no CRL of its issuer");
	expect_unknown(PKI_CRL(.issuer = ca, .extensions = PKI_EXTENSIONS({"2.5.29.27", true, bytes_of(number, 3)})),
		       leaf, ca, OBSTACLE_DELTA, "delta CRL");
	expect_unknown(PKI_CRL(.issuer = ca, .extensions = PKI_EXTENSIONS({"1.2.3.4", true, bytes_of(number, 3)})),
		       leaf, ca, OBSTACLE_REFUSED, "critical extension");
	expect_unknown(
	    PKI_CRL(.issuer = ca, .extensions = PKI_EXTENSIONS({"2.5.29.28", true, bytes_of(authorities, 5)})), leaf,
	    ca, OBSTACLE_NOT_COVERED, "and not this one");
	expect_unknown(PKI_CRL(.issuer = ca, .no_next_update = true), leaf, ca, OBSTACLE_NO_END,
		       "when the next one comes");
	expect_unknown(PKI_CRL(.issuer = ca, .this_update = PKI_NOW + 1), leaf, ca, OBSTACLE_NOT_YET,
		       "not valid before");
	expect_unknown(PKI_CRL(.issuer = ca, .next_update = PKI_NOW - 1), leaf, ca, OBSTACLE_STALE,
		       "stale since 2025-12-31");
	expect_unknown(PKI_CRL(.issuer = ca), leaf, dumb, OBSTACLE_MAY_NOT_SIGN, "key usage");
	expect_unknown(PKI_CRL(.issuer = ca, .signing_key = pki_key(other)), leaf, ca, OBSTACLE_SIGNATURE,
		       "the key of the issuer did not sign it");
}

/* Both ends belong to a CRL's time. */
static void test_the_ends_of_its_time(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	struct crl_store *crls = PKI_CRLS(PKI_CRL(.issuer = ca, .this_update = PKI_NOW, .next_update = PKI_NOW));
	(void)state;

	assert_int_equal(look(crls, leaf, ca).status, REVOCATION_GOOD);
	crl_store_unref(crls);
}

static void test_a_certificate_without_key_usage_may_sign(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true, .no_key_usage = true);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = ca);
	struct crl_store *crls = PKI_CRLS(PKI_CRL(.issuer = ca));
	(void)state;

	assert_int_equal(look(crls, leaf, ca).status, REVOCATION_GOOD);
	crl_store_unref(crls);
}

/* In any order, the latest usable one counts; of two of one moment the graver. */
static void test_the_latest_usable_crl_counts(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	struct bytes hold = PKI_CRL(.issuer = ca, .revoked = PKI_CERTIFICATES(leaf), .reason = REVOCATION_REASON_HOLD);
	struct bytes newer = PKI_CRL(.issuer = ca, .this_update = PKI_NOW - 1);
	struct bytes same = PKI_CRL(.issuer = ca);
	struct bytes unsigned_one =
	    PKI_CRL(.issuer = ca, .this_update = PKI_NOW - 1, .signing_key = pki_new_key("x", PKI_P256, 0));
	const struct {
		struct bytes crls[3];
		enum revocation_status status;
	} cases[] = {
	    {{hold, newer}, REVOCATION_GOOD},           {{newer, hold}, REVOCATION_GOOD},
	    {{hold, same}, REVOCATION_REVOKED},         {{same, hold}, REVOCATION_REVOKED},
	    {{hold, unsigned_one}, REVOCATION_REVOKED}, {{unsigned_one, same}, REVOCATION_GOOD},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct crl_store *crls = pki_crls(cases[i].crls);
		assert_int_equal(look(crls, leaf, ca).status, cases[i].status);
		crl_store_unref(crls);
	}
}

/* A twin of the issuer has the same key: the CRL is good for both. Another key under the same name is another issuer. */
static void test_signatures_are_remembered_and_bounded(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	const struct certificate *twin = PKI(.cn = "CA", .ca = true, .serial = 99);
	struct crl_store *crls = PKI_CRLS(PKI_CRL(.issuer = ca));
	struct revocation revocation = {.crls = crls, .now = PKI_NOW};
	(void)state;

	for (int i = 0; i < 100; i++)
		assert_int_equal(revocation_look(&revocation, leaf, i % 2 == 0 ? ca : twin).status, REVOCATION_GOOD);
	assert_int_equal(revocation.num_signatures, 1);
	for (unsigned i = 1; i < 100; i++) {
		const struct certificate *other = PKI(.cn = "CA", .ca = true, .key_number = i);
		struct revocation_answer answer = revocation_look(&revocation, leaf, other);
		assert_int_equal(answer.status, REVOCATION_UNKNOWN);
		assert_int_equal(answer.obstacle,
				 i < REVOCATION_MAX_SIGNATURE_CHECKS ? OBSTACLE_SIGNATURE : OBSTACLE_LIMIT);
	}
	assert_int_equal(revocation.num_signatures, REVOCATION_MAX_SIGNATURE_CHECKS);
	assert_int_equal(revocation_look(&revocation, leaf, ca).status, REVOCATION_GOOD);
	crl_store_unref(crls);
}

/* A delta CRL beside its base, as Windows' own authority publishes them: its revocations count, its silence does not. */
static void test_a_delta_tells_what_the_base_does_not_know_yet(void **state)
{
	static const uint8_t number[] = {2, 1, 1};
	const struct pki_extension *is_delta = PKI_EXTENSIONS({"2.5.29.27", true, bytes_of(number, 3)});
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
#define DELTA(...) PKI_CRL(.issuer = ca, .extensions = is_delta, __VA_ARGS__)
#define LISTED .revoked = PKI_CERTIFICATES(leaf)
	struct bytes base = PKI_CRL(.issuer = ca),
		     hold = PKI_CRL(.issuer = ca, LISTED, .reason = REVOCATION_REASON_HOLD);
	const struct {
		struct bytes crls[3];
		enum revocation_status status;
	} cases[] = {
	    {{base, DELTA(LISTED, .this_update = PKI_NOW - 1)}, REVOCATION_REVOKED},
	    {{DELTA(LISTED), base}, REVOCATION_REVOKED},
	    {{DELTA(LISTED)}, REVOCATION_REVOKED},
	    {{base, DELTA(.this_update = PKI_NOW - 1)}, REVOCATION_GOOD},
	    {{hold, DELTA(.this_update = PKI_NOW - 1)}, REVOCATION_REVOKED},
	    {{DELTA(.this_update = PKI_NOW - 1)}, REVOCATION_UNKNOWN},
	    {{base, DELTA(LISTED, .this_update = PKI_NOW - 2 * PKI_DAY)}, REVOCATION_GOOD},
	    {{base, DELTA(LISTED, .next_update = PKI_NOW - 1)}, REVOCATION_GOOD},
	    {{base, DELTA(LISTED, .signing_key = pki_new_key("x", PKI_P256, 0))}, REVOCATION_GOOD},
	    {{DELTA(LISTED, .this_update = PKI_NOW - 2), base, DELTA(.this_update = PKI_NOW - 1)}, REVOCATION_GOOD},
	    {{base, DELTA(LISTED, .reason = REVOCATION_REASON_REMOVED)}, REVOCATION_GOOD},
	};
#undef LISTED
#undef DELTA
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bytes crls[4] = {cases[i].crls[0], cases[i].crls[1], cases[i].crls[2], {NULL, 0}};
		struct crl_store *store = pki_crls(crls);
		assert_int_equal(look(store, leaf, ca).status, cases[i].status);
		crl_store_unref(store);
	}
}

/* A folder of each hour's CRL: however many are older, the latest is the one that is asked. */
static void test_the_latest_of_an_archive(void **state)
{
	enum { NUM_OLD = REVOCATION_MAX_SIGNATURE_CHECKS + 8 };
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	EVP_PKEY *stranger = pki_new_key("x", PKI_P256, 0);
	struct bytes crls[NUM_OLD + 2] = {{NULL, 0}};
	(void)state;

	for (int i = 0; i < NUM_OLD; i++)
		crls[i] = PKI_CRL(.issuer = ca, .this_update = PKI_NOW - 3600 * (NUM_OLD - i));
	crls[NUM_OLD] = PKI_CRL(.issuer = ca, .this_update = PKI_NOW - 1, .revoked = PKI_CERTIFICATES(leaf));
	struct crl_store *store = pki_crls(crls);
	struct revocation revocation = {.crls = store, .now = PKI_NOW};
	assert_int_equal(revocation_look(&revocation, leaf, ca).status, REVOCATION_REVOKED);
	assert_int_equal(revocation.num_signatures, 1);
	crl_store_unref(store);

	/* A CRL that cannot be checked any more is never taken for good news. */
	for (int i = 1; i < NUM_OLD; i++)
		crls[i] = PKI_CRL(.issuer = ca, .this_update = PKI_NOW - 3600 * (NUM_OLD - i), .signing_key = stranger);
	crls[NUM_OLD] = (struct bytes){NULL, 0};
	store = pki_crls(crls);
	struct revocation_answer answer = look(store, leaf, ca);
	assert_int_equal(answer.status, REVOCATION_UNKNOWN);
	assert_int_equal(answer.obstacle, OBSTACLE_LIMIT);
	expect_words(&answer, "than signatures are checked");
	crl_store_unref(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_revoked_or_not),
	    cmocka_unit_test(test_every_obstacle_is_named),
	    cmocka_unit_test(test_the_ends_of_its_time),
	    cmocka_unit_test(test_a_certificate_without_key_usage_may_sign),
	    cmocka_unit_test(test_the_latest_usable_crl_counts),
	    cmocka_unit_test(test_signatures_are_remembered_and_bounded),
	    cmocka_unit_test(test_a_delta_tells_what_the_base_does_not_know_yet),
	    cmocka_unit_test(test_the_latest_of_an_archive),
	};
	return cmocka_run_group_tests(tests, NULL, pki_revocation_teardown);
}
