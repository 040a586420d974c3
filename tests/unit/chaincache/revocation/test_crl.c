#include "tests/support/unit.h"

#include <stdlib.h>

#include "chaincache/revocation/crl.h"
#include "chaincache/revocation/revocation_reason.h"
#include "tests/support/pki_revocation.h"

static struct crl *parse(struct bytes der)
{
	struct crl *crl;

	assert_ok(crl_parse(der, "a.crl", &crl));
	return crl;
}

static void test_what_a_crl_says(void **state)
{
	bool out_of_memory = false;
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	const struct certificate *other = PKI(.cn = "other", .issuer = ca);
	const struct certificate *stranger = PKI(.cn = "leaf", .issuer = PKI(.cn = "CB", .ca = true));
	struct crl_revocation revocation;
	(void)state;

	struct crl *crl = parse(PKI_CRL(.issuer = ca, .revoked = PKI_CERTIFICATES(leaf), .reason = 1));
	assert_int_equal(crl->num_entries, 1);
	assert_int_equal(crl->this_update, PKI_NOW - PKI_DAY);
	assert_true(crl->has_next_update);
	assert_int_equal(crl->next_update, PKI_NOW + 7 * PKI_DAY);
	assert_null(crl->refused);
	assert_string_equal(crl->path, "a.crl");
	assert_true(crl_is_of(crl, leaf));
	assert_false(crl_is_of(crl, stranger));
	assert_true(crl_lists(crl, leaf, &revocation));
	assert_int_equal(revocation.since, PKI_NOW - 2 * PKI_DAY);
	assert_int_equal(revocation.reason, 1);
	assert_false(crl_lists(crl, other, &revocation));
	assert_true(signed_data_verifies(&crl->signed_data, ca, &out_of_memory));
	crl_free(crl);
	crl_free(NULL);
}

static void test_a_revoked_certificate_has_day_and_reason(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	struct crl_revocation revocation;
	(void)state;

	struct crl *crl = parse(PKI_CRL(.issuer = ca, .revoked = PKI_CERTIFICATES(leaf)));
	assert_true(crl_lists(crl, leaf, &revocation));
	assert_int_equal(revocation.reason, -1);
	crl_free(crl);
	crl = parse(PKI_CRL(.issuer = ca, .revoked = PKI_CERTIFICATES(leaf), .reason = REVOCATION_REASON_REMOVED));
	assert_false(crl_lists(crl, leaf, &revocation));
	crl_free(crl);
}

/* Serial numbers of every length and sign, in a list that is not sorted. */
static void test_finds_among_many(void **state)
{
	static const uint64_t serials[] = {1, 127, 128, 255, 256, 0x8000, 0x7fffffffffffffff};
	enum { COUNT = sizeof(serials) / sizeof(*serials) };
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaves[COUNT + 1] = {NULL};
	struct crl_revocation revocation;
	(void)state;

	for (size_t i = 0; i < COUNT; i++)
		leaves[i] = PKI(.cn = "leaf", .issuer = ca, .serial = serials[i]);
	struct crl *crl = parse(PKI_CRL(.issuer = ca, .revoked = leaves, .num_others = 100000));
	assert_int_equal(crl->num_entries, COUNT + 100000);
	for (size_t i = 0; i < COUNT; i++)
		assert_true(crl_lists(crl, leaves[i], &revocation));
	assert_true(crl_lists(crl, PKI(.cn = "x", .issuer = ca, .serial = 0x0100000000000000 + 100000), &revocation));
	assert_false(crl_lists(crl, PKI(.cn = "x", .issuer = ca, .serial = 0x0100000000000000 + 100001), &revocation));
	assert_false(crl_lists(crl, PKI(.cn = "x", .issuer = ca, .serial = 2), &revocation));
	crl_free(crl);
}

static void test_an_empty_crl(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	struct crl_revocation revocation;
	(void)state;

	struct crl *crl = parse(PKI_CRL(.issuer = ca, .no_next_update = true));
	assert_int_equal(crl->num_entries, 0);
	assert_false(crl->has_next_update);
	assert_false(crl_lists(crl, leaf, &revocation));
	crl_free(crl);
}

static void test_what_makes_it_useless(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	static const uint8_t number[] = {2, 1, 5}, indirect[] = {0x30, 3, 0x84, 1, 0xff};
	const struct bytes content = bytes_of(number, sizeof(number));
	const struct {
		const char *oid;
		bool critical;
		struct bytes content;
		const char *refused; /* NULL: it is not */
	} cases[] = {
	    {"2.5.29.20", false, content, NULL}, /* the CRL's number */
	    {"2.5.29.20", true, content, NULL},
	    {"2.5.29.35", true, content, NULL},
	    {"1.2.3.4", false, content, NULL},
	    {"1.2.3.4", true, content, "critical extension"},
	    {"2.5.29.28", true, bytes_of(indirect, sizeof(indirect)), "indirect"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct crl *crl =
		    parse(PKI_CRL(.issuer = ca,
				  .extensions = PKI_EXTENSIONS({cases[i].oid, cases[i].critical, cases[i].content})));
		if (cases[i].refused == NULL)
			assert_null(crl->refused);
		else
			assert_non_null(strstr(crl->refused, cases[i].refused));
		crl_free(crl);
	}
	struct crl *delta = parse(PKI_CRL(.issuer = ca, .extensions = PKI_EXTENSIONS({"2.5.29.27", true, content})));
	assert_true(delta->is_delta && delta->refused == NULL);
	crl_free(delta);
	static const char *const entries[] = {"2.5.29.29", "1.2.3.4"}; /* certificateIssuer, and what nobody knows */
	for (size_t i = 0; i < 2; i++) {
		struct crl *crl = parse(PKI_CRL(.issuer = ca, .revoked = PKI_CERTIFICATES(leaf),
						.entry_extensions = PKI_EXTENSIONS({entries[i], true, content})));
		assert_non_null(crl->refused);
		crl_free(crl);
	}
	struct crl *crl = parse(PKI_CRL(.issuer = ca, .revoked = PKI_CERTIFICATES(leaf),
					.entry_extensions = PKI_EXTENSIONS({"2.5.29.24", true, content})));
	assert_null(crl->refused);
	crl_free(crl);
}

static void test_what_is_no_crl(void **state)
{
	bool out_of_memory = false;
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	struct bytes good = PKI_CRL(.issuer = ca, .revoked = PKI_CERTIFICATES(leaf), .reason = 1);
	struct crl *crl;
	uint8_t *copy = malloc(good.len + 1);
	(void)state;

	assert_non_null(copy);
	assert_step(crl_parse(leaf->der, "x", &crl), ERROR_FORMAT, "");
	assert_null(crl);
	assert_step(crl_parse(bytes_of(NULL, 0), "x", &crl), ERROR_FORMAT, "no complete DER");
	assert_step(crl_parse(bytes_of("0\0", 2), "x", &crl), ERROR_FORMAT, "does not parse");
	assert_step(crl_parse(bytes_of(good.data, CRL_MAX_BYTES + 1), "x", &crl), ERROR_LIMIT, "32 MiB");
	memcpy(copy, good.data, good.len);
	copy[good.len] = 0;
	assert_step(crl_parse(bytes_of(copy, good.len + 1), "x", &crl), ERROR_FORMAT, "bytes follow");
	for (size_t len = 0; len < good.len; len++)
		assert_kind(crl_parse(bytes_of(good.data, len), "x", &crl), ERROR_FORMAT);
	/* No byte that is changed makes it crash; what still parses can be asked. */
	for (size_t i = 0; i < good.len; i++) {
		struct crl_revocation revocation;
		memcpy(copy, good.data, good.len);
		copy[i] ^= 0x55;
		if (!failed(crl_parse(bytes_of(copy, good.len), "x", &crl))) {
			crl_lists(crl, leaf, &revocation);
			assert_false(crl_is_of(crl, leaf) && crl->num_entries == 1 &&
				     signed_data_verifies(&crl->signed_data, ca, &out_of_memory));
			crl_free(crl);
		}
	}
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_crl_says),
	    cmocka_unit_test(test_a_revoked_certificate_has_day_and_reason),
	    cmocka_unit_test(test_finds_among_many),
	    cmocka_unit_test(test_an_empty_crl),
	    cmocka_unit_test(test_what_makes_it_useless),
	    cmocka_unit_test(test_what_is_no_crl),
	};
	return cmocka_run_group_tests(tests, NULL, pki_revocation_teardown);
}
