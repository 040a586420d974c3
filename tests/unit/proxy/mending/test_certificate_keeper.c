#include "proxy/mending/certificate_keeper.h"

#include <string.h>
#include <unistd.h>

#include "proxy/mending/chain_trial.h"
#include "proxy/mending/look_pause.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

/* A keeper's surroundings: each mend gives `result`, and what it wants served is served, or not. */
static struct {
	struct mend_services services;
	struct config_site config;
	struct site_material material;
	struct config_site later_config; /* after a reload */
	struct site_material later_material;
	struct program_log log;
	const struct certificate *leaf;
	struct certificate_list alone;
	struct certificate_list complete;
	struct mend_result result;
	mender_answer *on_answer; /* of the mend that is under way; NULL: none is */
	bool offline; /* it is without fetching */
	unsigned num_mends; /* that were started */
	void *answer_context;
	uint64_t alarm_ms; /* 0: it is not set */
	void *alarm_context;
	void (*on_ring)(void *context);
	unsigned num_failures; /* how often a chain cannot be served from now on */
	unsigned num_untried; /* how often its trial cannot be held */
	unsigned num_served;
	bool applied; /* by the last report */
} around;

static char site_name[] = "mail";

void __wrap_mender_now(struct mend_services *services, const struct mender_question *question, void *context,
		       mender_answer *on_answer);
struct mender *__wrap_mender_start(struct mend_services *services, const struct mender_question *question,
				   void *context, mender_answer *on_answer);
void __wrap_mender_cancel(struct mender *mender);
struct alarm *__wrap_alarm_new(void *loop, void *context, void (*on_ring)(void *context));
void __wrap_alarm_set(struct alarm *alarm, uint64_t pause_ms);
void __wrap_alarm_stop(struct alarm *alarm);
void __wrap_alarm_free(struct alarm *alarm);
void __wrap_fix_log_report(struct fix_log *fix_log, const struct fix_report *report, int64_t now_ms);

void __wrap_mender_now(struct mend_services *services, const struct mender_question *question, void *context,
		       mender_answer *on_answer)
{
	const struct mender_outcome outcome = {.result = &around.result};

	(void)services;
	(void)question;
	on_answer(context, &outcome);
}

struct mender *__wrap_mender_start(struct mend_services *services, const struct mender_question *question,
				   void *context, mender_answer *on_answer)
{
	(void)services;
	around.offline = question->offline;
	around.num_mends++;
	around.on_answer = on_answer;
	around.answer_context = context;
	return (struct mender *)(void *)&around;
}

void __wrap_mender_cancel(struct mender *mender)
{
	(void)mender;
	around.on_answer = NULL;
}

struct alarm *__wrap_alarm_new(void *loop, void *context, void (*on_ring)(void *context))
{
	(void)loop;
	around.alarm_context = context;
	around.on_ring = on_ring;
	return (struct alarm *)(void *)&around;
}

void __wrap_alarm_set(struct alarm *alarm, uint64_t pause_ms)
{
	(void)alarm;
	around.alarm_ms = pause_ms;
}

void __wrap_alarm_stop(struct alarm *alarm)
{
	(void)alarm;
	around.alarm_ms = 0;
}

void __wrap_alarm_free(struct alarm *alarm)
{
	(void)alarm;
}

void __wrap_fix_log_report(struct fix_log *fix_log, const struct fix_report *report, int64_t now_ms)
{
	(void)fix_log;
	(void)now_ms;
	around.applied = report->applied;
}

static struct error serve(void *context, const struct certificate_list *chain, EVP_PKEY *key)
{
	(void)context;
	(void)chain;
	assert_ptr_equal(key, pki_key(around.leaf));
	around.num_served++;
	if (around.num_failures == 0)
		return error_none();
	around.num_failures--;
	return error_of(ERROR_MEMORY, 0, "make a credential");
}

static int set_up(void **state)
{
	(void)state;
	memset(&around, 0, sizeof(around));
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true);
	around.leaf = PKI(.cn = "a.example", .issuer = issuing);
	around.alone = PKI_LIST(SOURCE_FILE, around.leaf);
	around.complete = PKI_LIST(SOURCE_CACHE, around.leaf, issuing);
	around.services.loop = (void *)&around; /* there is one */
	around.config.name = site_name;
	around.config.mode = MODE_MEND;
	around.later_config = around.config;
	around.material.stores = trust_store_set_new();
	around.later_material.stores = trust_store_set_new();
	program_log_init(&around.log, STDERR_FILENO, LOG_LEVEL_ERROR);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	certificate_list_cleanup(&around.alone);
	certificate_list_cleanup(&around.complete);
	trust_store_set_unref(around.material.stores);
	trust_store_set_unref(around.later_material.stores);
	pki_cleanup();
	return 0;
}

/* The next mends find this chain the best. */
static void mend_to(const struct certificate_list *chain)
{
	around.result.served = around.alone;
	around.result.mended = *chain;
	around.result.mended_trusted = true;
}

static struct certificate_keeper *make_keeper_after(const struct certificate_keeper *former)
{
	const struct keeper_options options = {
	    .services = &around.services,
	    .log = &around.log,
	    .config = former == NULL ? &around.config : &around.later_config,
	    .material = former == NULL ? &around.material : &around.later_material,
	    .serve = serve,
	};
	struct certificate_keeper *keeper = keeper_new(&options, &around.alone, former, pki_key(around.leaf));
	assert_non_null(keeper);
	return keeper;
}

static struct certificate_keeper *make_keeper(void)
{
	return make_keeper_after(NULL);
}

/* A keeper that mends, and has found `chain` so far. */
static struct certificate_keeper *make_begun(const struct certificate_list *chain)
{
	struct certificate_keeper *keeper = make_keeper();

	mend_to(chain);
	assert_ok(keeper_start(keeper));
	keeper_begin(keeper);
	return keeper;
}

static void answer(void)
{
	mender_answer *on_answer = around.on_answer;
	const struct mender_outcome outcome = {
	    .result = &around.result,
	    .untried = around.num_untried > 0 ? error_of(ERROR_MEMORY, 0, "try out a chain") : error_none(),
	};

	assert_non_null(on_answer);
	around.num_untried -= around.num_untried > 0;
	around.on_answer = NULL;
	on_answer(around.answer_context, &outcome);
}

/* Once the pause is over it mends anew. */
static void expect_retry(uint64_t pause_ms)
{
	assert_int_equal(around.alarm_ms, pause_ms);
	assert_null(around.on_answer);
	around.on_ring(around.alarm_context);
	assert_non_null(around.on_answer);
}

static void expect_chain(const struct certificate_keeper *keeper, const struct certificate_list *chain)
{
	assert_true(certificate_list_equal(keeper_chain(keeper), chain));
}

static void retry_to(const struct certificate_keeper *keeper, uint64_t pause_ms, const struct certificate_list *chain)
{
	expect_retry(pause_ms);
	answer();
	expect_chain(keeper, chain);
}

static void test_the_first_chain_that_cannot_be_served(void **state)
{
	struct certificate_keeper *keeper = make_keeper();

	(void)state;
	mend_to(&around.complete);
	around.num_failures = 1;
	assert_kind(keeper_start(keeper), ERROR_MEMORY);
	assert_int_equal(keeper_chain(keeper)->count, 0);
	keeper_free(keeper);
}

static void test_a_chain_is_the_keepers_once_it_is_served(void **state)
{
	struct certificate_keeper *keeper = make_begun(&around.alone);

	(void)state;
	mend_to(&around.complete);
	around.num_failures = 2;
	answer();
	expect_chain(keeper, &around.alone);
	assert_false(around.applied);
	assert_true(keeper_verdict(keeper)->held_back);

	/* It is tried again, with pauses that grow. */
	retry_to(keeper, KEEPER_RETRY_FIRST_MS, &around.alone);
	retry_to(keeper, 2 * KEEPER_RETRY_FIRST_MS, &around.complete);
	assert_true(around.applied);
	assert_false(keeper_verdict(keeper)->held_back);
	assert_int_equal(around.alarm_ms, LOOK_PAUSE_MAX_MS);

	/* A chain that is served already is not published again. */
	around.num_served = 0;
	expect_retry(LOOK_PAUSE_MAX_MS);
	answer();
	assert_int_equal(around.num_served, 0);
	keeper_free(keeper);
}

static void test_what_is_given_anew_and_cannot_be_served(void **state)
{
	struct certificate_keeper *keeper = make_begun(&around.alone);

	(void)state;
	answer();
	mend_to(&around.complete);
	around.num_failures = 2;
	keeper_set_given(keeper, &around.complete);
	expect_chain(keeper, &around.alone);
	answer(); /* of the mend that looks at it with fetching */
	expect_chain(keeper, &around.alone);
	retry_to(keeper, KEEPER_RETRY_FIRST_MS, &around.complete);
	keeper_free(keeper);
}

static void test_a_trial_that_cannot_be_held(void **state)
{
	struct certificate_keeper *keeper = make_begun(&around.alone);

	(void)state;
	mend_to(&around.complete);
	around.num_untried = 1;
	answer();
	expect_chain(keeper, &around.alone);
	retry_to(keeper, KEEPER_RETRY_FIRST_MS, &around.complete);
	keeper_free(keeper);
}

static void with_threads(void)
{
	around.services.threads = (void *)&around; /* there are some */
}

/* Serves the given chain at once, and the chain completed by the cache or a fetch as soon as it is there. */
static void test_with_threads_nothing_is_waited_for(void **state)
{
	struct certificate_keeper *keeper = make_keeper();

	(void)state;
	with_threads();
	mend_to(&around.complete);
	assert_ok(keeper_start(keeper));
	expect_chain(keeper, &around.alone);
	assert_true(around.offline);
	assert_int_equal(around.services.num_first, 1);
	keeper_begin(keeper);
	assert_int_equal(around.num_mends, 1);
	answer();
	expect_chain(keeper, &around.complete);
	assert_int_equal(around.services.num_first, 0);
	assert_true(keeper_is_trusted(keeper));
	assert_false(keeper_verdict(keeper)->with_fetching);
	assert_false(around.offline);
	answer();
	assert_true(keeper_verdict(keeper)->with_fetching);
	assert_int_equal(around.alarm_ms, LOOK_PAUSE_MAX_MS);

	/* A new chain of a backend is served once it has been mended; further candidates change nothing of that. */
	keeper_set_given(keeper, &around.complete);
	assert_true(around.offline);
	keeper_set_extra(keeper, &around.complete);
	assert_true(around.offline);
	answer();
	assert_false(around.offline);
	keeper_free(keeper);
	assert_null(around.on_answer);
}

static void test_a_keeper_that_goes_is_not_waited_for(void **state)
{
	struct certificate_keeper *keeper = make_keeper();

	(void)state;
	with_threads();
	assert_ok(keeper_start(keeper));
	assert_int_equal(around.services.num_first, 1);
	keeper_free(keeper);
	assert_int_equal(around.services.num_first, 0);
	assert_null(around.on_answer);
}

/* A keeper whose chain is complete, and nothing is missing. */
static struct certificate_keeper *make_settled(void)
{
	with_threads();
	around.result.first_expiry = PKI_NOT_AFTER;
	struct certificate_keeper *keeper = make_begun(&around.complete);

	answer();
	answer();
	expect_chain(keeper, &around.complete);
	around.num_mends = 0;
	return keeper;
}

static void test_a_reload_that_changes_nothing_mends_nothing(void **state)
{
	struct certificate_keeper *former = make_settled();

	(void)state;
	around.services.same_as_former = true;
	struct certificate_keeper *keeper = make_keeper_after(former);
	keeper_free(former);
	assert_ok(keeper_start(keeper));
	expect_chain(keeper, &around.complete);
	assert_true(keeper_is_trusted(keeper));
	assert_true(keeper_verdict(keeper)->judged);
	assert_true(keeper_verdict(keeper)->with_fetching);
	around.alarm_ms = 0;
	keeper_begin(keeper);
	assert_int_equal(around.num_mends, 0);
	/* The next regular mend comes when it would have come. */
	assert_in_range(around.alarm_ms, 1, LOOK_PAUSE_MAX_MS);
	around.on_ring(around.alarm_context);
	assert_int_equal(around.num_mends, 1);
	keeper_free(keeper);
}

static void change_services(void)
{
	around.services.same_as_former = false;
}

static void change_mode(void)
{
	around.later_config.mode = MODE_REPORT;
}

static void change_limit(void)
{
	around.later_config.max_chain_bytes = 1;
}

static void change_stores(void)
{
	struct certificate_list roots = PKI_LIST(SOURCE_ROOTS, around.leaf);

	assert_ok(trust_store_set_add_list(around.later_material.stores, "other", &roots));
	certificate_list_cleanup(&roots);
}

static void test_a_reload_that_changes_something_mends(void **state)
{
	static void (*const changes[])(void) = {change_services, change_mode, change_limit, change_stores};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct certificate_keeper *former = make_settled();

		around.services.same_as_former = true;
		changes[i]();
		struct certificate_keeper *keeper = make_keeper_after(former);
		keeper_free(former);
		assert_ok(keeper_start(keeper));
		assert_int_equal(around.num_mends, 1);
		assert_true(around.offline);
		keeper_free(keeper);
		tear_down(state);
		set_up(state);
	}
}

/* Something could not be fetched: a reload tries it again at once. */
static void test_a_reload_mends_where_something_was_missing(void **state)
{
	(void)state;
	with_threads();
	around.result.wants_retry = true;
	struct certificate_keeper *former = make_begun(&around.complete);
	answer();
	answer();
	around.services.same_as_former = true;
	around.num_mends = 0;
	struct certificate_keeper *keeper = make_keeper_after(former);
	keeper_free(former);
	assert_ok(keeper_start(keeper));
	expect_chain(keeper, &around.complete); /* it is served meanwhile */
	assert_int_equal(around.num_mends, 1);
	keeper_free(keeper);
}

#define KEEPER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    KEEPER_TEST(test_the_first_chain_that_cannot_be_served),
	    KEEPER_TEST(test_a_chain_is_the_keepers_once_it_is_served),
	    KEEPER_TEST(test_what_is_given_anew_and_cannot_be_served),
	    KEEPER_TEST(test_a_trial_that_cannot_be_held),
	    KEEPER_TEST(test_with_threads_nothing_is_waited_for),
	    KEEPER_TEST(test_a_keeper_that_goes_is_not_waited_for),
	    KEEPER_TEST(test_a_reload_that_changes_nothing_mends_nothing),
	    KEEPER_TEST(test_a_reload_that_changes_something_mends),
	    KEEPER_TEST(test_a_reload_mends_where_something_was_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
