#include "chaincache/paths/signature_memo.h"

#include <stdlib.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

static void test_each_question_is_worked_out_once(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true),
				 *twin = PKI(.cn = "CA", .ca = true, .not_after = PKI_NOW);
	const struct certificate *other = PKI(.cn = "CA", .ca = true, .key_number = 1),
				 *leaf = PKI(.cn = "a", .issuer = ca);
	struct budget budget = {0};
	struct signature_memo memo = {.budget = &budget};
	(void)state;

	assert_true(signature_memo_verifies(&memo, ca, leaf));
	assert_true(signature_memo_verifies(&memo, twin, leaf));
	assert_int_equal(budget.num_signature_checks, 1);
	assert_false(signature_memo_verifies(&memo, other, leaf));
	assert_false(signature_memo_verifies(&memo, other, leaf));
	assert_int_equal(budget.num_signature_checks, 2);
}

static void test_self_signed_is_by_the_key_of_its_own(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true),
				 *rolled = PKI(.cn = "Root", .ca = true, .key_number = 1, .issuer = root);
	const struct certificate *leaf = PKI(.cn = "a", .issuer = root);
	struct budget budget = {0};
	struct signature_memo memo = {.budget = &budget};
	(void)state;

	assert_true(signature_memo_self_signed(&memo, root));
	assert_false(signature_memo_self_signed(&memo, rolled));
	assert_false(signature_memo_self_signed(&memo, leaf));
	/* The leaf's names differ: nothing had to be checked. */
	assert_int_equal(budget.num_signature_checks, 2);
}

static void test_a_question_above_the_budget_is_refused(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "a", .issuer = ca);
	struct budget budget = {.num_signature_checks = MEND_MAX_SIGNATURE_CHECKS};
	struct signature_memo memo = {.budget = &budget};
	(void)state;

	assert_false(signature_memo_verifies(&memo, ca, leaf));
	assert_non_null(budget.refused);
	assert_int_equal(budget.num_signature_checks, MEND_MAX_SIGNATURE_CHECKS);
}

static void test_a_ceiling_refuses_for_a_while(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *a = PKI(.cn = "a", .issuer = ca),
				 *b = PKI(.cn = "b", .issuer = ca);
	struct budget budget = {0};
	struct signature_memo memo = {.budget = &budget, .ceiling = 1};
	(void)state;

	assert_true(signature_memo_verifies(&memo, ca, a));
	assert_false(signature_memo_verifies(&memo, ca, b));
	assert_true(signature_memo_verifies(&memo, ca, a));
	assert_non_null(budget.refused);
	memo.ceiling = 0;
	assert_true(signature_memo_verifies(&memo, ca, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_question_is_worked_out_once),
	    cmocka_unit_test(test_self_signed_is_by_the_key_of_its_own),
	    cmocka_unit_test(test_a_question_above_the_budget_is_refused),
	    cmocka_unit_test(test_a_ceiling_refuses_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
