#include "chaincache/paths/path_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/chain_check.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define LEAF(...) PKI(.cn = "leaf", __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

/* A search over one list and one trust store. */
struct search {
	struct certificate_list list;
	struct trust_store_set *stores;
	struct budget budget;
	struct signature_memo memo;
	struct issuer_pool pool;
	struct path_builder builder;
};

static void begin(struct search *search, const struct certificate *leaf, const struct certificate *const *candidates,
		  const struct certificate *const *roots)
{
	struct certificate_list list = pki_list(SOURCE_ROOTS, roots);

	memset(search, 0, sizeof(*search));
	search->list = pki_list(SOURCE_CACHE, candidates);
	search->stores = trust_store_set_new();
	assert_ok(trust_store_set_add_list(search->stores, "store", &list));
	search->memo.budget = &search->budget;
	search->pool = (struct issuer_pool){.extra = &search->list, .stores = search->stores, .now = PKI_NOW};
	path_builder_init(&search->builder, &search->pool, &search->memo,
			  (struct certificate_entry){leaf, SOURCE_SERVED}, certificate_list_contains(&list, leaf));
	certificate_list_cleanup(&list);
}

static void end(struct search *search)
{
	path_builder_cleanup(&search->builder);
	certificate_list_cleanup(&search->list);
	trust_store_set_unref(search->stores);
}

static void expect(struct search *search, enum path_end path_end, const struct certificate *const *expected)
{
	struct path path;
	struct certificate_list list = {0};

	assert_true(path_builder_next(&search->builder, &path));
	assert_ok(path_to_list(&path, &list));
	chain_check(&list, expected, __FILE__, __LINE__);
	assert_int_equal(path.end, path_end);
	certificate_list_cleanup(&list);
}

#define EXPECT(search, end, ...) expect((search), (end), PKI_CERTIFICATES(__VA_ARGS__))

static void expect_no_more(struct search *search)
{
	struct path path;

	assert_false(path_builder_next(&search->builder, &path));
	assert_false(path_builder_next(&search->builder, &path));
}

static void test_the_anchor_comes_first_then_each_other_path(void **state)
{
	const struct certificate *root = CA("Root"), *old = CA("Old"), *cross = CA("Root", .issuer = old);
	const struct certificate *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct search search;
	(void)state;

	begin(&search, leaf, PKI_CERTIFICATES(cross, old, i), PKI_CERTIFICATES(root));
	EXPECT(&search, PATH_END_ANCHOR, leaf, i, root);
	EXPECT(&search, PATH_END_SELF_SIGNED, leaf, i, cross, old);
	expect_no_more(&search);
	assert_null(search.budget.refused);
	end(&search);
}

static void test_dead_ends_are_told(void **state)
{
	const struct certificate *i = CA("I", .issuer = CA("Nobody")), *leaf = LEAF(.issuer = i);
	struct search search;
	(void)state;

	begin(&search, leaf, PKI_CERTIFICATES(i), PKI_CERTIFICATES(CA("Root")));
	EXPECT(&search, PATH_END_DEAD, leaf, i);
	expect_no_more(&search);
	end(&search);
	begin(&search, leaf, PKI_CERTIFICATES(NULL), PKI_CERTIFICATES(CA("Root")));
	EXPECT(&search, PATH_END_DEAD, leaf);
	expect_no_more(&search);
	end(&search);
}

static void test_loops_end_by_themselves(void **state)
{
	const struct certificate *x = CA("X"), *y = CA("Y");
	const struct certificate *x_by_y = CA("X", .issuer = y), *y_by_x = CA("Y", .issuer = x),
				 *leaf = LEAF(.issuer = x);
	struct search search;
	(void)state;

	begin(&search, leaf, PKI_CERTIFICATES(y_by_x, x_by_y), PKI_CERTIFICATES(CA("Root")));
	EXPECT(&search, PATH_END_DEAD, leaf, x_by_y, y_by_x);
	expect_no_more(&search);
	end(&search);
}

static void test_an_intermediate_anchor_is_passed_through(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct search search;
	(void)state;

	begin(&search, leaf, PKI_CERTIFICATES(i), PKI_CERTIFICATES(i, root));
	EXPECT(&search, PATH_END_ANCHOR, leaf, i);
	EXPECT(&search, PATH_END_ANCHOR, leaf, i, root);
	expect_no_more(&search);
	end(&search);
}

static void test_the_leaf_may_be_the_anchor_or_its_own_issuer(void **state)
{
	const struct certificate *leaf = LEAF(.ca = false);
	struct search search;
	(void)state;

	begin(&search, leaf, PKI_CERTIFICATES(leaf), PKI_CERTIFICATES(leaf));
	EXPECT(&search, PATH_END_ANCHOR, leaf);
	expect_no_more(&search);
	end(&search);
	begin(&search, leaf, PKI_CERTIFICATES(leaf), PKI_CERTIFICATES(CA("Root")));
	EXPECT(&search, PATH_END_SELF_SIGNED, leaf);
	expect_no_more(&search);
	end(&search);
}

static void test_the_rank_of_candidates(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *best = CA("I", .issuer = root, .not_after = PKI_NOT_AFTER + PKI_DAY),
				 *good = CA("I", .issuer = root);
	const struct certificate *tight =
	    CA("I", .issuer = root, .has_path_length = true, .not_after = PKI_NOT_AFTER - PKI_DAY);
	const struct certificate *no_ca =
	    CA("I", .issuer = root, .no_basic_constraints = true, .not_after = PKI_NOT_AFTER + PKI_DAY);
	const struct certificate *stale = CA("I", .issuer = root, .not_after = PKI_NOW - 1);
	const struct certificate *no_id =
	    CA("I", .issuer = root, .ski = PKI_KEY_ID_ABSENT, .not_after = PKI_NOT_AFTER + 2 * PKI_DAY);
	const struct certificate *wrong_id =
	    CA("I", .issuer = root, .ski = PKI_KEY_ID_WRONG, .not_after = PKI_NOT_AFTER + 2 * PKI_DAY);
	const struct certificate *leaf = LEAF(.issuer = best);
	struct search search;
	(void)state;

	begin(&search, leaf, PKI_CERTIFICATES(wrong_id, stale, no_ca, tight, good, no_id, best),
	      PKI_CERTIFICATES(root));
	EXPECT(&search, PATH_END_ANCHOR, leaf, best, root);
	EXPECT(&search, PATH_END_ANCHOR, leaf, good, root);
	EXPECT(&search, PATH_END_ANCHOR, leaf, tight, root);
	EXPECT(&search, PATH_END_ANCHOR, leaf, no_ca, root);
	EXPECT(&search, PATH_END_ANCHOR, leaf, stale, root);
	EXPECT(&search, PATH_END_ANCHOR, leaf, no_id, root);
	EXPECT(&search, PATH_END_ANCHOR, leaf, wrong_id, root);
	expect_no_more(&search);
	end(&search);
}

static void test_the_depth_is_bounded(void **state)
{
	enum { HEIGHT = MEND_MAX_DEPTH + 2 };
	const struct certificate *cas[HEIGHT + 1] = {NULL}, *above = NULL;
	char name[32];
	struct search search;
	struct path path;
	(void)state;

	for (int i = HEIGHT - 1; i >= 0; i--) {
		snprintf(name, sizeof(name), "Level %d", i);
		above = cas[i] = CA(name, .issuer = above);
	}
	begin(&search, LEAF(.issuer = cas[0]), cas, PKI_CERTIFICATES(cas[HEIGHT - 1]));
	assert_true(path_builder_next(&search.builder, &path));
	assert_int_equal(path.count, MEND_MAX_DEPTH);
	assert_int_equal(path.end, PATH_END_DEAD);
	expect_no_more(&search);
	assert_non_null(search.budget.refused);
	end(&search);

	/* One that just fits. */
	begin(&search, LEAF(.issuer = cas[3]), cas, PKI_CERTIFICATES(cas[HEIGHT - 1]));
	assert_true(path_builder_next(&search.builder, &path));
	assert_int_equal(path.count, MEND_MAX_DEPTH);
	assert_int_equal(path.end, PATH_END_ANCHOR);
	assert_null(search.budget.refused);
	end(&search);
}

/* Seven CAs that have all signed each other: more simple paths than anybody should walk. */
static void test_a_clique_is_bounded(void **state)
{
	enum { CLIQUE = 7 };
	const struct certificate *cas[CLIQUE * CLIQUE + 1] = {NULL}, *own[CLIQUE];
	char name[32];
	size_t count = 0, num_paths = 0;
	struct search search;
	struct path path;
	(void)state;

	for (int i = 0; i < CLIQUE; i++) {
		snprintf(name, sizeof(name), "Member %d", i);
		own[i] = CA(name);
	}
	for (int i = 0; i < CLIQUE; i++)
		for (int k = 0; k < CLIQUE; k++) {
			snprintf(name, sizeof(name), "Member %d", i);
			if (i != k)
				cas[count++] = CA(name, .issuer = own[k]);
		}
	begin(&search, LEAF(.issuer = own[0]), cas, PKI_CERTIFICATES(own[CLIQUE - 1]));
	while (path_builder_next(&search.builder, &path))
		num_paths++;
	assert_in_range(num_paths, 1, MEND_MAX_STEPS);
	assert_true(search.budget.num_steps <= MEND_MAX_STEPS);
	assert_true(search.budget.num_signature_checks <= MEND_MAX_SIGNATURE_CHECKS);
	assert_non_null(search.budget.refused);
	end(&search);
}

static void test_each_signature_is_checked_once(void **state)
{
	const struct certificate *root = CA("Root"), *j = CA("J", .issuer = root), *leaf;
	const struct certificate *a = CA("I", .issuer = j),
				 *b = CA("I", .issuer = j, .not_after = PKI_NOT_AFTER - PKI_DAY);
	struct search search;
	struct path path;
	(void)state;

	leaf = LEAF(.issuer = a);
	begin(&search, leaf, PKI_CERTIFICATES(a, b, j), PKI_CERTIFICATES(root));
	while (path_builder_next(&search.builder, &path))
		continue;
	/* leaf by I's key (the twins share it), each twin by J, J by the root. */
	assert_int_equal(search.budget.num_signature_checks, 4);
	end(&search);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_anchor_comes_first_then_each_other_path),
	    cmocka_unit_test(test_dead_ends_are_told),
	    cmocka_unit_test(test_loops_end_by_themselves),
	    cmocka_unit_test(test_an_intermediate_anchor_is_passed_through),
	    cmocka_unit_test(test_the_leaf_may_be_the_anchor_or_its_own_issuer),
	    cmocka_unit_test(test_the_rank_of_candidates),
	    cmocka_unit_test(test_the_depth_is_bounded),
	    cmocka_unit_test(test_a_clique_is_bounded),
	    cmocka_unit_test(test_each_signature_is_checked_once),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
