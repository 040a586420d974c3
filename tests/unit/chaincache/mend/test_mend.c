#include "tests/support/mend_world.h"

#include <stdlib.h>
#include <string.h>

#define I_URL "http://ca.example/i.cer"
#define J_URL "http://ca.example/j.cer"

/* A good hierarchy: leaf, I, J, root. */
struct hierarchy {
	const struct certificate *root, *j, *i, *leaf;
};

static struct hierarchy good(void)
{
	struct hierarchy h;

	h.root = PKI(.cn = "Root", .ca = true);
	h.j = PKI(.cn = "J", .ca = true, .issuer = h.root);
	h.i = PKI(.cn = "I", .ca = true, .issuer = h.j, .ca_issuers = PKI_STRINGS(J_URL));
	h.leaf =
	    PKI(.cn = "a.example", .issuer = h.i, .dns = PKI_STRINGS("a.example"), .ca_issuers = PKI_STRINGS(I_URL));
	return h;
}

static void test_a_perfect_chain_has_no_finding(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;

	WORLD_SERVE(world, h.leaf, h.i, h.j);
	WORLD_TRUST(world, "store", h.root);
	world_name(world, "a.example");
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, h.leaf, h.i, h.j);
	assert_findings(result, "");
	assert_false(result->changed);
	assert_true(result->served_trusted && result->mended_trusted);
	assert_true(result->stores[0].served_trusted && result->stores[0].mended_trusted);
	assert_string_equal(result->stores[0].name, "store");
	assert_ptr_equal(result->anchor, h.root);
	assert_int_equal(result->first_expiry, h.leaf->not_after);
	assert_int_equal(result->names[0].match.verdict, NAME_COVERED);
	assert_int_equal(world->num_requests, 0);
	assert_int_equal(mend_exit_status(result, true), 0);
}

static void test_missing_intermediates_come_from_the_cache(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;

	WORLD_SERVE(world, h.leaf);
	WORLD_CACHE(world, h.i, h.j);
	WORLD_TRUST(world, "store", h.root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, h.leaf, h.i, h.j);
	assert_findings(result, "missing_intermediate fixed added, missing_intermediate fixed added");
	const struct finding *finding = world_finding(result, FINDING_MISSING_INTERMEDIATE);
	assert_string_equal(finding->source, "cache");
	assert_null(finding->url);
	assert_ptr_equal(finding->certificate, h.i);
	assert_non_null(strstr(finding->message, "CN=I"));
	assert_true(result->changed && result->mended_trusted);
	assert_false(result->served_trusted);
	assert_int_equal(result->mended.items[1].source, SOURCE_CACHE);
	assert_int_equal(world->num_requests, 0);
	assert_int_equal(mend_exit_status(result, false), 1);
	assert_int_equal(mend_exit_status(result, true), 2);
}

static void test_missing_intermediates_are_fetched(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;

	WORLD_SERVE(world, h.leaf);
	WORLD_TRUST(world, "store", h.root);
	world_answer(world, I_URL, h.i);
	world_answer(world, J_URL, h.j);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, h.leaf, h.i, h.j);
	assert_findings(result, "missing_intermediate fixed added, missing_intermediate fixed added");
	const struct finding *finding = world_finding(result, FINDING_MISSING_INTERMEDIATE);
	assert_string_equal(finding->source, "fetched");
	assert_string_equal(finding->url, I_URL);
	assert_int_equal(result->num_fetched, 2);
	assert_string_equal(result->fetched[1].url, J_URL);
	assert_true(certificate_equal(result->fetched[1].certificate, h.j));
	assert_false(result->wants_retry);
	assert_int_equal(mend_exit_status(result, false), 1);
}

static void test_an_extra_certificate_is_a_candidate(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;

	WORLD_SERVE(world, h.leaf, h.i);
	WORLD_EXTRA(world, h.root, h.j);
	WORLD_TRUST(world, "store", h.root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, h.leaf, h.i, h.j);
	assert_string_equal(world_finding(result, FINDING_MISSING_INTERMEDIATE)->source, "backend");
}

static void test_offline_says_so(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;

	world->input.offline = true;
	WORLD_SERVE(world, h.leaf);
	WORLD_TRUST(world, "store", h.root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, h.leaf);
	assert_findings(result, "incomplete_chain error none");
	assert_non_null(strstr(world_finding(result, FINDING_INCOMPLETE_CHAIN)->message, "fetching is off"));
	assert_false(result->wants_retry);
	assert_null(result->anchor);
	assert_int_equal(mend_exit_status(result, false), 2);
}

static void test_a_failed_fetch_leaves_the_longest_run(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;

	WORLD_SERVE(world, h.leaf);
	WORLD_TRUST(world, "store", h.root);
	world_answer(world, I_URL, h.i);
	world_fail(world, J_URL, FETCH_FAILURE_NETWORK, "timed out after 5 s");
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, h.leaf, h.i);
	assert_findings(result,
			"missing_intermediate fixed added, incomplete_chain error none, fetch_failed warning none");
	const struct finding *finding = world_finding(result, FINDING_FETCH_FAILED);
	assert_string_equal(finding->url, J_URL);
	assert_non_null(strstr(finding->message, "timed out after 5 s"));
	assert_true(result->wants_retry);
	assert_int_equal(mend_exit_status(result, false), 2);
}

static void test_the_machine_waits_for_each_answer_once(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;
	size_t count;

	WORLD_SERVE(world, h.leaf);
	WORLD_TRUST(world, "store", h.root);
	world->input = (struct mend_input){.served = &world->served, .stores = world->stores, .now = PKI_NOW};
	assert_ok(mend_new(&world->input, &world->mend));
	assert_int_equal(mend_advance(world->mend), MEND_WANT_URLS);
	assert_int_equal(mend_advance(world->mend), MEND_WANT_URLS);
	const struct mend_request *requests = mend_requests(world->mend, &count);
	assert_int_equal(count, 1);
	assert_string_equal(requests[0].url, I_URL);
	assert_ptr_equal(requests[0].child, h.leaf);
	mend_give_body(world->mend, 7, h.i->der);
	mend_give_failure(world->mend, 0, FETCH_FAILURE_NETWORK, NULL);
	mend_give_body(world->mend, 0, h.i->der);
	assert_int_equal(mend_advance(world->mend), MEND_DONE);
	assert_int_equal(mend_advance(world->mend), MEND_DONE);
	mend_requests(world->mend, &count);
	assert_int_equal(count, 0);
	assert_chain(&mend_result(world->mend)->mended, h.leaf);
}

static void test_input_that_cannot_be_is_refused(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;
	struct mend_input input = {.now = PKI_NOW};
	struct mend *mend;

	assert_kind(mend_new(&input, &mend), ERROR_USAGE);
	input.served = &world->served;
	assert_kind(mend_new(&input, &mend), ERROR_USAGE);
	WORLD_SERVE(world, h.leaf);
	assert_kind(mend_new(&input, &mend), ERROR_USAGE);
}

static void test_without_trust_any_root_will_do(void **state)
{
	struct hierarchy h = good();
	struct mend_world *world = *state;

	world->input.ignore_trust = true;
	WORLD_SERVE(world, h.leaf, h.i);
	WORLD_CACHE(world, h.j, h.root);
	const struct mend_result *result = world_mend(world);
	assert_chain(&result->mended, h.leaf, h.i, h.j);
	assert_findings(result, "missing_intermediate fixed added");
	assert_true(result->mended_trusted);
	assert_false(result->served_trusted);
	assert_int_equal(result->num_stores, 0);
	assert_true(certificate_equal(result->anchor, h.root));
}

#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

enum { NUM_SHUFFLES = 1000, NUM_BAG = 14 };

/* A small generator of its own (xorshift), so that a failure comes back in every run. */
static unsigned next_random(unsigned *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void shuffle(const struct certificate **items, size_t count, unsigned *seed)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = next_random(seed) % i;
		const struct certificate *item = items[i - 1];
		items[i - 1] = items[j];
		items[j] = item;
	}
}

static void test_a_thousand_shuffles_give_one_answer(void **state)
{
	const struct certificate *r1 = CA("R1"), *r2 = CA("R2"), *r3 = CA("R3", .not_after = PKI_NOW - PKI_DAY);
	const struct certificate *bag[NUM_BAG] = {
	    CA("R1", .issuer = r2),
	    CA("R2", .issuer = r1),
	    CA("R1", .issuer = r3),
	    CA("R2", .issuer = r3),
	    CA("J", .issuer = r1),
	    CA("J", .issuer = r2),
	    CA("J", .issuer = r1, .not_after = PKI_NOW - PKI_DAY),
	    CA("I", .issuer = CA("J")),
	    CA("I", .issuer = r1),
	    CA("I", .issuer = r2, .digest = PKI_SHA1),
	    CA("I", .issuer = r1, .key_number = 1),
	    CA("J", .issuer = CA("I")),
	    r1,
	    r3,
	};
	const struct certificate *leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), .issuer = CA("I"));
	struct certificate_list first = {0};
	unsigned seed = 20260101;
	(void)state;

	for (int round = 0; round < NUM_SHUFFLES; round++) {
		struct mend_world world = {0};
		size_t every = 2 + next_random(&seed) % 4;

		shuffle(bag, NUM_BAG, &seed);
		WORLD_SERVE(&world, leaf);
		for (size_t i = 0; i < NUM_BAG; i++)
			if (i % every == 0)
				WORLD_EXTRA(&world, bag[i]);
			else
				WORLD_CACHE(&world, bag[i]);
		WORLD_TRUST(&world, "r1", round % 2 == 0 ? r1 : r3, round % 2 == 0 ? r3 : r1);
		WORLD_TRUST(&world, "r2", r2);
		const struct mend_result *result = world_mend(&world);
		if (round == 0)
			assert_ok(certificate_list_copy(&first, &result->mended));
		assert_true(certificate_list_equal(&first, &result->mended));
		assert_true(result->mended_trusted);
		assert_int_equal(result->findings.count, first.count - 1);
		world_cleanup(&world);
	}
	certificate_list_cleanup(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MEND_TEST(test_a_perfect_chain_has_no_finding),
	    MEND_TEST(test_missing_intermediates_come_from_the_cache),
	    MEND_TEST(test_missing_intermediates_are_fetched),
	    MEND_TEST(test_an_extra_certificate_is_a_candidate),
	    MEND_TEST(test_offline_says_so),
	    MEND_TEST(test_a_failed_fetch_leaves_the_longest_run),
	    MEND_TEST(test_the_machine_waits_for_each_answer_once),
	    MEND_TEST(test_input_that_cannot_be_is_refused),
	    MEND_TEST(test_without_trust_any_root_will_do),
	    cmocka_unit_test(test_a_thousand_shuffles_give_one_answer),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
