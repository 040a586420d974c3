/* Searches chains among given certificates. mend/test_mend_choice.c tests the choice of a mend between them. */
#include "chaincache/paths/chain_search.h"

#include <stdlib.h>

#include "tests/support/chain_check.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

/* Holds the served certificates, the known ones, and one trust store. */
struct world {
	struct certificate_list served;
	struct issuer_store *known;
	struct trust_store_set *stores;
	struct chain_search search;
};

static void know(struct world *world, const struct certificate *const *certificates)
{
	for (; *certificates != NULL; certificates++)
		assert_ok(issuer_store_add(world->known, *certificates, SOURCE_CACHE));
}

static void begin(struct world *world, const struct certificate *const *served, const struct certificate *const *roots)
{
	struct certificate_list list = pki_list(SOURCE_ROOTS, roots);

	world->served = pki_list(SOURCE_SERVED, served);
	world->known = issuer_store_new();
	world->stores = trust_store_set_new();
	assert_ok(trust_store_set_add_list(world->stores, "store", &list));
	certificate_list_cleanup(&list);
	struct issuer_pool pool = {
	    .served = &world->served, .cache = world->known, .stores = world->stores, .now = PKI_NOW};
	chain_search_init(&world->search, &pool, false);
}

static void end(struct world *world)
{
	chain_search_cleanup(&world->search);
	certificate_list_cleanup(&world->served);
	issuer_store_unref(world->known);
	trust_store_set_unref(world->stores);
}

/* The best chain is this one, and ends at this root. */
static void expect_best(const struct world *world, const struct certificate *root,
			const struct certificate *const *expected)
{
	const struct chain_candidate *best = chain_search_best(&world->search);
	struct certificate_list list = {0};

	assert_non_null(best);
	assert_ok(path_to_list(&best->chain, &list));
	chain_check(&list, expected, __FILE__, __LINE__);
	assert_ptr_equal(best->root, root);
	certificate_list_cleanup(&list);
}

static void test_a_chain_that_is_served_whole(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct world world;
	(void)state;

	begin(&world, PKI_CERTIFICATES(leaf, i), PKI_CERTIFICATES(root));
	chain_search_run(&world.search);
	assert_int_equal(world.search.served.accept, 1);
	assert_int_equal(world.search.own.count, 2);
	expect_best(&world, root, PKI_CERTIFICATES(leaf, i));
	assert_true(chain_search_best(&world.search)->served_only);
	assert_int_equal(world.search.leaf_faults, 0);
	assert_false(chain_search_self_signed(&world.search));
	end(&world);
}

/* Checks each signature once, however often the search runs. */
static void test_runs_again_when_more_is_known(void **state)
{
	const struct certificate *root = CA("Root"), *j = CA("J", .issuer = root), *i = CA("I", .issuer = j),
				 *leaf = LEAF(.issuer = i);
	struct world world;
	(void)state;

	begin(&world, PKI_CERTIFICATES(leaf), PKI_CERTIFICATES(root));
	chain_search_run(&world.search);
	assert_int_equal(world.search.served.accept, 0);
	expect_best(&world, NULL, PKI_CERTIFICATES(leaf));

	know(&world, PKI_CERTIFICATES(i));
	chain_search_run(&world.search);
	expect_best(&world, NULL, PKI_CERTIFICATES(leaf, i));
	unsigned num_checks = world.search.budget.num_signature_checks;
	chain_search_run(&world.search);
	assert_int_equal(world.search.budget.num_signature_checks, num_checks);

	know(&world, PKI_CERTIFICATES(j));
	chain_search_run(&world.search);
	expect_best(&world, root, PKI_CERTIFICATES(leaf, i, j));
	assert_int_equal(chain_search_best(&world.search)->mask, 1);
	assert_int_equal(world.search.served.accept, 0);
	end(&world);
}

/* A path goes out as far as it leads to somebody who may issue; a root is no part of what is sent. */
static void test_what_may_be_sent_of_a_path(void **state)
{
	const struct certificate *nobody = CA("Nobody"), *no_ca = PKI(.cn = "I", .issuer = nobody);
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = no_ca), *self_signed = LEAF(.ca = false);
	struct world world;
	(void)state;

	begin(&world, PKI_CERTIFICATES(leaf, no_ca), PKI_CERTIFICATES(root));
	chain_search_run(&world.search);
	expect_best(&world, NULL, PKI_CERTIFICATES(leaf));
	end(&world);

	begin(&world, PKI_CERTIFICATES(self_signed, root), PKI_CERTIFICATES(root));
	chain_search_run(&world.search);
	expect_best(&world, self_signed, PKI_CERTIFICATES(self_signed));
	assert_true(chain_search_self_signed(&world.search));
	end(&world);
}

static void test_the_choice_is_over_all_candidates(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	const struct certificate *brief = CA("I", .issuer = root, .not_after = PKI_NOW + PKI_DAY);
	struct world world;
	(void)state;

	begin(&world, PKI_CERTIFICATES(leaf), PKI_CERTIFICATES(root));
	know(&world, PKI_CERTIFICATES(brief, i));
	chain_search_run(&world.search);
	expect_best(&world, root, PKI_CERTIFICATES(leaf, i));
	struct chain_choice choice = chain_search_choice(&world.search);
	assert_int_equal(choice.count, 3); /* the leaf alone, and with each of both */
	assert_int_equal(choice.served.accept, 0);
	assert_int_equal(choice.now, PKI_NOW);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_chain_that_is_served_whole),
	    cmocka_unit_test(test_runs_again_when_more_is_known),
	    cmocka_unit_test(test_what_may_be_sent_of_a_path),
	    cmocka_unit_test(test_the_choice_is_over_all_candidates),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
