#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "tests/support/fetch_world.h"

static void assert_body(const struct answer *answer, const char *body)
{
	if (!answer->ok)
		fail_msg("%s", answer->detail);
	assert_int_equal(answer->body_len, strlen(body));
	assert_memory_equal(answer->body, body, strlen(body));
}

static void test_requests_for_one_url_share_a_transfer(void **state)
{
	struct fetch_world *world = *state;
	struct answer answers[3];

	for (size_t i = 0; i < 3; i++)
		assert_non_null(fetch_world_ask(world, "/holds", &answers[i]));
	while (http_server_num_requests(world->server, "/holds") == 0)
		loop_run_once(world->loop);
	struct answer late;
	assert_non_null(fetch_world_ask(world, "/holds", &late));
	http_server_release(world->server);
	fetch_world_wait(world, &late);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(answers[i].count, 1);
		assert_body(&answers[i], "hello");
	}
	assert_body(&late, "hello");
	assert_int_equal(http_server_num_requests(world->server, "/holds"), 1);
}

static void test_pause_after_failure(void **state)
{
	struct fetch_world *world = *state;

	fetch_world_get(world, "/not-found");
	struct answer answer = fetch_world_get(world, "/not-found");
	assert_int_equal(answer.failure, FETCH_FAILURE_PAUSED);
	assert_non_null(strstr(answer.detail, "HTTP status 404"));
	assert_int_equal(http_server_num_requests(world->server, "/not-found"), 1);
	assert_true(fetch_world_get(world, "/ok").ok);
	/* Another fetcher, as after a reload, asks afresh. */
	fetch_world_use(world, "127.0.0.1", (struct fetcher_options){0});
	assert_int_equal(fetch_world_get(world, "/not-found").failure, FETCH_FAILURE_NETWORK);
	assert_int_equal(http_server_num_requests(world->server, "/not-found"), 2);
}

static void test_a_url_that_failed_is_asked_again_after_a_pause(void **state)
{
	struct fetch_world *world = *state;

	fetch_world_use(world, "127.0.0.1", (struct fetcher_options){.first_pause_ms = 20});
	fetch_world_get(world, "/not-found");
	while (fetch_world_get(world, "/not-found").failure == FETCH_FAILURE_PAUSED)
		usleep(1000);
	assert_int_equal(http_server_num_requests(world->server, "/not-found"), 2);
}

static void test_a_cancelled_request_hears_nothing(void **state)
{
	struct fetch_world *world = *state;
	struct answer cancelled;
	struct answer kept;
	struct answer other;

	struct fetch_request *request = fetch_world_ask(world, "/holds", &cancelled);
	assert_non_null(fetch_world_ask(world, "/holds", &kept));
	while (http_server_num_requests(world->server, "/holds") == 0)
		loop_run_once(world->loop);
	fetcher_cancel(world->fetcher, request);
	http_server_release(world->server);
	fetch_world_wait(world, &kept);
	assert_int_equal(cancelled.count, 0);

	/* The only one who waits; then one that is answered already and not yet told. */
	fetcher_cancel(world->fetcher, fetch_world_ask(world, "/silent", &cancelled));
	fetcher_cancel(world->fetcher, fetcher_get(world->fetcher, "https://x.example/", &cancelled, fetch_world_told));
	assert_non_null(fetch_world_ask(world, "/ok", &other));
	fetch_world_wait(world, &other);
	assert_int_equal(cancelled.count, 0);
	/* A cancelled request has not failed: its URL may be asked again at once. */
	struct fetch_request *again = fetch_world_ask(world, "/silent", &cancelled);
	while (http_server_num_requests(world->server, "/silent") == 0)
		loop_run_once(world->loop);
	fetcher_cancel(world->fetcher, again);
	assert_int_equal(cancelled.count, 0);
}

static void test_more_than_may_be_under_way(void **state)
{
	struct fetch_world *world = *state;
	static struct answer silent[FETCHER_MAX_UNDER_WAY];
	static struct fetch_request *requests[FETCHER_MAX_UNDER_WAY];
	struct answer waiting;
	char url[FETCH_WORLD_MAX_URL];

	for (size_t i = 0; i < FETCHER_MAX_UNDER_WAY; i++) {
		silent[i] = (struct answer){.loop = world->loop};
		/* Each a URL of its own, by its fragment, which is not sent. */
		snprintf(url, sizeof(url), "http://127.0.0.1:%u/silent#%zu", http_server_port(world->server), i);
		requests[i] = fetcher_get(world->fetcher, url, &silent[i], fetch_world_told);
	}
	assert_non_null(fetch_world_ask(world, "/ok", &waiting));
	while (http_server_num_requests(world->server, "/silent") < FETCHER_MAX_UNDER_WAY)
		loop_run_once(world->loop);
	assert_int_equal(http_server_num_requests(world->server, "/ok"), 0);
	fetcher_cancel(world->fetcher, requests[0]);
	fetch_world_wait(world, &waiting);
	assert_body(&waiting, "hello");
	assert_int_equal(silent[1].count, 0);
}

static void test_too_many_requests(void **state)
{
	struct fetch_world *world = *state;
	static struct answer answers[FETCHER_MAX_REQUESTS];
	struct answer last;

	for (size_t i = 0; i < FETCHER_MAX_REQUESTS; i++)
		assert_non_null(fetch_world_ask(world, "/silent", &answers[i]));
	assert_non_null(fetch_world_ask(world, "/silent", &last));
	fetch_world_wait(world, &last);
	assert_false(last.ok);
	assert_non_null(strstr(last.detail, "more than 1000"));
	assert_int_equal(answers[0].count, 0);
}

static void test_close_drops_requests(void **state)
{
	struct fetch_world *world = *state;
	struct answer under_way;
	struct answer answered = {.loop = world->loop};
	unsigned num_closed = world->num_closed;

	assert_non_null(fetch_world_ask(world, "/silent", &under_way));
	while (http_server_num_requests(world->server, "/silent") == 0)
		loop_run_once(world->loop);
	assert_non_null(fetcher_get(world->fetcher, "https://x.example/", &answered, fetch_world_told));
	fetch_world_close(world);
	while (world->num_closed == num_closed)
		loop_run_once(world->loop);
	assert_int_equal(under_way.count, 0);
	assert_int_equal(answered.count, 0);
}

struct closer {
	struct fetch_world *world;
	unsigned count;
};

static void on_done_close(void *context, const struct fetch_result *result)
{
	struct closer *closer = context;

	assert_true(result->ok);
	closer->count++;
	fetch_world_close(closer->world);
}

static void test_close_in_callback(void **state)
{
	struct fetch_world *world = *state;
	struct closer closer = {world, 0};
	struct answer never;
	char url[FETCH_WORLD_MAX_URL];

	fetch_world_url(world, "/ok", url);
	assert_non_null(fetcher_get(world->fetcher, url, &closer, on_done_close));
	assert_non_null(fetch_world_ask(world, "/ok", &never));
	while (world->num_closed == 0)
		loop_run_once(world->loop);
	assert_int_equal(closer.count, 1);
	assert_int_equal(never.count, 0);
}

static void test_a_proxy_that_is_not_http_is_refused(void **state)
{
	struct fetch_world *world = *state;
	struct fetcher_options options = {.proxy = "socks5://127.0.0.1:1080", .take_policy = fetch_policy_new()};
	struct fetcher *fetcher;

	assert_int_equal(fetcher_new(world->loop, &options, &fetcher).kind, ERROR_FORMAT);
	assert_null(fetcher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fetch_world_setup, fetch_world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_requests_for_one_url_share_a_transfer),
	    TEST(test_pause_after_failure),
	    TEST(test_a_url_that_failed_is_asked_again_after_a_pause),
	    TEST(test_a_cancelled_request_hears_nothing),
	    TEST(test_more_than_may_be_under_way),
	    TEST(test_too_many_requests),
	    TEST(test_close_drops_requests),
	    TEST(test_close_in_callback),
	    TEST(test_a_proxy_that_is_not_http_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
