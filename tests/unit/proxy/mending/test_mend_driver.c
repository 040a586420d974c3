#include "proxy/mending/mend_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/thread_pool.h"
#include "proxy/mending/mend_tally.h"
#include "tests/support/fetch_world.h"
#include "tests/support/mend_world.h"

enum { LONG_MS = 10000, SHORT_MS = 200 };

static struct thread_pool *threads; /* NULL: the tests run without */
static const struct certificate *root;
static const struct certificate *upper;
static const struct certificate *issuing;

/* One mend that is driven, and what its driver said. */
struct drive {
	struct fetch_world *fetches;
	struct mend_world mends;
	struct mend_tally tally;
	struct mend_driver *driver;
	unsigned num_done;
	bool cancelled;
	unsigned num_released;
	uint64_t fetching_ms;
	struct drive *next; /* started when this one is done; NULL: none */
};

static int make_pki(void **state)
{
	(void)state;
	root = PKI(.cn = "Root", .ca = true);
	return 0;
}

/* leaf -> Issuing -> Upper -> Root: the leaf names `path` for Issuing, which names FETCH_WORLD_GIVEN_TOO for Upper. */
static void begin(struct drive *drive, struct fetch_world *fetches, const char *path)
{
	char url[FETCH_WORLD_MAX_URL];

	*drive = (struct drive){.fetches = fetches};
	fetch_world_url(fetches, FETCH_WORLD_GIVEN_TOO, url);
	upper = PKI(.cn = "Upper", .ca = true, .issuer = root);
	issuing = PKI(.cn = "Issuing", .ca = true, .issuer = upper, .ca_issuers = PKI_STRINGS(url));
	fetch_world_url(fetches, path, url);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = issuing, .ca_issuers = PKI_STRINGS(url));
	fetch_world_give(FETCH_WORLD_GIVEN, issuing->der);
	fetch_world_give(FETCH_WORLD_GIVEN_TOO, upper->der);
	WORLD_SERVE(&drive->mends, leaf);
	WORLD_TRUST(&drive->mends, "store", root);
	world_begin(&drive->mends);
}

static void start(struct drive *drive, uint64_t timeout_ms);

static void on_done(void *context, uint64_t fetching_ms)
{
	struct drive *drive = context;

	drive->driver = NULL;
	drive->num_done++;
	drive->fetching_ms = fetching_ms;
	loop_stop(drive->fetches->loop);
	if (drive->next != NULL)
		start(drive->next, LONG_MS);
}

static void start(struct drive *drive, uint64_t timeout_ms)
{
	const struct mend_driver_options options = {
	    .loop = drive->fetches->loop,
	    .threads = threads,
	    .fetcher = drive->fetches->fetcher,
	    .tally = &drive->tally,
	    .timeout_ms = timeout_ms,
	};

	drive->driver = mend_driver_start(&options, drive->mends.mend, drive, on_done);
	assert_non_null(drive->driver);
	assert_int_equal(drive->num_done, 0);
}

static void on_released(void *context)
{
	struct drive *drive = context;
	drive->num_released++;
}

/* Without a step in a thread, the mend is given back at once. */
static void cancel(struct drive *drive)
{
	mend_driver_cancel(drive->driver, drive, on_released);
	drive->cancelled = true;
	if (threads == NULL)
		assert_int_equal(drive->num_released, 1);
}

static const struct mend_result *wait_for(struct drive *drive)
{
	while (drive->num_done == 0)
		loop_run_once(drive->fetches->loop);
	assert_int_equal(drive->num_done, 1);
	return mend_result(drive->mends.mend);
}

/* Until the mend has asked for its URLs, where a thread found them out. */
static void wait_for_step(const struct drive *drive)
{
	while (threads != NULL && drive->tally.steps == 0)
		loop_run_once(drive->fetches->loop);
}

static void let_loop_turn(struct fetch_world *fetches)
{
	for (int i = 0; i < 10; i++)
		loop_run_ready(fetches->loop);
}

static void end(struct drive *drive)
{
	let_loop_turn(drive->fetches);
	while (drive->cancelled && drive->num_released == 0)
		loop_run_once(drive->fetches->loop);
	assert_true(drive->num_done <= 1);
	assert_true(drive->num_released <= 1);
	world_cleanup(&drive->mends);
}

static void expect_reason(const struct mend_result *result, enum finding_code code, const char *words)
{
	const struct finding *finding = world_finding(result, code);

	if (strstr(finding->message, words) == NULL)
		fail_msg("not in it: %s: %s", words, finding->message);
}

static void test_a_mend_that_needs_nothing_is_done_from_the_loop(void **state)
{
	struct fetch_world *fetches = *state;
	struct drive drive;

	begin(&drive, fetches, FETCH_WORLD_GIVEN);
	mend_free(drive.mends.mend);
	WORLD_CACHE(&drive.mends, issuing, upper);
	world_begin(&drive.mends);
	start(&drive, LONG_MS);
	assert_true(wait_for(&drive)->mended_trusted);
	assert_int_equal(drive.fetching_ms, 0);
	assert_int_equal(http_server_num_connections(fetches->server), 0);
	end(&drive);
}

static void test_each_issuer_leads_to_the_next(void **state)
{
	struct fetch_world *fetches = *state;
	struct drive drive;

	begin(&drive, fetches, FETCH_WORLD_GIVEN);
	start(&drive, LONG_MS);
	const struct mend_result *result = wait_for(&drive);
	assert_true(result->mended_trusted);
	assert_int_equal(result->mended.count, 3);
	assert_int_equal(result->num_fetched, 2);
	assert_int_equal(http_server_num_requests(fetches->server, FETCH_WORLD_GIVEN), 1);
	assert_int_equal(http_server_num_requests(fetches->server, FETCH_WORLD_GIVEN_TOO), 1);
	assert_int_equal(drive.tally.fetches[MEND_FETCH_OK], 2);
	end(&drive);
}

static void test_what_fails_is_passed_on(void **state)
{
	static const struct {
		const char *path;
		const char *rule;
		enum finding_code code;
		const char *words;
		enum mend_fetch_result counted;
	} cases[] = {
	    {"/not-found", "127.0.0.1", FINDING_FETCH_FAILED, "HTTP status 404", MEND_FETCH_FAILED},
	    {"/not-found", NULL, FINDING_FETCH_REFUSED, "fetch_allow", MEND_FETCH_REFUSED},
	};
	struct fetch_world *fetches = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct drive drive;

		fetch_world_use(fetches, cases[i].rule, (struct fetcher_options){0});
		begin(&drive, fetches, cases[i].path);
		start(&drive, LONG_MS);
		expect_reason(wait_for(&drive), cases[i].code, cases[i].words);
		assert_int_equal(drive.tally.fetches[cases[i].counted], 1);
		end(&drive);
	}
}

static void test_the_deadline_ends_what_is_under_way(void **state)
{
	struct fetch_world *fetches = *state;
	struct drive drive;

	begin(&drive, fetches, "/silent");
	start(&drive, SHORT_MS);
	const struct mend_result *result = wait_for(&drive);
	assert_false(result->mended_trusted);
	assert_true(result->wants_retry);
	expect_reason(result, FINDING_FETCH_FAILED, "the time for all fetches was used up");
	assert_true(drive.fetching_ms > 0);
	/* Nobody answered: there is nothing to count. */
	assert_int_equal(drive.tally.fetches[MEND_FETCH_FAILED], 0);
	end(&drive);
}

/* One of the leaf's two URLs gives its issuer, whose own issuer could be asked for once the other one has failed. */
static void test_nothing_is_asked_for_after_the_deadline(void **state)
{
	struct fetch_world *fetches = *state;
	char silent[FETCH_WORLD_MAX_URL];
	char given[FETCH_WORLD_MAX_URL];
	struct drive drive;

	begin(&drive, fetches, FETCH_WORLD_GIVEN);
	world_cleanup(&drive.mends);
	fetch_world_url(fetches, "/silent", silent);
	fetch_world_url(fetches, FETCH_WORLD_GIVEN, given);
	WORLD_SERVE(&drive.mends, PKI(.cn = "a.example", .issuer = issuing, .ca_issuers = PKI_STRINGS(silent, given)));
	WORLD_TRUST(&drive.mends, "store", root);
	world_begin(&drive.mends);
	start(&drive, SHORT_MS);
	assert_false(wait_for(&drive)->mended_trusted);
	assert_int_equal(http_server_num_requests(fetches->server, FETCH_WORLD_GIVEN_TOO), 0);
	end(&drive);
}

static void test_without_time_nothing_is_asked_for(void **state)
{
	struct fetch_world *fetches = *state;
	struct drive drive;

	begin(&drive, fetches, FETCH_WORLD_GIVEN);
	start(&drive, 0);
	expect_reason(wait_for(&drive), FINDING_FETCH_FAILED, "the time for all fetches was used up");
	assert_int_equal(drive.fetching_ms, 0);
	assert_int_equal(http_server_num_connections(fetches->server), 0);
	end(&drive);
}

static void test_without_a_fetcher_each_url_fails(void **state)
{
	struct fetch_world *fetches = *state;
	struct drive drive;

	begin(&drive, fetches, FETCH_WORLD_GIVEN);
	fetch_world_close(fetches);
	start(&drive, LONG_MS);
	expect_reason(wait_for(&drive), FINDING_FETCH_FAILED, "nothing is fetched");
	end(&drive);
}

static void test_a_cancelled_driver_says_nothing(void **state)
{
	struct fetch_world *fetches = *state;
	struct drive early;
	struct drive late;

	begin(&early, fetches, "/holds");
	start(&early, LONG_MS);
	cancel(&early);
	begin(&late, fetches, "/holds");
	start(&late, LONG_MS);
	while (http_server_num_requests(fetches->server, "/holds") == 0)
		loop_run_once(fetches->loop);
	cancel(&late);
	http_server_release(fetches->server);
	end(&early);
	end(&late);
	assert_int_equal(early.num_done + late.num_done, 0);
}

static void test_two_that_want_one_url_share_the_fetch(void **state)
{
	struct fetch_world *fetches = *state;
	struct drive first;
	struct drive second;
	struct drive third;

	begin(&first, fetches, "/holds");
	begin(&second, fetches, "/holds");
	begin(&third, fetches, "/holds");
	start(&first, LONG_MS);
	start(&second, LONG_MS);
	start(&third, LONG_MS);
	wait_for_step(&first);
	wait_for_step(&second);
	wait_for_step(&third);
	while (http_server_num_requests(fetches->server, "/holds") == 0)
		loop_run_once(fetches->loop);
	cancel(&first);
	http_server_release(fetches->server);
	expect_reason(wait_for(&second), FINDING_FETCH_NOT_A_CERTIFICATE, "/holds");
	expect_reason(wait_for(&third), FINDING_FETCH_NOT_A_CERTIFICATE, "/holds");
	assert_int_equal(http_server_num_requests(fetches->server, "/holds"), 1);
	end(&first);
	end(&second);
	end(&third);
	assert_int_equal(first.num_done, 0);
}

static void test_the_callback_may_start_another_one(void **state)
{
	struct fetch_world *fetches = *state;
	struct drive first;
	struct drive second;

	begin(&second, fetches, FETCH_WORLD_GIVEN);
	begin(&first, fetches, "/not-found");
	fetch_world_give(FETCH_WORLD_GIVEN, second.mends.served.items[0].certificate->der); /* not an issuer */
	first.next = &second;
	start(&first, LONG_MS);
	wait_for(&first);
	expect_reason(wait_for(&second), FINDING_FETCH_WRONG_ISSUER, FETCH_WORLD_GIVEN);
	end(&first);
	end(&second);
}

static int set_up_threads(void **state)
{
	static const struct thread_pool_options options = {"test", 2, 1};

	if (fetch_world_setup(state) != 0)
		return -1;
	const struct fetch_world *fetches = *state;
	return failed(thread_pool_open(fetches->loop, &options, &threads)) ? -1 : 0;
}

static int tear_down_threads(void **state)
{
	assert_true(thread_pool_close(threads));
	threads = NULL;
	return fetch_world_teardown(state);
}

/* Each without threads, and with them. */
#define WORLD_TEST(name)                                                                                               \
	cmocka_unit_test_setup_teardown(name, fetch_world_setup, fetch_world_teardown),                                \
	{                                                                                                              \
#name " in threads", name, set_up_threads, tear_down_threads, NULL                                     \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    WORLD_TEST(test_a_mend_that_needs_nothing_is_done_from_the_loop),
	    WORLD_TEST(test_each_issuer_leads_to_the_next),
	    WORLD_TEST(test_what_fails_is_passed_on),
	    WORLD_TEST(test_the_deadline_ends_what_is_under_way),
	    WORLD_TEST(test_nothing_is_asked_for_after_the_deadline),
	    WORLD_TEST(test_without_time_nothing_is_asked_for),
	    WORLD_TEST(test_without_a_fetcher_each_url_fails),
	    WORLD_TEST(test_a_cancelled_driver_says_nothing),
	    WORLD_TEST(test_two_that_want_one_url_share_the_fetch),
	    WORLD_TEST(test_the_callback_may_start_another_one),
	};
	return cmocka_run_group_tests(tests, make_pki, pki_teardown);
}
