#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/fetch_world.h"

enum { SHORT_TIMEOUT_MS = 1000 }; /* a busy machine connects within it */

static void assert_body(const struct answer *answer, const char *body)
{
	if (!answer->ok)
		fail_msg("%s", answer->detail);
	assert_int_equal(answer->body_len, strlen(body));
	assert_memory_equal(answer->body, body, strlen(body));
}

static void test_bodies_of_every_framing_arrive(void **state)
{
	static const struct {
		const char *path;
		const char *body;
	} cases[] = {
	    {"/ok", "hello"},
	    {"/ok?query", "query"},
	    {"/empty", ""},
	    {"/until-close", "hello"},
	    {"/chunked", "hello"},
	    {"/long", "he"},
	    {"/redirect-1", "hello"},
	    {"/redirect-2", "hello"},
	    {"/redirect-absolute", "hello"},
	    {"/sets-cookie", "hello"},
	    {"/redirect-query", "query"},
	    {"/redirect-endless", "hello"},
	    {"/redirect-huge", "hello"},
	};
	struct fetch_world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer answer = fetch_world_get(world, cases[i].path);
		assert_body(&answer, cases[i].body);
	}
	struct answer answer = fetch_world_get(world, "/largest");
	assert_true(answer.ok);
	assert_int_equal(answer.body_len, FETCH_MAX_BODY_BYTES);
}

static void test_failures_are_named(void **state)
{
	static const struct {
		const char *path;
		const char *detail;
	} cases[] = {
	    {"/not-found", "HTTP status 404"},
	    {"/not-found-endless", "HTTP status 500"},
	    {"/not-found-huge", "HTTP status 404"},
	    {"/no-content", "HTTP status 204"},
	    {"/unauthorized", "HTTP status 401"},
	    {"/not-http", "the answer is not HTTP"},
	    {"/nothing", "the server closed the connection without an answer"},
	    {"/short", "the body ended early"},
	    {"/endless", "the body is larger than 64 KiB"},
	    {"/endless-chunks", "the body is larger than 64 KiB"},
	    {"/huge-length", "the body is larger than 64 KiB"},
	    {"/too-large", "the body is larger than 64 KiB"},
	    {"/large-header", "the answer's header is larger than 64 KiB"},
	    {"/resets", "the connection broke off"},
	    {"/redirect-3", "more than 2 redirects"},
	    {"/redirect-loop", "more than 2 redirects"},
	    {"/redirect-https", "a redirect away from http"},
	    {"/redirect-file", "a redirect away from http"},
	    {"/redirect-user", "a redirect to a malformed URL"},
	    {"/redirect-nowhere", "a redirect that does not say where to"},
	    {"/redirect-not-found", "HTTP status 404 (redirected to http://127.0.0.1:"},
	};
	struct fetch_world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer answer = fetch_world_get(world, cases[i].path);
		assert_false(answer.ok);
		assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
		if (strncmp(answer.detail, cases[i].detail, strlen(cases[i].detail)) != 0)
			fail_msg("%s: %s", cases[i].path, answer.detail);
	}
	assert_false(fetch_world_get(world, "/endless-header").ok);
}

static void test_urls_that_never_leave(void **state)
{
	static const char *const urls[] = {
	    "https://127.0.0.1/ok",
	    "ldap://127.0.0.1/ok",
	    "ftp://127.0.0.1/ok",
	    "file:///etc/passwd",
	    "127.0.0.1/ok",
	    "http://user@127.0.0.1/",
	    "http://",
	    "http://127.0.0.1/a\nb",
	    "http://127.0.0.1/a b",
	    "",
	};
	struct fetch_world *world = *state;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct answer answer = fetch_world_get_url(world, urls[i]);
		assert_false(answer.ok);
		assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
	}
	assert_int_equal(http_server_num_connections(world->server), 0);
}

static void test_request_carries_nothing(void **state)
{
	struct fetch_world *world = *state;

	fetch_world_use(world, "127.0.0.1", (struct fetcher_options){.user_agent = "chainmend/1"});
	fetch_world_get(world, "/sets-cookie");
	const char *request = http_server_last_request(world->server);
	assert_non_null(strstr(request, "GET /ok HTTP/1.1\r\n"));
	assert_non_null(strstr(request, "User-Agent: chainmend/1\r\n"));
	assert_null(strstr(request, "Cookie"));
	assert_null(strstr(request, "Authorization"));
	assert_null(strstr(request, "Referer"));
	assert_null(strstr(request, "Accept-Encoding"));
	assert_null(strstr(request, "Upgrade"));
}

static void test_connections_are_not_kept(void **state)
{
	struct fetch_world *world = *state;

	fetch_world_get(world, "/ok");
	fetch_world_get(world, "/ok?query");
	assert_int_equal(http_server_num_connections(world->server), 2);
}

static void test_a_refused_address_is_not_connected_to(void **state)
{
	struct fetch_world *world = *state;
	char url[FETCH_WORLD_MAX_URL];

	fetch_world_use(world, NULL, (struct fetcher_options){0});
	struct answer answer = fetch_world_get(world, "/ok");
	assert_false(answer.ok);
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 127.0.0.1");
	/* Asked again, it is still told as refused, with the line. */
	answer = fetch_world_get(world, "/ok");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 127.0.0.1");
	snprintf(url, sizeof(url), "http://localhost:%u/ok", http_server_port(world->server));
	assert_int_equal(fetch_world_get_url(world, url).failure, FETCH_FAILURE_REFUSED);
	snprintf(url, sizeof(url), "http://2130706433:%u/ok", http_server_port(world->server));
	assert_int_equal(fetch_world_get_url(world, url).failure, FETCH_FAILURE_REFUSED);
	snprintf(url, sizeof(url), "http://[::ffff:127.0.0.1]:%u/ok", http_server_port(world->server));
	answer = fetch_world_get_url(world, url);
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = ::ffff:127.0.0.1");
	assert_int_equal(http_server_num_connections(world->server), 0);
}

static void test_redirect_to_refused_address(void **state)
{
	struct fetch_world *world = *state;

	struct answer answer = fetch_world_get(world, "/redirect-refused");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_non_null(strstr(answer.detail, "fetch_allow = 127.0.0.2 (redirected to http://127.0.0.2:"));
	fetch_world_use(world, "any", (struct fetcher_options){0});
	answer = fetch_world_get(world, "/redirect-metadata");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_non_null(strstr(answer.detail, "fetch_allow = 169.254.169.254 (redirected to http://169.254.169.254"));
}

static void test_a_refused_connection_is_a_network_failure(void **state)
{
	struct fetch_world *world = *state;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	char url[FETCH_WORLD_MAX_URL];

	/* A port that is bound and not listened on. */
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	struct answer answer = fetch_world_get_url(world, url);
	close(fd);
	assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
	assert_string_equal(answer.detail, "connection refused");
}

static void test_a_slow_answer_is_cut_off(void **state)
{
	static const char *const paths[] = {"/silent", "/drips", "/drips-header", "/redirect-silent"};
	struct fetch_world *world = *state;

	fetch_world_use(world, "127.0.0.1", (struct fetcher_options){.timeout_ms = SHORT_TIMEOUT_MS});
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct answer answer = fetch_world_get(world, paths[i]);
		assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
		if (strncmp(answer.detail, "timed out after 1 s", 19) != 0)
			fail_msg("%s: %s", paths[i], answer.detail);
	}
}

static void test_a_proxy_carries_the_request(void **state)
{
	struct fetch_world *world = *state;
	char proxy[FETCH_WORLD_MAX_URL];

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", http_server_port(world->server));
	/* The proxy's own address, loopback, is exempt; the URL's host is judged by its name. */
	fetch_world_use(world, NULL, (struct fetcher_options){.proxy = proxy});
	struct answer answer = fetch_world_get_url(world, "http://aia.example/proxied");
	assert_body(&answer, "proxy");
	answer = fetch_world_get_url(world, "http://127.0.0.9:9/proxied");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 127.0.0.9");
	answer = fetch_world_get_url(world, "http://localhost/");
	assert_string_equal(answer.detail, "fetch_allow = localhost");

	fetch_world_use(world, "127.0.0.9", (struct fetcher_options){.proxy = proxy});
	answer = fetch_world_get_url(world, "http://127.0.0.9:9/proxied");
	assert_body(&answer, "proxy");
	answer = fetch_world_get_url(world, "http://127.0.0.9:9/to-localhost");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);

	/* A host that is asked without the proxy is judged by its address. */
	fetch_world_use(world, "127.0.0.1",
			(struct fetcher_options){.proxy = "http://127.0.0.1:1", .no_proxy = "127.0.0.1"});
	answer = fetch_world_get(world, "/ok");
	assert_body(&answer, "hello");
	fetch_world_use(world, NULL, (struct fetcher_options){.proxy = "http://127.0.0.1:1", .no_proxy = "127.0.0.1"});
	assert_int_equal(fetch_world_get(world, "/ok").failure, FETCH_FAILURE_REFUSED);
}

static void test_environment_is_not_looked_at(void **state)
{
	struct fetch_world *world = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	struct answer answer = fetch_world_get(world, "/ok");
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_body(&answer, "hello");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fetch_world_setup, fetch_world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_bodies_of_every_framing_arrive), TEST(test_failures_are_named),
	    TEST(test_urls_that_never_leave),          TEST(test_request_carries_nothing),
	    TEST(test_connections_are_not_kept),       TEST(test_a_refused_address_is_not_connected_to),
	    TEST(test_redirect_to_refused_address),    TEST(test_a_refused_connection_is_a_network_failure),
	    TEST(test_a_slow_answer_is_cut_off),       TEST(test_a_proxy_carries_the_request),
	    TEST(test_environment_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
