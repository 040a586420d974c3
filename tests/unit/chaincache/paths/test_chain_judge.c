/* The weakest client: what it is sent and what it trusts, no more. */
#include "chaincache/paths/chain_judge.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define LEAF(...) PKI(.cn = "leaf", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static struct audience_verdict ask_store(const struct certificate *const *chain, const struct certificate *const *roots,
					 bool ignore_trust)
{
	struct certificate_list sent = pki_list(SOURCE_SERVED, chain), store = pki_list(SOURCE_ROOTS, roots);
	struct budget budget = {0};
	struct signature_memo memo = {.budget = &budget};
	struct issuer_pool pool = {.served = &sent, .stores = trust_store_set_new(), .now = PKI_NOW};
	struct chain_judge judge = {.pool = &pool, .memo = &memo, .ignore_trust = ignore_trust};
	struct audience_verdict verdict;

	assert_ok(trust_store_set_add_list((struct trust_store_set *)pool.stores, "store", &store));
	chain_judge_ask(&judge, (struct sent_chain){sent.items, sent.count}, 0, &verdict);
	assert_int_equal(chain_judge_masks(&judge, (struct sent_chain){sent.items, sent.count}).accept & 1,
			 verdict.answer == AUDIENCE_ACCEPTS);
	trust_store_set_unref((struct trust_store_set *)pool.stores);
	certificate_list_cleanup(&sent);
	certificate_list_cleanup(&store);
	return verdict;
}

static const struct certificate *end_of(struct audience_verdict verdict)
{
	return path_last(&verdict.path);
}

#define ASK(chain, roots) ask_store((chain), (roots), false)
#define CHAIN(...) PKI_CERTIFICATES(__VA_ARGS__)

static void test_answers_against_a_table(void **state)
{
	const struct certificate *root = CA("Root"), *j = CA("J", .issuer = root), *i = CA("I", .issuer = j),
				 *leaf = LEAF(.issuer = i);
	const struct certificate *other = CA("Other"), *stale = CA("Stale", .not_after = PKI_NOW - 1);
	const struct certificate *bad_twin = CA("I", .issuer = other), *weak = CA("I", .issuer = j, .digest = PKI_SHA1);
	const struct certificate *namesake = CA("I", .issuer = j, .key_number = 1),
				 *nameless = LEAF(.issuer = i, .aki = PKI_KEY_ID_ABSENT);
	const struct {
		const struct certificate *chain[6], *roots[3];
		enum audience_answer answer;
	} cases[] = {
	    {{leaf, i, j}, {root}, AUDIENCE_ACCEPTS},
	    {{leaf, j, i}, {root}, AUDIENCE_ACCEPTS}, /* order does not matter, as with OpenSSL */
	    {{leaf, i, j, root}, {root}, AUDIENCE_ACCEPTS},
	    {{leaf, i, j, other}, {root}, AUDIENCE_ACCEPTS},
	    {{leaf, i}, {root}, AUDIENCE_FINDS_NO_PATH},
	    {{leaf, i, j, root}, {other}, AUDIENCE_FINDS_NO_PATH},
	    {{leaf}, {i}, AUDIENCE_ACCEPTS}, /* an intermediate as the anchor */
	    {{leaf}, {leaf}, AUDIENCE_ACCEPTS},
	    {{leaf, i, j, stale}, {root}, AUDIENCE_FINDS_STALE}, /* even where nobody needs it */
	    {{leaf, bad_twin, i, j},
	     {root},
	     AUDIENCE_FINDS_NO_PATH}, /* the first issuer is taken, without backtracking */
	    {{leaf, i, bad_twin, j}, {root}, AUDIENCE_ACCEPTS},
	    {{leaf, weak, j}, {root}, AUDIENCE_REFUSES},
	    /* Neither is another issuer looked for behind a namesake that the key identifiers do not tell apart. */
	    {{nameless, namesake, i, j}, {root}, AUDIENCE_FINDS_NO_PATH},
	    {{nameless, i, namesake, j}, {root}, AUDIENCE_ACCEPTS},
	    {{nameless, namesake, j}, {i}, AUDIENCE_ACCEPTS}, /* the store comes first */
	    {{leaf, namesake, i, j}, {root}, AUDIENCE_ACCEPTS},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct audience_verdict verdict = ASK(cases[c].chain, cases[c].roots);
		print_message("case %zu\n", c);
		assert_int_equal(verdict.answer, cases[c].answer);
	}
	assert_ptr_equal(ASK(CHAIN(leaf, stale), CHAIN(root)).stale, stale);
	assert_ptr_equal(end_of(ASK(CHAIN(leaf, i), CHAIN(root))), i);
	assert_int_equal(ASK(CHAIN(leaf, weak, j), CHAIN(root)).verdict.fault, PATH_WEAK_SIGNATURE);
}

static void test_an_expired_leaf_is_not_the_chains_fault(void **state)
{
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = root, .not_after = PKI_NOW - 1);
	(void)state;

	assert_int_equal(ASK(CHAIN(leaf, leaf), CHAIN(root)).answer, AUDIENCE_ACCEPTS);
}

static void test_the_better_of_two_anchors_is_taken(void **state)
{
	const struct certificate *root = CA("Root"), *old = CA("Root", .not_after = PKI_NOW - 1),
				 *leaf = LEAF(.issuer = root);
	(void)state;

	assert_ptr_equal(end_of(ASK(CHAIN(leaf), CHAIN(old, root))), root);
	assert_int_equal(ASK(CHAIN(leaf), CHAIN(old, root)).answer, AUDIENCE_ACCEPTS);
	assert_int_equal(ASK(CHAIN(leaf), CHAIN(old)).answer, AUDIENCE_REFUSES);
}

static void test_trust_ignored_is_one_audience(void **state)
{
	const struct certificate *root = CA("Root"), *leaf = LEAF(.issuer = root), *alone = LEAF(.issuer = CA("Gone"));
	(void)state;

	assert_int_equal(ask_store(CHAIN(leaf, root), CHAIN(CA("Other")), true).answer, AUDIENCE_ACCEPTS);
	assert_int_equal(ask_store(CHAIN(leaf), CHAIN(root), true).answer, AUDIENCE_ACCEPTS);
	assert_int_equal(ask_store(CHAIN(root), CHAIN(CA("Other")), true).answer, AUDIENCE_ACCEPTS);
	assert_int_equal(ask_store(CHAIN(alone), CHAIN(root), true).answer, AUDIENCE_FINDS_NO_PATH);
}

static void test_the_own_path_leaves_out_the_root_and_strangers(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	struct certificate_list sent = PKI_LIST(SOURCE_SERVED, leaf, root, CA("Stranger"), i, leaf);
	struct budget budget = {0};
	struct signature_memo memo = {.budget = &budget};
	struct issuer_pool pool = {.served = &sent, .now = PKI_NOW};
	struct chain_judge judge = {.pool = &pool, .memo = &memo};
	struct path own;
	(void)state;

	chain_judge_own_path(&judge, (struct sent_chain){sent.items, sent.count}, &own);
	assert_int_equal(own.count, 2);
	assert_ptr_equal(own.items[1].certificate, i);
	certificate_list_cleanup(&sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers_against_a_table),
	    cmocka_unit_test(test_an_expired_leaf_is_not_the_chains_fault),
	    cmocka_unit_test(test_the_better_of_two_anchors_is_taken),
	    cmocka_unit_test(test_trust_ignored_is_one_audience),
	    cmocka_unit_test(test_the_own_path_leaves_out_the_root_and_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
