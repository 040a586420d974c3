/* Plans the repair of a server: the certificates to add and to remove, the links to undo and to make. */
#include "chaincache/mend/repair_plan.h"

#include <string.h>

#include "tests/support/mend_world.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static struct repair_plan plan;

static const struct mend_result *make_plan(struct mend_world *world)
{
	const struct mend_result *result = world_mend(world);
	repair_plan_make(result, PKI_NOW, &plan);
	return result;
}

static void expect(enum repair_group group, const struct certificate *const *certificates)
{
	const struct repair_items *items = &plan.groups[group];
	size_t count = 0;

	for (; certificates[count] != NULL; count++) {
		assert_true(count < items->count);
		assert_ptr_equal(items->items[count].certificate, certificates[count]);
	}
	assert_int_equal(items->count, count);
}

#define EXPECT(group, ...) expect((group), PKI_CERTIFICATES(__VA_ARGS__))
#define EXPECT_NONE(group) expect((group), (const struct certificate *const[]){NULL})

static void expect_issuers(enum repair_group group, const struct certificate *const *issuers)
{
	for (size_t i = 0; issuers[i] != NULL; i++)
		assert_ptr_equal(plan.groups[group].items[i].issuer, issuers[i]);
}

static void test_a_leaf_alone(void **state)
{
	const struct certificate *root = CA("Root"), *policy = CA("Policy", .issuer = root),
				 *issuing = CA("Issuing", .issuer = policy), *leaf = LEAF(.issuer = issuing);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf);
	WORLD_CACHE(world, issuing, policy);
	WORLD_TRUST(world, "store", root);
	make_plan(world);
	EXPECT(REPAIR_LEAF, leaf);
	EXPECT(REPAIR_ISSUERS, issuing, policy);
	EXPECT(REPAIR_ADDED, issuing, policy);
	EXPECT(REPAIR_ROOT, root);
	EXPECT_NONE(REPAIR_STALE);
	EXPECT_NONE(REPAIR_UNLINKED);
	EXPECT_NONE(REPAIR_NOBODY);
	EXPECT(REPAIR_LINKED, leaf, issuing);
	expect_issuers(REPAIR_LINKED, PKI_CERTIFICATES(issuing, policy));
	assert_true(repair_plan_adds(&plan, policy));
	assert_false(repair_plan_adds(&plan, leaf));
	assert_true(repair_plan_has(&plan, REPAIR_LEAF));
	assert_false(repair_plan_has(&plan, REPAIR_STALE));
}

static void test_a_good_chain_wants_nothing(void **state)
{
	const struct certificate *root = CA("Root"), *issuing = CA("Issuing", .issuer = root),
				 *leaf = LEAF(.issuer = issuing);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, issuing);
	WORLD_TRUST(world, "store", root);
	assert_false(make_plan(world)->changed);
	EXPECT(REPAIR_LEAF, leaf);
	EXPECT(REPAIR_ISSUERS, issuing);
	EXPECT_NONE(REPAIR_ADDED);
	EXPECT_NONE(REPAIR_STALE);
	EXPECT_NONE(REPAIR_UNLINKED);
	EXPECT_NONE(REPAIR_LINKED);
}

static void test_an_expired_twin_goes_and_the_valid_one_comes(void **state)
{
	const struct certificate *root = CA("Root"), *fresh = CA("Issuing", .issuer = root),
				 *expired = CA("Issuing", .issuer = root, .not_after = PKI_NOW - PKI_DAY),
				 *leaf = LEAF(.issuer = fresh);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, expired);
	WORLD_CACHE(world, fresh);
	WORLD_TRUST(world, "store", root);
	make_plan(world);
	EXPECT(REPAIR_ADDED, fresh);
	EXPECT(REPAIR_STALE, expired);
	EXPECT(REPAIR_UNLINKED, leaf);
	expect_issuers(REPAIR_UNLINKED, PKI_CERTIFICATES(expired));
	EXPECT(REPAIR_LINKED, leaf);
	expect_issuers(REPAIR_LINKED, PKI_CERTIFICATES(fresh));
}

/* AddTrust: the served cross-sign has expired together with the old root that it leads to. */
static void test_an_expired_cross_sign_goes(void **state)
{
	const struct certificate *old = CA("Old", .not_after = PKI_NOW - PKI_DAY), *root = CA("New"),
				 *cross = CA("New", .issuer = old, .not_after = PKI_NOW - PKI_DAY),
				 *issuing = CA("Issuing", .issuer = root), *leaf = LEAF(.issuer = issuing);
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, issuing, cross, old);
	WORLD_TRUST(world, "store", root);
	const struct mend_result *result = make_plan(world);
	assert_chain(&result->mended, leaf, issuing);
	EXPECT_NONE(REPAIR_ADDED);
	EXPECT(REPAIR_UNLINKED, issuing);
	expect_issuers(REPAIR_UNLINKED, PKI_CERTIFICATES(cross));
	EXPECT_NONE(REPAIR_LINKED);
	EXPECT(REPAIR_STALE, cross); /* and not the old root, which is somebody's */
}

static void test_order_doubles_and_the_root_concern_files_alone(void **state)
{
	const struct certificate *root = CA("Root"), *policy = CA("Policy", .issuer = root),
				 *issuing = CA("Issuing", .issuer = policy), *leaf = LEAF(.issuer = issuing),
				 *stranger = CA("Stranger");
	struct mend_world *world = *state;

	WORLD_SERVE(world, leaf, policy, issuing, issuing, stranger);
	WORLD_TRUST(world, "store", root);
	assert_true(make_plan(world)->changed);
	EXPECT_NONE(REPAIR_ADDED);
	EXPECT_NONE(REPAIR_STALE);
	EXPECT_NONE(REPAIR_UNLINKED);
	EXPECT_NONE(REPAIR_LINKED);
	world_cleanup(world);

	/* But for a server that sends what is linked: the link to the root is undone. */
	WORLD_SERVE(world, leaf, issuing, policy, root);
	WORLD_TRUST(world, "store", root);
	make_plan(world);
	EXPECT(REPAIR_UNLINKED, policy);
	EXPECT_NONE(REPAIR_LINKED);
	EXPECT_NONE(REPAIR_STALE);
}

static void test_ends_that_are_no_roots(void **state)
{
	const struct certificate *root = CA("Root"), *issuing = CA("Issuing", .issuer = root),
				 *leaf = LEAF(.issuer = issuing), *alone = LEAF(.key_number = 7);
	struct mend_world *world = *state;

	/* An intermediate that a store trusts. */
	WORLD_SERVE(world, leaf);
	WORLD_TRUST(world, "store", issuing);
	make_plan(world);
	EXPECT_NONE(REPAIR_ROOT);
	world_cleanup(world);

	/* A self-signed leaf. */
	WORLD_SERVE(world, alone);
	WORLD_TRUST(world, "store", root);
	make_plan(world);
	EXPECT(REPAIR_LEAF, alone);
	EXPECT_NONE(REPAIR_ROOT);
	EXPECT_NONE(REPAIR_ISSUERS);
	world_cleanup(world);

	/* Nobody knows who issued it. */
	WORLD_SERVE(world, leaf);
	WORLD_TRUST(world, "store", CA("Other"));
	make_plan(world);
	EXPECT_NONE(REPAIR_ROOT);
	EXPECT_NONE(REPAIR_ADDED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    MEND_TEST(test_a_leaf_alone),
	    MEND_TEST(test_a_good_chain_wants_nothing),
	    MEND_TEST(test_an_expired_twin_goes_and_the_valid_one_comes),
	    MEND_TEST(test_an_expired_cross_sign_goes),
	    MEND_TEST(test_order_doubles_and_the_root_concern_files_alone),
	    MEND_TEST(test_ends_that_are_no_roots),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
