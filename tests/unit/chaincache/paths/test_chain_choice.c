#include "chaincache/paths/chain_choice.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define WHY_CHARS 256

static struct chain_candidate candidate(uint32_t mask, const struct certificate *root,
					const struct certificate *const *certificates)
{
	struct chain_candidate made = {.root = root, .mask = mask, .verdict = {PATH_GOOD, 0, ""}};

	for (; *certificates != NULL; certificates++)
		path_push(&made.chain, (struct certificate_entry){*certificates, SOURCE_CACHE});
	made.chain.end = root == NULL ? PATH_END_DEAD : mask != 0 ? PATH_END_ANCHOR : PATH_END_SELF_SIGNED;
	return made;
}

#define CANDIDATE(mask, root, ...) candidate((mask), (root), PKI_CERTIFICATES(__VA_ARGS__))

/* The first of the two must win in both orders, and the reason must hold these words. */
static void check_duel(struct chain_candidate winner, struct chain_candidate loser, uint32_t served_mask,
		       const char *words)
{
	const struct chain_candidate forth[] = {winner, loser}, back[] = {loser, winner};
	struct chain_choice choice = {forth, 2, {.accept = served_mask}, PKI_NOW},
			    turned = {back, 2, {.accept = served_mask}, PKI_NOW};
	char why[WHY_CHARS];

	assert_ptr_equal(chain_choice_best(&choice), &forth[0]);
	assert_ptr_equal(chain_choice_best(&turned), &back[1]);
	chain_choice_why(&choice, &forth[0], &forth[1], why, sizeof(why));
	if (strstr(why, words) == NULL)
		print_error("why: %s\n", why);
	assert_non_null(strstr(why, words));
}

static void test_each_criterion_in_its_turn(void **state)
{
	const struct certificate *root = CA("Root"), *other = CA("Other");
	const struct certificate *i = CA("I", .issuer = root), *cross = CA("Root", .issuer = other),
				 *leaf = LEAF(.issuer = i);
	const struct certificate *brief = CA("I", .issuer = root, .not_after = PKI_NOW + PKI_DAY);
	const struct certificate *stale = CA("I", .issuer = root, .not_after = PKI_NOW - PKI_DAY);
	const struct certificate *big = CA("I", .issuer = root, .ca_issuers = PKI_STRINGS("http://ca.example/r"));
	(void)state;

	check_duel(CANDIDATE(3, root, leaf, i, cross), CANDIDATE(1, root, leaf, i), 0, "fewer trust stores: 1, not 2");
	check_duel(CANDIDATE(1, root, leaf, i), CANDIDATE(6, root, leaf, big), 1,
		   "clients that accept the served chain");
	check_duel(CANDIDATE(1, root, leaf, i), CANDIDATE(0, NULL, leaf, big), 0, "no issuer of CN=I was found");
	check_duel(CANDIDATE(1, root, leaf, i), CANDIDATE(0, other, leaf, big), 0,
		   "ends at CN=Other, which no store trusts");
	check_duel(CANDIDATE(1, root, leaf, i), CANDIDATE(1, root, leaf, brief), 0, "expires first: 2026-01-02");
	check_duel(CANDIDATE(1, root, leaf, i), CANDIDATE(1, root, leaf, i, cross), 0, "takes more bytes");
	check_duel(CANDIDATE(1, root, leaf, i), CANDIDATE(1, root, leaf, big), 0, "takes more bytes");

	struct chain_candidate own = CANDIDATE(1, root, leaf, brief);
	own.served_only = true;
	check_duel(own, CANDIDATE(1, root, leaf, i), 1, "the served chain's own path is as good");
	struct chain_candidate longer = CANDIDATE(1, root, leaf, brief, cross);
	longer.served_only = true;
	check_duel(longer, own, 1, "the served chain's own path is as good");

	/* Chains that nobody accepts. */
	check_duel(CANDIDATE(0, root, leaf, i), CANDIDATE(0, NULL, leaf, i, cross), 0,
		   "no issuer of CN=Root was found");
	check_duel(CANDIDATE(0, NULL, leaf, i), CANDIDATE(0, NULL, leaf), 0, "it ends earlier");
	check_duel(CANDIDATE(0, NULL, leaf, i), CANDIDATE(0, NULL, leaf, stale), 0, "no issuer of CN=I was found");
	struct chain_candidate refused = CANDIDATE(0, root, leaf, stale);
	refused.verdict = (struct path_verdict){PATH_EXPIRED, 1, "it has expired"};
	check_duel(CANDIDATE(0, root, leaf, i), refused, 0, "clients refuse it: it has expired");
	struct chain_candidate extended = CANDIDATE(0, NULL, leaf, brief);
	extended.keeps_served_run = true;
	check_duel(extended, CANDIDATE(0, NULL, leaf, i), 0, "does not go on from what is served");
}

/* The own path is kept only where it serves every store that can be served. */
static void test_an_own_path_that_serves_less_is_no_own_path(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	const struct certificate *brief = CA("I", .issuer = root, .not_after = PKI_NOW + PKI_DAY);
	struct chain_candidate candidates[] = {CANDIDATE(1, root, leaf, brief), CANDIDATE(1, root, leaf, i),
					       CANDIDATE(2, root, leaf)};
	struct chain_choice choice = {candidates, 2, {.accept = 1}, PKI_NOW};
	(void)state;

	candidates[0].served_only = true;
	assert_ptr_equal(chain_choice_best(&choice), &candidates[0]);
	choice.count = 3;
	assert_ptr_equal(chain_choice_best(&choice), &candidates[1]);
}

static void test_nothing_wins_where_each_would_lose_an_audience(void **state)
{
	const struct certificate *leaf = LEAF(.issuer = CA("I"));
	struct chain_candidate candidates[] = {CANDIDATE(2, NULL, leaf)};
	struct chain_choice choice = {candidates, 1, {.accept = 1}, PKI_NOW};
	(void)state;

	assert_null(chain_choice_best(&choice));
	choice.count = 0;
	choice.served.accept = 0;
	assert_null(chain_choice_best(&choice));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_criterion_in_its_turn),
	    cmocka_unit_test(test_an_own_path_that_serves_less_is_no_own_path),
	    cmocka_unit_test(test_nothing_wins_where_each_would_lose_an_audience),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
