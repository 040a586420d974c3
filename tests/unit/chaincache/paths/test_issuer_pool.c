#include "chaincache/paths/issuer_pool.h"

#include <stdlib.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static void test_each_certificate_once_with_its_first_source(void **state)
{
	const struct certificate *a = CA("I"), *b = CA("I", .key_number = 1), *other = CA("Other"),
				 *leaf = PKI(.cn = "a", .issuer = a);
	struct certificate_list served = PKI_LIST(SOURCE_SERVED, leaf, a, other),
				extra = PKI_LIST(SOURCE_BACKEND, a, b);
	const struct certificate *const cached[] = {b, a, other};
	struct certificate_list roots = PKI_LIST(SOURCE_ROOTS, a);
	struct issuer_store *cache = issuer_store_new();
	struct trust_store_set *stores = trust_store_set_new();
	struct issuer_candidates candidates = {0};
	(void)state;

	for (size_t i = 0; i < sizeof(cached) / sizeof(cached[0]); i++)
		assert_ok(issuer_store_add(cache, cached[i], SOURCE_CACHE));
	assert_ok(trust_store_set_add_list(stores, "store", &roots));
	struct issuer_pool pool = {
	    .served = &served, .extra = &extra, .cache = cache, .stores = stores, .now = PKI_NOW};
	assert_ok(issuer_pool_find(&pool, leaf, 0, &candidates));
	assert_int_equal(candidates.count, 2);
	assert_ptr_equal(candidates.items[0].entry.certificate, a);
	assert_int_equal(candidates.items[0].entry.source, SOURCE_SERVED);
	assert_true(candidates.items[0].anchor);
	assert_ptr_equal(candidates.items[1].entry.certificate, b);
	assert_int_equal(candidates.items[1].entry.source, SOURCE_BACKEND);
	assert_false(candidates.items[1].anchor);
	assert_true(issuer_pool_trusts(&pool, a));
	assert_false(issuer_pool_trusts(&pool, b));
	issuer_candidates_cleanup(&candidates);
	certificate_list_cleanup(&served);
	certificate_list_cleanup(&extra);
	certificate_list_cleanup(&roots);
	issuer_store_unref(cache);
	trust_store_set_unref(stores);
}

static void test_an_empty_pool_has_nobody(void **state)
{
	struct issuer_pool pool = {.now = PKI_NOW};
	struct issuer_candidates candidates = {0};
	const struct certificate *leaf = PKI(.cn = "a");
	(void)state;

	assert_ok(issuer_pool_find(&pool, leaf, 0, &candidates));
	assert_int_equal(candidates.count, 0);
	assert_false(issuer_pool_trusts(&pool, leaf));
	issuer_candidates_cleanup(&candidates);
}

static void test_path_length_ranks_by_what_is_below(void **state)
{
	const struct certificate *tight =
	    CA("I", .has_path_length = true, .path_length = 1, .not_after = PKI_NOT_AFTER + PKI_DAY);
	const struct certificate *wide = CA("I"), *leaf = PKI(.cn = "a", .issuer = wide);
	struct certificate_list extra = PKI_LIST(SOURCE_BACKEND, wide, tight);
	struct issuer_pool pool = {.extra = &extra, .now = PKI_NOW};
	(void)state;

	for (size_t below = 0; below <= 2; below++) {
		struct issuer_candidates candidates = {0};
		assert_ok(issuer_pool_find(&pool, leaf, below, &candidates));
		assert_ptr_equal(candidates.items[0].entry.certificate, below <= 1 ? tight : wide);
		issuer_candidates_cleanup(&candidates);
	}
	certificate_list_cleanup(&extra);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_certificate_once_with_its_first_source),
	    cmocka_unit_test(test_an_empty_pool_has_nobody),
	    cmocka_unit_test(test_path_length_ranks_by_what_is_below),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
