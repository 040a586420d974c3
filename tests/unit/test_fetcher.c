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

#include "proxy/io/fetcher.h"
#include "tests/support/http_server.h"

enum { MAX_URL = 256, SHORT_TIMEOUT_MS = 300 };

/* What one who asked was told. */
struct answer {
	uv_loop_t *loop; /* stopped when the answer is there, so that who waits for it looks at once */
	unsigned count;
	bool ok;
	enum fetch_failure failure;
	char detail[FETCHER_MAX_DETAIL];
	size_t body_len;
	char body[64];
};

struct world {
	uv_loop_t loop;
	struct http_server *server;
	struct fetcher *fetcher;
	unsigned num_closed;
};

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define LENGTH(n) "Content-Length: " #n "\r\n"
#define REDIRECT(to) "HTTP/1.1 302 Found\r\nLocation: " to "\r\nContent-Length: 0\r\n\r\n"

static char largest[100 + FETCH_MAX_BODY_BYTES];
static char too_large[100 + FETCH_MAX_BODY_BYTES + 1];
static char large_header[FETCH_MAX_BODY_BYTES * 3];
static char redirect_to_server[MAX_URL];

static struct http_route routes[] = {
	{"/ok", HTTP_ANSWERS, OK_HEAD LENGTH(5) "\r\nhello", 0},
	{"/ok?query", HTTP_ANSWERS, OK_HEAD LENGTH(5) "\r\nquery", 0},
	{"/empty", HTTP_ANSWERS, OK_HEAD LENGTH(0) "\r\n", 0},
	{"/until-close", HTTP_ANSWERS, OK_HEAD "\r\nhello", 0},
	{"/chunked", HTTP_ANSWERS, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 0},
	{"/not-found", HTTP_ANSWERS, "HTTP/1.1 404 Not Found\r\n" LENGTH(3) "\r\nno!", 0},
	{"/not-found-endless", HTTP_NEVER_ENDS, "HTTP/1.1 500 Oops\r\n\r\n", 0},
	{"/not-found-huge", HTTP_ANSWERS, "HTTP/1.1 404 Not Found\r\n" LENGTH(99999999) "\r\nno!", 0},
	{"/no-content", HTTP_ANSWERS, "HTTP/1.1 204 No Content\r\n\r\n", 0},
	{"/unauthorized", HTTP_ANSWERS, "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\n" LENGTH(0) "\r\n", 0},
	{"/not-http", HTTP_ANSWERS, "220 smtp.example ESMTP\r\n", 0},
	{"/nothing", HTTP_ANSWERS, "", 0},
	{"/short", HTTP_ANSWERS, OK_HEAD LENGTH(50) "\r\nhello", 0},
	{"/long", HTTP_ANSWERS, OK_HEAD LENGTH(2) "\r\nhello", 0},
	{"/endless", HTTP_NEVER_ENDS, OK_HEAD "\r\n", 0},
	{"/endless-chunks", HTTP_NEVER_ENDS, OK_HEAD "Transfer-Encoding: chunked\r\n\r\nffffff\r\n", 0},
	{"/endless-header", HTTP_NEVER_ENDS, OK_HEAD "X-A: ", 0},
	{"/large-header", HTTP_ANSWERS, large_header, 0},
	{"/huge-length", HTTP_NEVER_ENDS, OK_HEAD LENGTH(65537) "\r\n", 0},
	{"/largest", HTTP_ANSWERS, largest, 0},
	{"/too-large", HTTP_ANSWERS, too_large, 0},
	{"/drips", HTTP_DRIPS, OK_HEAD "\r\n", 0},
	{"/drips-header", HTTP_DRIPS, OK_HEAD "X-A: ", 0},
	{"/silent", HTTP_SILENT, "", 0},
	{"/resets", HTTP_RESETS, "", 0},
	{"/holds", HTTP_HOLDS, OK_HEAD LENGTH(5) "\r\nhello", 0},
	{"/sets-cookie", HTTP_ANSWERS, "HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nLocation: /ok\r\n" LENGTH(0) "\r\n", 0},
	{"/redirect-1", HTTP_ANSWERS, REDIRECT("/ok"), 0},
	{"/redirect-2", HTTP_ANSWERS, REDIRECT("redirect-1"), 0},
	{"/redirect-3", HTTP_ANSWERS, REDIRECT("/redirect-2"), 0},
	{"/redirect-absolute", HTTP_ANSWERS, redirect_to_server, 0},
	{"/redirect-loop", HTTP_ANSWERS, REDIRECT("/redirect-loop"), 0},
	{"/redirect-query", HTTP_ANSWERS, REDIRECT("/ok?query"), 0},
	{"/redirect-endless", HTTP_NEVER_ENDS, "HTTP/1.1 302 Found\r\nLocation: /ok\r\n\r\n", 0},
	{"/redirect-huge", HTTP_ANSWERS, "HTTP/1.1 301 Moved\r\nLocation: /ok\r\n" LENGTH(99999999) "\r\nx", 0},
	{"/redirect-https", HTTP_ANSWERS, REDIRECT("https://127.0.0.1/ok"), 0},
	{"/redirect-file", HTTP_ANSWERS, REDIRECT("file:///etc/passwd"), 0},
	{"/redirect-refused", HTTP_ANSWERS, REDIRECT("http://127.0.0.2:1/ok"), 0},
	{"/redirect-metadata", HTTP_ANSWERS, REDIRECT("http://169.254.169.254/latest"), 0},
	{"/redirect-user", HTTP_ANSWERS, REDIRECT("http://user:password@127.0.0.1/ok"), 0},
	{"/redirect-nowhere", HTTP_ANSWERS, "HTTP/1.1 302 Found\r\n" LENGTH(0) "\r\n", 0},
	{"/redirect-not-found", HTTP_ANSWERS, REDIRECT("/not-found"), 0},
	{"/redirect-silent", HTTP_ANSWERS, REDIRECT("/silent"), 0},
	{"http://127.0.0.9:9/proxied", HTTP_ANSWERS, OK_HEAD LENGTH(5) "\r\nproxy", 0},
	{"http://127.0.0.9:9/to-localhost", HTTP_ANSWERS, REDIRECT("http://localhost:1/"), 0},
	{"http://aia.example/proxied", HTTP_ANSWERS, OK_HEAD LENGTH(5) "\r\nproxy", 0},
	{NULL, HTTP_ANSWERS, NULL, 0},
};

static void fill_routes(unsigned port)
{
	int len = snprintf(largest, sizeof largest, OK_HEAD "\r\n");

	memset(largest + len, 'x', FETCH_MAX_BODY_BYTES);
	largest[(size_t)len + FETCH_MAX_BODY_BYTES] = '\0';
	memcpy(too_large, largest, (size_t)len + FETCH_MAX_BODY_BYTES);
	too_large[(size_t)len + FETCH_MAX_BODY_BYTES] = 'x';
	snprintf(redirect_to_server, sizeof redirect_to_server,
		 "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:%u/ok\r\n" LENGTH(0) "\r\n", port);
	len = snprintf(large_header, sizeof large_header, OK_HEAD);
	while ((size_t)len < FETCH_MAX_BODY_BYTES + 1000)
		len += snprintf(large_header + len, 100, "X-Header: %060d\r\n", 0);
	snprintf(large_header + len, 100, "\r\nhello");
}

static void on_done(void *context, const struct fetch_result *result)
{
	struct answer *answer = context;

	answer->count++;
	uv_stop(answer->loop);
	answer->ok = result->ok;
	answer->failure = result->failure;
	if (result->ok) {
		answer->body_len = result->body.len;
		memcpy(answer->body, result->body.data,
		       result->body.len < sizeof answer->body ? result->body.len : sizeof answer->body);
	} else {
		snprintf(answer->detail, sizeof answer->detail, "%s", result->detail);
	}
}

static struct fetcher *make_fetcher(struct world *world, const char *rule, struct fetcher_options options)
{
	struct fetcher *fetcher;

	if (rule != NULL) {
		options.take_policy = fetch_policy_new();
		assert_false(failed(fetch_policy_allow(options.take_policy, rule)));
	}
	assert_false(failed(fetcher_new(&world->loop, &options, &fetcher)));
	return fetcher;
}

static void on_closed(void *context)
{
	struct world *world = context;
	world->num_closed++;
}

/* Closes the fetcher that there is and makes another one. */
static void use_fetcher(struct world *world, const char *rule, struct fetcher_options options)
{
	fetcher_close(world->fetcher, world, on_closed);
	world->fetcher = make_fetcher(world, rule, options);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	world->server = http_server_new(&world->loop, routes);
	fill_routes(http_server_port(world->server));
	world->fetcher = make_fetcher(world, "127.0.0.1", (struct fetcher_options){0});
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	unsigned num_closed = world->num_closed;

	if (world->fetcher != NULL) {
		fetcher_close(world->fetcher, world, on_closed);
		num_closed++;
	}
	http_server_close(world->server);
	assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(world->num_closed >= num_closed, 1);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	free(world);
	return 0;
}

static void url_of(const struct world *world, const char *path, char out[MAX_URL])
{
	snprintf(out, MAX_URL, "http://127.0.0.1:%u%s", http_server_port(world->server), path);
}

static struct fetch_request *ask(struct world *world, const char *path, struct answer *answer)
{
	char url[MAX_URL];

	*answer = (struct answer){.loop = &world->loop};
	url_of(world, path, url);
	return fetcher_get(world->fetcher, url, answer, on_done);
}

static void wait_for(struct world *world, const struct answer *answer)
{
	while (answer->count == 0)
		uv_run(&world->loop, UV_RUN_ONCE);
}

static struct answer get_url(struct world *world, const char *url)
{
	struct answer answer = {.loop = &world->loop};

	assert_non_null(fetcher_get(world->fetcher, url, &answer, on_done));
	assert_int_equal(answer.count, 0);
	wait_for(world, &answer);
	assert_int_equal(answer.count, 1);
	return answer;
}

static struct answer get(struct world *world, const char *path)
{
	char url[MAX_URL];

	url_of(world, path, url);
	return get_url(world, url);
}

static void assert_body(const struct answer *answer, const char *body)
{
	if (!answer->ok)
		fail_msg("%s", answer->detail);
	assert_int_equal(answer->body_len, strlen(body));
	assert_memory_equal(answer->body, body, strlen(body));
}

static void test_bodies(void **state)
{
	static const struct {
		const char *path;
		const char *body;
	} cases[] = {
		{"/ok", "hello"},	   {"/ok?query", "query"},	{"/empty", ""},
		{"/until-close", "hello"}, {"/chunked", "hello"},	{"/long", "he"},
		{"/redirect-1", "hello"},  {"/redirect-2", "hello"},	{"/redirect-absolute", "hello"},
		{"/sets-cookie", "hello"}, {"/redirect-query", "query"}, {"/redirect-endless", "hello"},
		{"/redirect-huge", "hello"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct answer answer = get(world, cases[i].path);
		assert_body(&answer, cases[i].body);
	}
	struct answer answer = get(world, "/largest");
	assert_true(answer.ok);
	assert_int_equal(answer.body_len, FETCH_MAX_BODY_BYTES);
}

static void test_failures(void **state)
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
	struct world *world = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct answer answer = get(world, cases[i].path);
		assert_false(answer.ok);
		assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
		if (strncmp(answer.detail, cases[i].detail, strlen(cases[i].detail)) != 0)
			fail_msg("%s: %s", cases[i].path, answer.detail);
	}
	assert_false(get(world, "/endless-header").ok);
}

static void test_urls_that_never_leave(void **state)
{
	static const char *const urls[] = {
		"https://127.0.0.1/ok", "ldap://127.0.0.1/ok", "ftp://127.0.0.1/ok", "file:///etc/passwd", "127.0.0.1/ok",
		"http://user@127.0.0.1/", "http://", "http://127.0.0.1/a\nb", "http://127.0.0.1/a b", "",
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		struct answer answer = get_url(world, urls[i]);
		assert_false(answer.ok);
		assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
	}
	assert_int_equal(http_server_num_connections(world->server), 0);
}

static void test_request_carries_nothing(void **state)
{
	struct world *world = *state;

	use_fetcher(world, "127.0.0.1", (struct fetcher_options){.user_agent = "chainmend/1"});
	get(world, "/sets-cookie");
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
	struct world *world = *state;

	get(world, "/ok");
	get(world, "/ok?query");
	assert_int_equal(http_server_num_connections(world->server), 2);
}

static void test_refused_address(void **state)
{
	struct world *world = *state;
	char url[MAX_URL];

	use_fetcher(world, NULL, (struct fetcher_options){0});
	struct answer answer = get(world, "/ok");
	assert_false(answer.ok);
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 127.0.0.1");
	/* Asked again, it is still told as refused, with the line. */
	answer = get(world, "/ok");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 127.0.0.1");
	snprintf(url, sizeof url, "http://localhost:%u/ok", http_server_port(world->server));
	assert_int_equal(get_url(world, url).failure, FETCH_FAILURE_REFUSED);
	snprintf(url, sizeof url, "http://2130706433:%u/ok", http_server_port(world->server));
	assert_int_equal(get_url(world, url).failure, FETCH_FAILURE_REFUSED);
	snprintf(url, sizeof url, "http://[::ffff:127.0.0.1]:%u/ok", http_server_port(world->server));
	answer = get_url(world, url);
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = ::ffff:127.0.0.1");
	assert_int_equal(http_server_num_connections(world->server), 0);
}

static void test_redirect_to_refused_address(void **state)
{
	struct world *world = *state;

	struct answer answer = get(world, "/redirect-refused");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 127.0.0.2");
	use_fetcher(world, "any", (struct fetcher_options){0});
	answer = get(world, "/redirect-metadata");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 169.254.169.254");
}

static void test_connection_refused(void **state)
{
	struct world *world = *state;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	char url[MAX_URL];

	/* A port that is bound and not listened on. */
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
	struct answer answer = get_url(world, url);
	close(fd);
	assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
	assert_string_equal(answer.detail, "connection refused");
}

static void test_time_limits(void **state)
{
	static const char *const paths[] = {"/silent", "/drips", "/drips-header", "/redirect-silent"};
	struct world *world = *state;

	use_fetcher(world, "127.0.0.1", (struct fetcher_options){.timeout_ms = SHORT_TIMEOUT_MS});
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct answer answer = get(world, paths[i]);
		assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
		if (strncmp(answer.detail, "timed out after 300 ms", 22) != 0)
			fail_msg("%s: %s", paths[i], answer.detail);
	}
}

static void test_joined_requests(void **state)
{
	struct world *world = *state;
	struct answer answers[3];

	for (size_t i = 0; i < 3; i++)
		assert_non_null(ask(world, "/holds", &answers[i]));
	while (http_server_num_requests(world->server, "/holds") == 0)
		uv_run(&world->loop, UV_RUN_ONCE);
	struct answer late;
	assert_non_null(ask(world, "/holds", &late));
	http_server_release(world->server);
	wait_for(world, &late);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(answers[i].count, 1);
		assert_body(&answers[i], "hello");
	}
	assert_body(&late, "hello");
	assert_int_equal(http_server_num_requests(world->server, "/holds"), 1);
}

static void test_pause_after_failure(void **state)
{
	struct world *world = *state;

	get(world, "/not-found");
	struct answer answer = get(world, "/not-found");
	assert_int_equal(answer.failure, FETCH_FAILURE_PAUSED);
	assert_non_null(strstr(answer.detail, "HTTP status 404"));
	assert_int_equal(http_server_num_requests(world->server, "/not-found"), 1);
	assert_true(get(world, "/ok").ok);
	/* Another fetcher, as after a reload, asks afresh. */
	use_fetcher(world, "127.0.0.1", (struct fetcher_options){0});
	assert_int_equal(get(world, "/not-found").failure, FETCH_FAILURE_NETWORK);
	assert_int_equal(http_server_num_requests(world->server, "/not-found"), 2);
}

static void test_pause_ends(void **state)
{
	struct world *world = *state;

	use_fetcher(world, "127.0.0.1", (struct fetcher_options){.first_pause_ms = 20});
	get(world, "/not-found");
	while (get(world, "/not-found").failure == FETCH_FAILURE_PAUSED)
		usleep(1000);
	assert_int_equal(http_server_num_requests(world->server, "/not-found"), 2);
}

static void test_cancel(void **state)
{
	struct world *world = *state;
	struct answer cancelled;
	struct answer kept;
	struct answer other;

	struct fetch_request *request = ask(world, "/holds", &cancelled);
	assert_non_null(ask(world, "/holds", &kept));
	while (http_server_num_requests(world->server, "/holds") == 0)
		uv_run(&world->loop, UV_RUN_ONCE);
	fetcher_cancel(world->fetcher, request);
	http_server_release(world->server);
	wait_for(world, &kept);
	assert_int_equal(cancelled.count, 0);

	/* The only one who waits; then one that is answered already and not yet told. */
	fetcher_cancel(world->fetcher, ask(world, "/silent", &cancelled));
	fetcher_cancel(world->fetcher, fetcher_get(world->fetcher, "https://x.example/", &cancelled, on_done));
	assert_non_null(ask(world, "/ok", &other));
	wait_for(world, &other);
	assert_int_equal(cancelled.count, 0);
	/* What was cancelled did not fail: it may be asked at once. */
	struct fetch_request *again = ask(world, "/silent", &cancelled);
	while (http_server_num_requests(world->server, "/silent") == 0)
		uv_run(&world->loop, UV_RUN_ONCE);
	fetcher_cancel(world->fetcher, again);
	assert_int_equal(cancelled.count, 0);
}

static void test_more_than_may_be_under_way(void **state)
{
	struct world *world = *state;
	static struct answer silent[FETCHER_MAX_UNDER_WAY];
	static struct fetch_request *requests[FETCHER_MAX_UNDER_WAY];
	struct answer waiting;
	char url[MAX_URL];

	for (size_t i = 0; i < FETCHER_MAX_UNDER_WAY; i++) {
		silent[i] = (struct answer){.loop = &world->loop};
		/* Each a URL of its own, by its fragment, which is not sent. */
		snprintf(url, sizeof url, "http://127.0.0.1:%u/silent#%zu", http_server_port(world->server), i);
		requests[i] = fetcher_get(world->fetcher, url, &silent[i], on_done);
	}
	assert_non_null(ask(world, "/ok", &waiting));
	while (http_server_num_requests(world->server, "/silent") < FETCHER_MAX_UNDER_WAY)
		uv_run(&world->loop, UV_RUN_ONCE);
	assert_int_equal(http_server_num_requests(world->server, "/ok"), 0);
	fetcher_cancel(world->fetcher, requests[0]);
	wait_for(world, &waiting);
	assert_body(&waiting, "hello");
	assert_int_equal(silent[1].count, 0);
}

static void test_too_many_requests(void **state)
{
	struct world *world = *state;
	static struct answer answers[FETCHER_MAX_REQUESTS];
	struct answer last;

	for (size_t i = 0; i < FETCHER_MAX_REQUESTS; i++)
		assert_non_null(ask(world, "/silent", &answers[i]));
	assert_non_null(ask(world, "/silent", &last));
	wait_for(world, &last);
	assert_false(last.ok);
	assert_non_null(strstr(last.detail, "more than 1000"));
	assert_int_equal(answers[0].count, 0);
}

static void test_close_drops_requests(void **state)
{
	struct world *world = *state;
	struct answer under_way;
	struct answer answered = {.loop = &world->loop};
	unsigned num_closed = world->num_closed;

	assert_non_null(ask(world, "/silent", &under_way));
	while (http_server_num_requests(world->server, "/silent") == 0)
		uv_run(&world->loop, UV_RUN_ONCE);
	assert_non_null(fetcher_get(world->fetcher, "https://x.example/", &answered, on_done));
	fetcher_close(world->fetcher, world, on_closed);
	world->fetcher = NULL;
	while (world->num_closed == num_closed)
		uv_run(&world->loop, UV_RUN_ONCE);
	assert_int_equal(under_way.count, 0);
	assert_int_equal(answered.count, 0);
}

struct closer {
	struct world *world;
	unsigned count;
};

static void on_done_close(void *context, const struct fetch_result *result)
{
	struct closer *closer = context;

	assert_true(result->ok);
	closer->count++;
	fetcher_close(closer->world->fetcher, closer->world, on_closed);
	closer->world->fetcher = NULL;
}

static void test_close_in_callback(void **state)
{
	struct world *world = *state;
	struct closer closer = {world, 0};
	struct answer never;
	char url[MAX_URL];

	url_of(world, "/ok", url);
	assert_non_null(fetcher_get(world->fetcher, url, &closer, on_done_close));
	assert_non_null(ask(world, "/ok", &never));
	while (world->num_closed == 0)
		uv_run(&world->loop, UV_RUN_ONCE);
	assert_int_equal(closer.count, 1);
	assert_int_equal(never.count, 0);
}

static void test_proxy(void **state)
{
	struct world *world = *state;
	char proxy[MAX_URL];

	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", http_server_port(world->server));
	/* The proxy's own address, loopback, is exempt; the URL's host is judged by its name. */
	use_fetcher(world, NULL, (struct fetcher_options){.proxy = proxy});
	struct answer answer = get_url(world, "http://aia.example/proxied");
	assert_body(&answer, "proxy");
	answer = get_url(world, "http://127.0.0.9:9/proxied");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 127.0.0.9");
	answer = get_url(world, "http://localhost/");
	assert_string_equal(answer.detail, "fetch_allow = localhost");

	use_fetcher(world, "127.0.0.9", (struct fetcher_options){.proxy = proxy});
	answer = get_url(world, "http://127.0.0.9:9/proxied");
	assert_body(&answer, "proxy");
	answer = get_url(world, "http://127.0.0.9:9/to-localhost");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);

	/* A host that is asked without the proxy is judged by its address. */
	use_fetcher(world, "127.0.0.1", (struct fetcher_options){.proxy = "http://127.0.0.1:1", .no_proxy = "127.0.0.1"});
	answer = get(world, "/ok");
	assert_body(&answer, "hello");
	use_fetcher(world, NULL, (struct fetcher_options){.proxy = "http://127.0.0.1:1", .no_proxy = "127.0.0.1"});
	assert_int_equal(get(world, "/ok").failure, FETCH_FAILURE_REFUSED);
}

static void test_environment_is_not_looked_at(void **state)
{
	struct world *world = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	struct answer answer = get(world, "/ok");
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_body(&answer, "hello");
}

static void test_bad_proxy(void **state)
{
	struct world *world = *state;
	struct fetcher_options options = {.proxy = "socks5://127.0.0.1:1080", .take_policy = fetch_policy_new()};
	struct fetcher *fetcher;

	assert_int_equal(fetcher_new(&world->loop, &options, &fetcher).kind, ERROR_FORMAT);
	assert_null(fetcher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_bodies),
		TEST(test_failures),
		TEST(test_urls_that_never_leave),
		TEST(test_request_carries_nothing),
		TEST(test_connections_are_not_kept),
		TEST(test_refused_address),
		TEST(test_redirect_to_refused_address),
		TEST(test_connection_refused),
		TEST(test_time_limits),
		TEST(test_joined_requests),
		TEST(test_pause_after_failure),
		TEST(test_pause_ends),
		TEST(test_cancel),
		TEST(test_more_than_may_be_under_way),
		TEST(test_too_many_requests),
		TEST(test_close_drops_requests),
		TEST(test_close_in_callback),
		TEST(test_proxy),
		TEST(test_environment_is_not_looked_at),
		TEST(test_bad_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
