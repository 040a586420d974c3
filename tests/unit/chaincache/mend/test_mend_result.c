/* Checks the result of a mend: verdicts by store, runners-up, exit statuses, and that nothing is made worse. */
#include "chaincache/mend/mend_result.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/mend_world.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static void test_no_audience_is_lost_for_two_others(void **state)
{
	const struct certificate *a = CA("A"), *b = CA("B"), *i_by_a = CA("I", .issuer = a),
				 *i_by_b = CA("I", .issuer = b);
	const struct certificate *leaf = LEAF(.issuer = i_by_a);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i_by_a);
	WORLD_CACHE(world, i_by_b);
	WORLD_TRUST(world, "one", a);
	WORLD_TRUST(world, "two", b);
	WORLD_TRUST(world, "three", b);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i_by_a);
	assert_findings(result, "untrusted_root warning none");
	assert_non_null(strstr(result->findings.items[0].message, "those of two, three do not"));
	assert_int_equal(result->num_stores, 3);
	assert_true(result->stores[0].mended_trusted);
	assert_false(result->stores[1].mended_trusted || result->stores[2].mended_trusted || result->mended_trusted);
	assert_int_equal(result->num_runners_up, 1);
	assert_string_equal(result->runners_up[0].why, "clients that accept the served chain would refuse it");
	world_cleanup(world);

	/* Where nobody accepts what is served, the two win. */
	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, i_by_b, i_by_a);
	WORLD_TRUST(world, "one", a);
	WORLD_TRUST(world, "two", b);
	WORLD_TRUST(world, "three", b);
	assert_chain(&world_mend(world)->mended, leaf, i_by_b);
}

/* Nothing that goes out is shorter than what is served while no store accepts either. */
static void test_an_unknown_hierarchy_is_left_as_it_is(void **state)
{
	const struct certificate *nobody = CA("Nobody"), *j = CA("J", .issuer = nobody), *i = CA("I", .issuer = j);
	const struct certificate *leaf = LEAF(.issuer = i);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, i, j);
	WORLD_TRUST(world, "store", CA("Root"));
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, leaf, i, j);
	assert_false(result->changed);
	assert_findings(result, "incomplete_chain error none, no_issuer_url warning none");
}

static void test_the_faults_of_a_leaf_count_for_its_verdicts(void **state)
{
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = root, .not_after = PKI_NOW - 1);
	const struct certificate *weak = LEAF(.ca = false, .digest = PKI_SHA1);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = world_mend(world);
	assert_false(result->served_trusted || result->mended_trusted || result->stores[0].mended_trusted);
	assert_ptr_equal(result->anchor, root);
	world_cleanup(world);

	/* A self-signed leaf in a store is its own anchor: its signature says nothing. */
	WORLD_SERVE(world, weak);
	WORLD_TRUST(world, "store", weak);
	result = world_mend(world);
	assert_findings(result, "self_signed info none");
	assert_true(result->mended_trusted);
}

static void test_a_leaf_that_did_not_stand_first(void **state)
{
	const struct certificate *root = CA("Root"), *upper = CA("U", .issuer = root), *i = CA("I", .issuer = upper);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = i);
	struct mend_world world = {.input.leaf_place = 2};
	(void)state;

	WORLD_SERVE(&world, leaf, i, upper);
	WORLD_TRUST(&world, "store", root);
	const struct mend_result *result = world_mend(&world);
	assert_chain(&result->served, i, upper, leaf);
	assert_chain(&result->mended, leaf, i, upper);
	assert_true(result->changed);
	assert_findings(result, "wrong_order fixed reordered");
	assert_non_null(strstr(world_finding(result, FINDING_WRONG_ORDER)->message, "stands in place 3 of the chain"));
	assert_int_equal(mend_exit_status(result, false), 1);
	world_cleanup(&world);

	/* A place that is none is passed over. */
	world.input.leaf_place = 3;
	WORLD_SERVE(&world, leaf, i, upper);
	WORLD_TRUST(&world, "store", root);
	result = world_mend(&world);
	assert_chain(&result->served, leaf, i, upper);
	assert_false(result->changed);
	assert_findings(result, "");
	world_cleanup(&world);
}

/* The five hundred that are kept are infos; the one behind them decides. */
static void test_what_is_dropped_counts_for_the_exit_status(void **state)
{
	static const int statuses[] = {
	    [SEVERITY_INFO] = 0, [SEVERITY_WARNING] = 0, [SEVERITY_FIXED] = 1, [SEVERITY_ERROR] = 2};
	(void)state;

	for (int severity = SEVERITY_INFO; severity <= SEVERITY_ERROR; severity++) {
		struct mend_result result = {.served_trusted = true};
		for (size_t i = 0; i < FINDING_LIST_MAX; i++)
			finding_list_add(&result.findings, FINDING_ROOT_INCLUDED, "x");
		finding_set_severity(finding_list_add(&result.findings, FINDING_REVOKED, "x"),
				     (enum finding_severity)severity);
		finding_list_add(&result.findings, FINDING_ROOT_INCLUDED, "x");
		assert_int_equal(result.findings.num_dropped, 2);
		assert_int_equal(mend_exit_status(&result, false), statuses[severity]);
		finding_list_cleanup(&result.findings);
	}
}

static void test_exit_statuses_by_severity(void **state)
{
	const struct {
		enum finding_severity severity;
		int status, strict;
	} cases[] = {{SEVERITY_INFO, 0, 0}, {SEVERITY_WARNING, 0, 0}, {SEVERITY_FIXED, 1, 1}, {SEVERITY_ERROR, 2, 2}};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct store_verdict store = {"store", true, true, true, true};
		struct mend_result result = {.served_trusted = true, .stores = &store, .num_stores = 1};
		finding_set_severity(finding_list_add(&result.findings, FINDING_WRONG_ORDER, "x"), cases[c].severity);
		assert_int_equal(mend_exit_status(&result, false), cases[c].status);
		assert_int_equal(mend_exit_status(&result, true), cases[c].strict);
		store.served_trusted = result.served_trusted = false;
		assert_int_equal(mend_exit_status(&result, false), cases[c].status);
		assert_int_equal(mend_exit_status(&result, true), 2);
		finding_list_cleanup(&result.findings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MEND_TEST(test_no_audience_is_lost_for_two_others),
	    MEND_TEST(test_an_unknown_hierarchy_is_left_as_it_is),
	    MEND_TEST(test_the_faults_of_a_leaf_count_for_its_verdicts),
	    cmocka_unit_test(test_a_leaf_that_did_not_stand_first),
	    cmocka_unit_test(test_what_is_dropped_counts_for_the_exit_status),
	    cmocka_unit_test(test_exit_statuses_by_severity),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
