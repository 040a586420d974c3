#include "tests/support/unit.h"

#include <stdlib.h>

#include <openssl/nid.h>

#include "chaincache/revocation/ocsp_response.h"
#include "tests/support/pki_revocation.h"

static void expect(struct bytes response, const struct certificate *leaf, const struct certificate *ca,
		   enum ocsp_status status, const char *words)
{
	struct ocsp_verdict verdict = ocsp_response_judge(response, leaf, ca, PKI_NOW);

	if (verdict.status != status)
		fail_msg("%d in place of %d: %s", verdict.status, status, verdict.why);
	if (status == OCSP_UNUSABLE && strstr(verdict.why, words) == NULL)
		fail_msg("\"%s\" has no \"%s\"", verdict.why, words);
}

#define OCSP(...) PKI_OCSP(.certificate = leaf, .issuer = ca, __VA_ARGS__)

static void test_a_good_response_by_issuer_or_delegate(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	const struct certificate *delegate = PKI(.cn = "R", .issuer = ca, .eku = PKI_NIDS(NID_OCSP_sign));
	(void)state;

	expect(OCSP(), leaf, ca, OCSP_GOOD, "");
	expect(OCSP(.by_name = true), leaf, ca, OCSP_GOOD, "");
	expect(OCSP(.by_sha256 = true), leaf, ca, OCSP_GOOD, "");
	expect(OCSP(.num_others = 5), leaf, ca, OCSP_GOOD, "");
	expect(OCSP(.no_next_update = true), leaf, ca, OCSP_GOOD, "");
	expect(OCSP(.next_update = PKI_NOW), leaf, ca, OCSP_GOOD, "");
	expect(OCSP(.this_update = PKI_NOW + OCSP_RESPONSE_CLOCK_SKEW_S), leaf, ca, OCSP_GOOD, "");
	expect(OCSP(.signer = delegate), leaf, ca, OCSP_GOOD, "");
	expect(OCSP(.signer = delegate, .by_name = true), leaf, ca, OCSP_GOOD, "");
}

static void test_a_revoked_response_has_day_and_reason(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	(void)state;

	struct ocsp_verdict verdict =
	    ocsp_response_judge(OCSP(.status = PKI_OCSP_REVOKED, .reason = 1), leaf, ca, PKI_NOW);
	assert_int_equal(verdict.status, OCSP_REVOKED);
	assert_int_equal(verdict.reason, 1);
	assert_int_equal(verdict.since, PKI_NOW - 2 * PKI_DAY);
	assert_int_equal(verdict.this_update, PKI_NOW - PKI_DAY);
	assert_int_equal(verdict.next_update, PKI_NOW + 7 * PKI_DAY);
	verdict = ocsp_response_judge(OCSP(.status = PKI_OCSP_REVOKED), leaf, ca, PKI_NOW);
	assert_int_equal(verdict.status, OCSP_REVOKED);
	assert_int_equal(verdict.reason, -1);
}

static void test_what_cannot_be_used(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	const struct certificate *other = PKI(.cn = "Other", .ca = true),
				 *twin = PKI(.cn = "CA", .ca = true, .key_number = 1);
	(void)state;

	expect(OCSP(.status = PKI_OCSP_UNKNOWN), leaf, ca, OCSP_UNUSABLE, "does not know this certificate");
	expect(OCSP(), PKI(.cn = "x", .issuer = ca), ca, OCSP_UNUSABLE, "another certificate");
	expect(OCSP(), leaf, twin, OCSP_UNUSABLE, "another certificate");
	expect(OCSP(), leaf, NULL, OCSP_NOT_CHECKED, "");
	expect(OCSP(.response_status = 6), leaf, NULL, OCSP_UNUSABLE, "unauthorized");
	expect(OCSP(.num_others = OCSP_RESPONSE_MAX_ANSWERS), leaf, ca, OCSP_UNUSABLE, "another certificate");
	expect(OCSP(.critical_extension = true), leaf, ca, OCSP_UNUSABLE, "critical extension");
	expect(OCSP(.next_update = PKI_NOW - 1), leaf, ca, OCSP_UNUSABLE, "stale");
	expect(OCSP(.this_update = PKI_NOW + OCSP_RESPONSE_CLOCK_SKEW_S + 1), leaf, ca, OCSP_UNUSABLE, "not valid yet");
	expect(OCSP(.no_next_update = true, .this_update = PKI_NOW - OCSP_RESPONSE_MAX_AGE_S - 1), leaf, ca,
	       OCSP_UNUSABLE, "ten days");
	for (unsigned status = 1; status < 8; status++)
		expect(OCSP(.response_status = status), leaf, ca, OCSP_UNUSABLE,
		       status == 4 || status == 7 ? "nobody knows" : "responder");
	expect(bytes_of(NULL, 0), leaf, ca, OCSP_UNUSABLE, "does not parse");
	expect(bytes_of(leaf->der.data, OCSP_RESPONSE_MAX_BYTES + 1), leaf, ca, OCSP_UNUSABLE, "64 KiB");
	expect(OCSP(.signer = other), leaf, ca, OCSP_UNUSABLE, "neither");
}

/* Only the issuer itself, or whom it let sign by name, directly, and today. */
static void test_who_may_sign(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	const struct certificate *sub = PKI(.cn = "Sub", .ca = true, .issuer = ca);
	const struct certificate *twin = PKI(.cn = "CA", .ca = true, .key_number = 1);
	const struct certificate *signers[] = {
	    PKI(.cn = "R", .issuer = ca), /* serverAuth */
	    PKI(.cn = "R", .issuer = ca, .no_eku = true),
	    PKI(.cn = "R", .issuer = ca, .eku = PKI_NIDS(NID_anyExtendedKeyUsage)),
	    PKI(.cn = "R", .issuer = ca, .eku = PKI_NIDS(NID_OCSP_sign), .not_after = PKI_NOW - 1),
	    PKI(.cn = "R", .issuer = sub, .eku = PKI_NIDS(NID_OCSP_sign)),
	    PKI(.cn = "R", .issuer = twin, .eku = PKI_NIDS(NID_OCSP_sign)),
	    PKI(.cn = "R", .issuer = ca, .eku = PKI_NIDS(NID_OCSP_sign), .broken_signature = true),
	    leaf,
	};
	(void)state;

	for (size_t i = 0; i < sizeof(signers) / sizeof(*signers); i++)
		expect(OCSP(.signer = signers[i]), leaf, ca, OCSP_UNUSABLE, "neither");
}

static void test_every_byte_counts(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	const struct certificate *delegate = PKI(.cn = "R", .issuer = ca, .eku = PKI_NIDS(NID_OCSP_sign));
	struct bytes good = OCSP(.signer = delegate, .status = PKI_OCSP_REVOKED, .reason = 1);
	uint8_t *copy = malloc(good.len);
	(void)state;

	assert_non_null(copy);
	for (size_t len = 0; len < good.len; len++)
		expect(bytes_of(good.data, len), leaf, ca, OCSP_UNUSABLE, "");
	for (size_t i = 0; i < good.len; i++) {
		memcpy(copy, good.data, good.len);
		copy[i] ^= 0x41;
		struct ocsp_verdict verdict = ocsp_response_judge(bytes_of(copy, good.len), leaf, ca, PKI_NOW);
		assert_int_equal(verdict.status, OCSP_UNUSABLE);
		assert_non_null(verdict.why);
	}
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_good_response_by_issuer_or_delegate),
	    cmocka_unit_test(test_a_revoked_response_has_day_and_reason),
	    cmocka_unit_test(test_what_cannot_be_used),
	    cmocka_unit_test(test_who_may_sign),
	    cmocka_unit_test(test_every_byte_counts),
	};
	return cmocka_run_group_tests(tests, NULL, pki_revocation_teardown);
}
