#include "tests/support/unit.h"

#include <stdio.h>

#include "chaincache/stores/issuer_store.h"
#include "tests/support/pki.h"

static void test_walks_the_candidates_in_the_order_of_adding(void **state)
{
	struct issuer_store *store = issuer_store_new();
	const struct certificate *first = PKI(.cn = "CA", .ca = true);
	const struct certificate *second = PKI(.cn = "CA", .ca = true, .key_number = 1);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = first);
	size_t cursor = 0;
	(void)state;

	assert_non_null(store);
	assert_ok(issuer_store_add(store, second, SOURCE_CACHE));
	assert_ok(issuer_store_add(store, PKI(.cn = "Other", .ca = true), SOURCE_CACHE));
	assert_ok(issuer_store_add(store, first, SOURCE_FETCHED));
	const struct certificate_entry *entry = issuer_store_next(store, leaf, &cursor);
	assert_ptr_equal(entry->certificate, second);
	entry = issuer_store_next(store, leaf, &cursor);
	assert_ptr_equal(entry->certificate, first);
	assert_int_equal(entry->source, SOURCE_FETCHED);
	assert_null(issuer_store_next(store, leaf, &cursor));
	assert_null(issuer_store_next(store, leaf, &cursor));
	issuer_store_unref(store);
}

static void test_an_empty_store_has_no_candidates(void **state)
{
	struct issuer_store *store = issuer_store_new();
	const struct certificate *leaf = PKI(.cn = "leaf");
	size_t cursor = 0;
	(void)state;

	assert_non_null(store);
	assert_null(issuer_store_next(store, leaf, &cursor));
	assert_false(issuer_store_contains(store, leaf));
	assert_int_equal(issuer_store_count(store), 0);
	issuer_store_unref(store);
	issuer_store_unref(NULL);
}

static void test_the_first_source_of_a_certificate_stays(void **state)
{
	struct issuer_store *store = issuer_store_new();
	const struct certificate *ca = PKI(.cn = "CA", .ca = true);
	const struct certificate *same;
	size_t cursor = 0;
	(void)state;

	assert_non_null(store);
	assert_ok(certificate_parse(ca->der, &same));
	assert_ok(issuer_store_add(store, ca, SOURCE_FILE));
	assert_ok(issuer_store_add(store, same, SOURCE_CACHE));
	assert_true(issuer_store_contains(store, same));
	assert_int_equal(issuer_store_count(store), 1);
	assert_int_equal(issuer_store_next(store, ca, &cursor)->source, SOURCE_FILE);
	certificate_unref(same);
	issuer_store_unref(store);
}

static void test_keeps_its_certificates_while_it_is_held(void **state)
{
	struct issuer_store *store = issuer_store_new();
	const struct certificate *ca = PKI(.cn = "held", .ca = true);
	unsigned before = atomic_load(&ca->references);
	(void)state;

	assert_non_null(store);
	assert_ok(issuer_store_add(store, ca, SOURCE_FILE));
	assert_ptr_equal(issuer_store_ref(store), store);
	issuer_store_unref(store);
	assert_int_equal(atomic_load(&ca->references), before + 1);
	issuer_store_unref(store);
	assert_int_equal(atomic_load(&ca->references), before);
}

/* Growing through several sizes, with every certificate still to be found by its subject. */
static void test_finds_each_among_many(void **state)
{
	enum { MANY = 300 };
	struct issuer_store *store = issuer_store_new();
	const struct certificate *made[MANY];
	char name[32];
	(void)state;

	assert_non_null(store);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "CA %zu", i);
		made[i] = PKI(.cn = name, .ca = true);
		assert_ok(issuer_store_add(store, made[i], SOURCE_CACHE));
	}
	assert_int_equal(issuer_store_count(store), MANY);
	for (size_t i = 0; i < MANY; i++) {
		size_t cursor = 0;
		assert_ptr_equal(issuer_store_next(store, made[i], &cursor)->certificate, made[i]);
		assert_null(issuer_store_next(store, made[i], &cursor));
	}
	issuer_store_unref(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_walks_the_candidates_in_the_order_of_adding),
	    cmocka_unit_test(test_an_empty_store_has_no_candidates),
	    cmocka_unit_test(test_the_first_source_of_a_certificate_stays),
	    cmocka_unit_test(test_keeps_its_certificates_while_it_is_held),
	    cmocka_unit_test(test_finds_each_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
