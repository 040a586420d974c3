#include "proxy/mending/chain_trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

enum { MANY_NAMES = 900 };

static struct trust_store_set *stores;

static void trust(const char *name, const struct certificate *root)
{
	struct certificate_list roots = PKI_LIST(SOURCE_ROOTS, root);

	if (stores == NULL)
		stores = trust_store_set_new();
	assert_ok(trust_store_set_add_list(stores, name, &roots));
	certificate_list_cleanup(&roots);
}

static int forget_stores(void **state)
{
	(void)state;
	trust_store_set_unref(stores);
	stores = NULL;
	return 0;
}

/* The store that would be lost when `chain` takes the place of `former`; "" for none. Cleans both up. */
static const char *lost(struct certificate_list former, struct certificate_list chain)
{
	const struct chain_trial trial = {
	    .chain = &chain,
	    .former = &former,
	    .key = pki_key(chain.items[0].certificate),
	    .stores = stores,
	    .now = PKI_NOW,
	};
	const char *lost_store = "?";

	assert_ok(chain_trial_run(&trial, &lost_store));
	certificate_list_cleanup(&former);
	certificate_list_cleanup(&chain);
	return lost_store != NULL ? lost_store : "";
}

static void test_what_is_better_passes_and_what_is_worse_does_not(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"));

	(void)state;
	trust("demo", root);
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf), PKI_LIST(SOURCE_FILE, leaf, issuing)), "");
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, issuing), PKI_LIST(SOURCE_FILE, leaf)), "demo");
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, root, issuing), PKI_LIST(SOURCE_FILE, leaf, issuing)), "");
	/* Nobody accepted it before, so that there is nothing to lose. */
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf), PKI_LIST(SOURCE_FILE, leaf)), "");
}

/* An old audience reaches its root by a cross-sign alone: a chain without it serves the new audience only. */
static void test_each_store_counts(void **state)
{
	const struct certificate *old_root = PKI(.cn = "Old Root", .ca = true);
	const struct certificate *new_root = PKI(.cn = "New Root", .ca = true);
	const struct certificate *cross = PKI(.cn = "New Root", .ca = true, .issuer = old_root);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = new_root);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"));

	(void)state;
	trust("new", new_root);
	trust("old", old_root);
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, issuing, cross), PKI_LIST(SOURCE_FILE, leaf, issuing)),
			    "old");
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, issuing), PKI_LIST(SOURCE_FILE, leaf, issuing, cross)),
			    "");
}

static void test_an_intermediate_may_be_the_anchor(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *lower = PKI(.cn = "Lower", .ca = true, .issuer = issuing);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = lower, .dns = PKI_STRINGS("a.example"));

	(void)state;
	trust("pinned", issuing);
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, lower, issuing), PKI_LIST(SOURCE_FILE, leaf, lower)), "");
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, lower), PKI_LIST(SOURCE_FILE, leaf)), "pinned");
}

static void test_an_expired_intermediate_is_not_accepted(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *good = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *expired =
	    PKI(.cn = "Issuing", .ca = true, .issuer = root, .not_after = PKI_NOW - PKI_DAY);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = good, .dns = PKI_STRINGS("a.example"));

	(void)state;
	trust("demo", root);
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, good), PKI_LIST(SOURCE_FILE, leaf, expired)), "demo");
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, expired), PKI_LIST(SOURCE_FILE, leaf, good)), "");
}

static void test_every_kind_of_key(void **state)
{
	static const enum pki_key_type types[] = {PKI_P256, PKI_P384, PKI_P521, PKI_RSA_2048, PKI_ED25519};
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);

	(void)state;
	trust("demo", root);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct certificate *leaf = PKI(.cn = "k", .issuer = issuing, .key_type = types[i]);

		assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf), PKI_LIST(SOURCE_FILE, leaf, issuing)), "");
		assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, issuing), PKI_LIST(SOURCE_FILE, leaf)), "demo");
	}
}

/* Clients stop reading long before a chain of this size is through, whatever is in it. */
static void test_a_chain_that_no_client_reads(void **state)
{
	static char names[MANY_NAMES][64];
	const char *list[MANY_NAMES + 1] = {0};
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = issuing);

	(void)state;
	for (size_t i = 0; i < MANY_NAMES; i++) {
		snprintf(names[i], sizeof(names[i]), "a-name-that-takes-some-room-%04zu.in-a-long-zone.example", i);
		list[i] = names[i];
	}
	const struct certificate *large = PKI(.cn = "Large", .issuer = issuing, .dns = list);
	const struct certificate *larger = PKI(.cn = "Larger", .issuer = issuing, .dns = list);
	trust("demo", root);
	assert_true(large->der.len + larger->der.len > 100 * 1024);
	assert_string_equal(
	    lost(PKI_LIST(SOURCE_FILE, leaf, issuing), PKI_LIST(SOURCE_FILE, leaf, issuing, large, larger)), "demo");
}

static void test_the_key_of_another_certificate(void **state)
{
	const struct certificate *leaf = PKI(.cn = "a.example");
	const struct certificate *other = PKI(.cn = "b.example");
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf);
	const char *lost_store = NULL;

	(void)state;
	trust("demo", leaf);
	const struct chain_trial trial = {
	    .chain = &chain,
	    .former = &chain,
	    .key = pki_key(other),
	    .stores = stores,
	    .now = PKI_NOW,
	};
	assert_kind(chain_trial_run(&trial, &lost_store), ERROR_MISMATCH);
	certificate_list_cleanup(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_what_is_better_passes_and_what_is_worse_does_not, forget_stores),
	    cmocka_unit_test_teardown(test_each_store_counts, forget_stores),
	    cmocka_unit_test_teardown(test_an_intermediate_may_be_the_anchor, forget_stores),
	    cmocka_unit_test_teardown(test_an_expired_intermediate_is_not_accepted, forget_stores),
	    cmocka_unit_test_teardown(test_every_kind_of_key, forget_stores),
	    cmocka_unit_test_teardown(test_a_chain_that_no_client_reads, forget_stores),
	    cmocka_unit_test_teardown(test_the_key_of_another_certificate, forget_stores),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
