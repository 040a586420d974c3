#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/io/loop.h"
#include "proxy/io/thread_pool.h"
#include "proxy/mending/backend_trust.h"
#include "proxy/mending/mend_tally.h"
#include "tests/support/pki.h"

enum { MAX_ANSWERS = 64 };

struct answer {
	uint64_t connection;
	bool trusted;
	char reason[256];
};

/* A control thread without a server around it: one site called "mail", no fetching. */
struct world {
	struct loop *loop;
	struct program_log log;
	struct config config;
	struct mend_tally tally;
	struct thread_pool *threads; /* NULL: the test runs without */
	struct mend_services *services;
	struct trust_store_set *stores;
	struct host_name name;
	enum config_backend_verify verify;
	const uint8_t *pin;
	bool gone; /* the site is */
	struct backend_trust *trust;
	struct answer answers[MAX_ANSWERS];
	size_t num_answers;
};

static const struct certificate *root;
static const struct certificate *issuing;
static const struct certificate *leaf;

static bool find_terms(void *context, const char *site, struct backend_trust_terms *out)
{
	struct world *world = context;

	*out = (struct backend_trust_terms){
	    .services = world->services,
	    .stores = world->stores,
	    .rules = {world->verify, world->pin},
	};
	return !world->gone && strncmp(site, "mail", 4) == 0;
}

static void give(void *context, unsigned worker, uint64_t connection, bool trusted, const char *reason)
{
	struct world *world = context;

	assert_int_equal(worker, 3);
	assert_true(world->num_answers < MAX_ANSWERS);
	struct answer *answer = &world->answers[world->num_answers++];
	*answer = (struct answer){.connection = connection, .trusted = trusted};
	snprintf(answer->reason, sizeof(answer->reason), "%s", reason);
}

static void make_services(struct world *world)
{
	struct buffer errors;

	buffer_init(&errors, 4096);
	world->services = mend_services_new(world->loop, &world->config, &world->log, NULL, &errors);
	assert_non_null(world->services);
	world->services->threads = world->threads;
	buffer_cleanup(&errors);
}

static int set_up_with(void **state, bool with_threads)
{
	static const struct thread_pool_options threads = {"test", 2, 1};
	struct world *world = calloc(1, sizeof(*world));
	struct certificate_list roots = PKI_LIST(SOURCE_ROOTS, root);

	assert_ok(loop_new(&world->loop));
	if (with_threads)
		assert_ok(thread_pool_open(world->loop, &threads, &world->threads));
	program_log_init(&world->log, STDERR_FILENO, LOG_LEVEL_ERROR);
	world->config.cache = (char *)"/proc/no/such/cache";
	make_services(world);
	world->stores = trust_store_set_new();
	assert_ok(trust_store_set_add_list(world->stores, "ours", &roots));
	assert_ok(host_name_parse("backend.test", &world->name));
	struct backend_trust_options options = {world->loop, &world->log, &world->tally, world, find_terms, give};
	world->trust = backend_trust_new(&options);
	certificate_list_cleanup(&roots);
	*state = world;
	return world->trust != NULL ? 0 : -1;
}

static int set_up(void **state)
{
	return set_up_with(state, false);
}

static int set_up_threads(void **state)
{
	return set_up_with(state, true);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	backend_trust_free(world->trust);
	mend_services_free(world->services);
	assert_true(thread_pool_close(world->threads));
	assert_true(loop_free(world->loop));
	trust_store_set_unref(world->stores);
	free(world);
	return 0;
}

static int make_pki(void **state)
{
	(void)state;
	root = PKI(.cn = "Root", .ca = true);
	issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	leaf = PKI(.cn = "backend.test", .issuer = issuing, .dns = PKI_STRINGS("backend.test"));
	return 0;
}

static void ask_for(struct world *world, const char *site, const struct certificate *const *certificates,
		    uint64_t connection)
{
	struct certificate_list chain = pki_list(SOURCE_BACKEND, certificates);
	backend_trust_ask(world->trust, site, world->name.text, &chain, 3, connection);
	certificate_list_cleanup(&chain);
}

static void ask(struct world *world, const struct certificate *const *certificates, uint64_t connection)
{
	ask_for(world, "mail", certificates, connection);
}

#define ASK(world, connection, ...) ask(world, (const struct certificate *const[]){__VA_ARGS__, NULL}, connection)

/* Runs the loop until so many answers are there. Deadlines end it in any case. */
static const struct answer *wait_for(struct world *world, size_t count)
{
	while (world->num_answers < count)
		loop_run_once(world->loop);
	assert_int_equal(world->num_answers, count);
	return &world->answers[count - 1];
}

static void test_a_good_chain_is_trusted_and_remembered(void **state)
{
	struct world *world = *state;

	ASK(world, 1, leaf, issuing);
	assert_int_equal(world->num_answers, 0);
	const struct answer *answer = wait_for(world, 1);
	assert_true(answer->trusted);
	assert_int_equal(answer->connection, 1);
	ASK(world, 2, leaf, issuing);
	assert_int_equal(world->num_answers, 2);
	assert_true(world->answers[1].trusted);
}

static void test_a_question_under_way_is_joined(void **state)
{
	struct world *world = *state;

	for (uint64_t i = 0; i < 10; i++)
		ASK(world, i, leaf, issuing);
	assert_int_equal(mend_queue_num_running(world->services->queue), 0);
	wait_for(world, 10);
	for (size_t i = 0; i < 10; i++)
		assert_true(world->answers[i].trusted);
}

static void test_a_chain_without_its_issuer_is_refused_with_its_reason(void **state)
{
	struct world *world = *state;

	ASK(world, 1, leaf);
	const struct answer *answer = wait_for(world, 1);
	assert_false(answer->trusted);
	assert_non_null(strstr(answer->reason, "Issuing"));
	ask(world, (const struct certificate *const[]){NULL}, 2);
	assert_non_null(strstr(wait_for(world, 2)->reason, "no certificate"));
}

static void test_mend_completes_and_strict_does_not(void **state)
{
	struct world *world = *state;
	struct fetched_issuer known = {issuing, "http://ca.test/issuing.cer"};

	mend_services_keep(world->services, &known, 0);
	ASK(world, 1, leaf);
	assert_true(wait_for(world, 1)->trusted);
	backend_trust_suspend(world->trust);
	backend_trust_resume(world->trust);
	world->verify = BACKEND_VERIFY_STRICT;
	ASK(world, 2, leaf);
	assert_false(wait_for(world, 2)->trusted);
	ASK(world, 3, leaf, issuing);
	assert_true(wait_for(world, 3)->trusted);
}

/* With the same chain, each name has a verdict of its own. */
static void test_the_name_must_be_covered(void **state)
{
	struct world *world = *state;

	for (uint64_t i = 0; i < 4; i++) {
		bool covered = i % 2 == 0;
		assert_ok(host_name_parse(covered ? "backend.test" : "other.test", &world->name));
		ASK(world, 1 + i, leaf, issuing);
		const struct answer *answer = wait_for(world, 1 + i);
		assert_int_equal(answer->trusted, covered);
		assert_int_equal(strstr(answer->reason, "other.test") != NULL, !covered);
	}
}

static void test_a_pin_needs_neither_root_nor_name_nor_validity(void **state)
{
	struct world *world = *state;
	const struct certificate *old = PKI(.cn = "appliance", .not_after = PKI_NOT_BEFORE + PKI_DAY);

	ASK(world, 1, old);
	assert_false(wait_for(world, 1)->trusted);
	backend_trust_suspend(world->trust);
	world->pin = old->spki_sha256;
	backend_trust_resume(world->trust);
	ASK(world, 2, old);
	assert_true(wait_for(world, 2)->trusted);
	ASK(world, 3, leaf);
	assert_false(wait_for(world, 3)->trusted);
}

static void test_a_reload_asks_again_and_forgets(void **state)
{
	struct world *world = *state;

	ASK(world, 1, leaf, issuing);
	backend_trust_suspend(world->trust);
	mend_services_free(world->services);
	make_services(world);
	backend_trust_resume(world->trust);
	assert_true(wait_for(world, 1)->trusted);
	ASK(world, 2, leaf, issuing);
	assert_int_equal(world->num_answers, 2);
	backend_trust_suspend(world->trust);
	backend_trust_resume(world->trust);
	ASK(world, 3, leaf, issuing);
	assert_int_equal(world->num_answers, 2);
	wait_for(world, 3);
}

static void test_a_site_that_is_gone_gets_a_refusal(void **state)
{
	struct world *world = *state;

	ASK(world, 1, leaf, issuing);
	backend_trust_suspend(world->trust);
	world->gone = true;
	backend_trust_resume(world->trust);
	assert_int_equal(world->num_answers, 1);
	assert_false(world->answers[0].trusted);
	ASK(world, 2, leaf, issuing);
	assert_false(wait_for(world, 2)->trusted);
}

/* Answers a handshake at once from what a probe has learnt. */
static void learn(void *context, const struct mender_outcome *outcome)
{
	struct world *world = context;
	assert_ok(outcome->error);
	backend_trust_learn(world->trust, "mail", outcome->result);
}

static void test_what_a_probe_found_out_is_known(void **state)
{
	struct world *world = *state;
	struct certificate_list chain = PKI_LIST(SOURCE_BACKEND, leaf, issuing);
	struct mender_question question = {
	    .served = &chain, .stores = world->stores, .names = &world->name, .num_names = 1};

	mender_now(world->services, &question, world, learn);
	ASK(world, 1, leaf, issuing);
	assert_int_equal(world->num_answers, 1);
	assert_true(world->answers[0].trusted);
	certificate_list_cleanup(&chain);
}

/* A site whose backend shows ever new chains meets its own bound, and takes no other site's place. */
static void test_a_site_asks_within_its_share(void **state)
{
	struct world *world = *state;
	size_t allowed = BACKEND_TRUST_MAX_QUESTIONS_A_SITE;

	world->log.level = LOG_LEVEL_ERROR;
	for (unsigned i = 0; i + 1 < allowed; i++)
		ASK(world, i, PKI(.cn = "backend.test", .issuer = issuing, .serial = 1000 + i), issuing);
	ASK(world, 99, leaf, issuing);
	assert_int_equal(world->num_answers, 0);
	ASK(world, 100, PKI(.cn = "backend.test", .issuer = issuing, .serial = 999), issuing);
	assert_int_equal(world->num_answers, 1);
	assert_false(world->answers[0].trusted);
	assert_non_null(strstr(world->answers[0].reason, "share"));
	assert_int_equal(world->tally.verdicts_refused, 1);
	/* A chain that is asked about already is joined, and another site is not concerned. */
	ASK(world, 101, leaf, issuing);
	ask_for(world, "mail-2", (const struct certificate *const[]){leaf, issuing, NULL}, 102);
	assert_int_equal(world->num_answers, 1);
	wait_for(world, allowed + 3);
	/* All have been answered: there is room again. */
	ASK(world, 103, PKI(.cn = "backend.test", .issuer = issuing, .serial = 999), issuing);
	assert_null(strstr(wait_for(world, allowed + 4)->reason, "share"));
	assert_int_equal(world->tally.verdicts_refused, 1);
}

/* More than are mended at one time: each has its turn, over a reload too, and when the site is gone. */
static void test_questions_take_turns(void **state)
{
	enum { MANY = 4 * BACKEND_TRUST_MAX_MENDS_A_SITE };
	struct world *world = *state;

	for (unsigned i = 0; i < MANY; i++)
		ASK(world, i, PKI(.cn = "backend.test", .issuer = issuing, .serial = 1000 + i), issuing);
	assert_int_equal(world->num_answers, 0);
	while (world->num_answers < 2)
		loop_run_once(world->loop);
	backend_trust_suspend(world->trust);
	backend_trust_resume(world->trust);
	wait_for(world, MANY);
	for (unsigned i = 0; i < MANY; i++)
		ASK(world, MANY + i, PKI(.cn = "backend.test", .issuer = issuing, .serial = 2000 + i), issuing);
	world->gone = true;
	wait_for(world, 2 * MANY);
	for (size_t i = MANY; i < 2 * MANY; i++)
		assert_non_null(strstr(world->answers[i].reason, "the site is gone"));
}

static void test_questions_left_open_are_freed(void **state)
{
	struct world *world = *state;
	ASK(world, 1, leaf, issuing);
	ASK(world, 2, leaf);
}

int main(void)
{
#define TEST(name)                                                                                                     \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down),                                                      \
	{                                                                                                              \
#name " in threads", name, set_up_threads, tear_down, NULL                                             \
	}
	const struct CMUnitTest tests[] = {
	    TEST(test_a_good_chain_is_trusted_and_remembered),
	    TEST(test_a_question_under_way_is_joined),
	    TEST(test_a_chain_without_its_issuer_is_refused_with_its_reason),
	    TEST(test_mend_completes_and_strict_does_not),
	    TEST(test_the_name_must_be_covered),
	    TEST(test_a_pin_needs_neither_root_nor_name_nor_validity),
	    TEST(test_a_reload_asks_again_and_forgets),
	    TEST(test_a_site_that_is_gone_gets_a_refusal),
	    TEST(test_what_a_probe_found_out_is_known),
	    TEST(test_a_site_asks_within_its_share),
	    TEST(test_questions_take_turns),
	    TEST(test_questions_left_open_are_freed),
	};
	return cmocka_run_group_tests(tests, make_pki, pki_teardown);
}
