/* Memory that runs out, at each allocation of a mend in turn: the mend fails as a whole, or it is as if nothing had
 * happened. Nothing in between is believed. */
#include <openssl/err.h>
#include <openssl/nid.h>

#include "tests/support/failing_memory.h"
#include "tests/support/mend_world.h"
#include "tests/support/pki_crls.h"

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define URL "http://ca.example/i.cer"

/* Holds the result of a mend. */
struct outcome {
	int status;
	bool served_trusted, mended_trusted, changed;
	size_t num_findings, num_mended;
};

static bool outcomes_equal(const struct outcome *a, const struct outcome *b)
{
	return a->status == b->status && a->served_trusted == b->served_trusted &&
	       a->mended_trusted == b->mended_trusted && a->changed == b->changed &&
	       a->num_findings == b->num_findings && a->num_mended == b->num_mended;
}

static struct outcome outcome_of(const struct mend_result *result)
{
	return (struct outcome){
	    .status = mend_exit_status(result, false),
	    .served_trusted = result->served_trusted,
	    .mended_trusted = result->mended_trusted,
	    .changed = result->changed,
	    .num_findings = result->findings.count,
	    .num_mended = result->mended.count,
	};
}

static void give_answers(struct mend *mend, const struct certificate *answer)
{
	size_t count;

	mend_requests(mend, &count);
	for (size_t i = 0; i < count; i++) {
		if (answer != NULL)
			mend_give_body(mend, i, answer->der);
		else
			mend_give_failure(mend, i, FETCH_FAILURE_NETWORK, "no answer");
	}
}

/* One mend in which the nth allocation fails. Says whether one did; 0: none is to. */
static bool mend_once(const struct mend_input *input, const struct certificate *answer, size_t nth,
		      struct outcome *outcome)
{
	struct mend *mend = NULL;

	failing_memory_begin(nth);
	struct error error = mend_new(input, &mend);
	while (!failed(error) && mend_advance(mend) == MEND_WANT_URLS)
		give_answers(mend, answer);
	bool has_failed = failing_memory_end();
	if (failed(error)) {
		assert_int_equal(error.kind, ERROR_MEMORY);
		outcome->status = 3;
		return has_failed;
	}
	const struct mend_result *result = mend_result(mend);
	*outcome = outcome_of(result);
	assert_true(result->served.count > 0 && result->mended.count > 0);
	assert_ptr_equal(result->mended.items[0].certificate, input->served->items[0].certificate);
	if (failed(result->error)) {
		assert_int_equal(outcome->status, 3);
		assert_int_equal(result->mended.count, input->served->count);
		assert_false(result->mended_trusted || result->served_trusted || result->changed);
	}
	mend_free(mend);
	return has_failed;
}

static void check(struct mend_world *world, const struct certificate *answer, int status)
{
	struct outcome whole, outcome = {0};
	struct mend_input input = world->input;

	input.served = &world->served;
	input.extra = &world->extra;
	input.cache = world->cache;
	input.stores = world->stores;
	input.names = world->names;
	input.num_names = world->num_names;
	input.now = PKI_NOW;
	ERR_put_error(ERR_LIB_USER, 0, 0, __FILE__,
		      __LINE__); /* BoringSSL's own state of the thread is there from now on */
	ERR_clear_error();
	assert_false(mend_once(&input, answer, 0, &whole));
	assert_int_equal(whole.status, status);
	size_t nth = 1;
	for (; mend_once(&input, answer, nth, &outcome); nth++)
		if (outcome.status != 3 && !outcomes_equal(&outcome, &whole)) {
			print_error("allocation %zu: status %d, %zu findings\n", nth, outcome.status,
				    outcome.num_findings);
			fail();
		}
	print_message("%zu allocations\n", nth - 1);
	assert_true(nth > 10);
	world_cleanup(world);
}

static void test_good_and_missing_and_fetched(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root),
				 *leaf = LEAF(.issuer = i, .ca_issuers = PKI_STRINGS(URL));
	const struct certificate *stranger = CA("Stranger"), *rsa = CA("RSA", .key_type = PKI_RSA_2048, .issuer = root);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, i);
	WORLD_TRUST(&world, "store", root);
	world_name(&world, "a.example");
	check(&world, NULL, 0);

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	world_name(&world, "b.example");
	check(&world, NULL, 2);

	WORLD_SERVE(&world, leaf, stranger);
	WORLD_TRUST(&world, "store", root);
	check(&world, i, 1);

	WORLD_SERVE(&world, leaf);
	WORLD_CACHE(&world, i, CA("I", .issuer = stranger), CA("I", .key_number = 1, .issuer = root));
	WORLD_TRUST(&world, "store", root);
	WORLD_TRUST(&world, "other", stranger);
	check(&world, NULL, 1);

	WORLD_SERVE(&world, LEAF(.issuer = rsa, .not_after = PKI_NOW - PKI_DAY), root, rsa, rsa);
	WORLD_TRUST(&world, "store", root);
	check(&world, NULL, 2);
}

static void test_what_cannot_be_judged(void **state)
{
	const struct certificate *root = CA("Root"), *odd = CA("Odd", .shows_brainpool = true, .issuer = root);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, LEAF(.issuer = odd), odd);
	WORLD_TRUST(&world, "store", root);
	check(&world, NULL, 0);

	WORLD_SERVE(&world, LEAF(.issuer = root, .unknown_signature = true, .key_type = PKI_RSA_1024));
	WORLD_TRUST(&world, "store", root);
	check(&world, NULL, 2);
}

static void test_constraints_and_clones(void **state)
{
	const struct certificate *root = CA("Root"),
				 *narrow = CA("Narrow", .issuer = root,
					      .name_constraints = "permitted;DNS:example,excluded;DNS:bad.example,"
								  "permitted;IP:10.0.0.0/255.0.0.0"),
				 *leaf = LEAF(.issuer = narrow);
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf, narrow);
	WORLD_TRUST(&world, "store", root);
	check(&world, NULL, 0);

	WORLD_SERVE(&world, leaf);
	for (unsigned i = 0; i < 5; i++)
		WORLD_CACHE(&world, CA("Narrow", .issuer = i % 2 == 0 ? root : narrow));
	WORLD_TRUST(&world, "store", root);
	check(&world, NULL, 1);
}

static void test_revocation_that_runs_out_of_memory_is_an_error(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root),
				 *twin = CA("I", .issuer = CA("Other")), *leaf = LEAF(.issuer = i);
	struct crl_store *crls =
	    PKI_CRLS(PKI_CRL(.issuer = root), PKI_CRL(.issuer = i, .revoked = PKI_CERTIFICATES(leaf), .reason = 1));
	struct crl_store *of_twin = PKI_CRLS(PKI_CRL(.issuer = root, .revoked = PKI_CERTIFICATES(i)));
	struct mend_world world = {.input.crls = crls};
	(void)state;

	WORLD_SERVE(&world, leaf, i);
	WORLD_TRUST(&world, "store", root);
	check(&world, NULL, 2);

	world.input.crls = of_twin;
	WORLD_SERVE(&world, leaf, i);
	WORLD_CACHE(&world, twin);
	WORLD_TRUST(&world, "store", root);
	check(&world, NULL, 2);

	world.input = (struct mend_input){
	    .staple_asked = true,
	    .staple = PKI_OCSP(.certificate = leaf, .issuer = i, .status = PKI_OCSP_REVOKED,
			       .signer = PKI(.cn = "Signer", .issuer = i, .eku = PKI_NIDS(NID_OCSP_sign)))};
	WORLD_SERVE(&world, leaf, i);
	WORLD_TRUST(&world, "store", root);
	check(&world, NULL, 2);
	crl_store_unref(crls);
	crl_store_unref(of_twin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_and_missing_and_fetched),
	    cmocka_unit_test(test_what_cannot_be_judged),
	    cmocka_unit_test(test_constraints_and_clones),
	    cmocka_unit_test(test_revocation_that_runs_out_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, pki_revocation_teardown);
}
