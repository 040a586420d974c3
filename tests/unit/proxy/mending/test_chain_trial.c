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
	    .key = pki_key(chain.items[0].certificate),
	    .former = &former,
	    .former_key = pki_key(former.items[0].certificate),
	    .stores = stores,
	    .now = PKI_NOW,
	};
	struct chain_trial_loss loss = {.store = "?"};

	assert_ok(chain_trial_run(&trial, &loss));
	assert_null(loss.name);
	certificate_list_cleanup(&former);
	certificate_list_cleanup(&chain);
	return loss.store != NULL ? loss.store : "";
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

/* A backend that changes its certificate for one that nobody can follow yet, or any more. */
static void test_another_leaf(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = issuing);
	const struct certificate *renewed = PKI(.cn = "a.example", .issuer = issuing, .key_number = 1);
	const struct certificate *expired = PKI(.cn = "a.example", .issuer = issuing, .not_after = PKI_NOW - PKI_DAY);

	(void)state;
	trust("demo", root);
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, issuing), PKI_LIST(SOURCE_FILE, renewed)), "demo");
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, issuing), PKI_LIST(SOURCE_FILE, renewed, issuing)), "");
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, leaf, issuing), PKI_LIST(SOURCE_FILE, expired, issuing)),
			    "demo");
	assert_string_equal(lost(PKI_LIST(SOURCE_FILE, expired, issuing), PKI_LIST(SOURCE_FILE, renewed)), "");
}

static void test_the_key_of_another_certificate(void **state)
{
	const struct certificate *leaf = PKI(.cn = "a.example");
	const struct certificate *other = PKI(.cn = "b.example");
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf);
	struct chain_trial_loss loss;

	(void)state;
	trust("demo", leaf);
	const struct chain_trial trial = {
	    .chain = &chain,
	    .key = pki_key(other),
	    .former = &chain,
	    .former_key = pki_key(leaf),
	    .stores = stores,
	    .now = PKI_NOW,
	};
	assert_kind(chain_trial_run(&trial, &loss), ERROR_MISMATCH);
	certificate_list_cleanup(&chain);
}

/* What is lost is a name that clients use and that the former leaf covers, as long as somebody accepts that one. */
static void test_names_count(void **state)
{
	static const struct {
		const char *name;
		bool lost;
	} cases[] = {{"a.example", false}, {"b.example", true},     {"x.w.example", true},
		     {"192.0.2.1", true},  {"c.example", false},    {"only-in-cn.example", false},
		     {"w.example", false}, {"y.x.w.example", false}};
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *former =
	    PKI(.cn = "only-in-cn.example", .issuer = root, .ip = PKI_STRINGS("192.0.2.1"),
		.dns = PKI_STRINGS("a.example", "b.example", "*.w.example"));
	const struct certificate *renewed = PKI(.cn = "a.example", .issuer = root, .dns = PKI_STRINGS("a.example"));
	const struct certificate *stranger = PKI(.cn = "b.example", .dns = PKI_STRINGS("b.example"));
	struct certificate_list former_chain = PKI_LIST(SOURCE_FILE, former);
	struct certificate_list strange_chain = PKI_LIST(SOURCE_FILE, stranger);
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, renewed);

	(void)state;
	trust("demo", root);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct host_name name;
		struct chain_trial_loss loss;
		struct chain_trial trial = {
		    .chain = &chain,
		    .key = pki_key(renewed),
		    .former = &former_chain,
		    .former_key = pki_key(former),
		    .stores = stores,
		    .names = &name,
		    .num_names = 1,
		    .now = PKI_NOW,
		};

		assert_ok(host_name_parse(cases[i].name, &name));
		assert_ok(chain_trial_run(&trial, &loss));
		assert_null(loss.store);
		if ((loss.name != NULL) != cases[i].lost)
			fail_msg("%s", cases[i].name);
		trial.former = &strange_chain;
		trial.former_key = pki_key(stranger);
		assert_ok(chain_trial_run(&trial, &loss));
		assert_null(loss.name);
	}
	certificate_list_cleanup(&former_chain);
	certificate_list_cleanup(&strange_chain);
	certificate_list_cleanup(&chain);
}

static int teardown(void **state)
{
	(void)state;
	pki_cleanup();
	return 0;
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
	    cmocka_unit_test_teardown(test_another_leaf, forget_stores),
	    cmocka_unit_test_teardown(test_names_count, forget_stores),
	    cmocka_unit_test_teardown(test_the_key_of_another_certificate, forget_stores),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
