#include "tests/support/fetch_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define LENGTH(n) "Content-Length: " #n "\r\n"
#define REDIRECT(to) "HTTP/1.1 302 Found\r\nLocation: " to "\r\nContent-Length: 0\r\n\r\n"

static char largest[100 + FETCH_MAX_BODY_BYTES];
static char too_large[100 + FETCH_MAX_BODY_BYTES + 1];
static char large_header[FETCH_MAX_BODY_BYTES * 3];
static char redirect_to_server[FETCH_WORLD_MAX_URL];
static char given[100 + FETCH_MAX_BODY_BYTES];
static char given_too[100 + FETCH_MAX_BODY_BYTES];

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
    {FETCH_WORLD_GIVEN, HTTP_ANSWERS, given, 0},
    {FETCH_WORLD_GIVEN_TOO, HTTP_ANSWERS, given_too, 0},
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
	int len = snprintf(largest, sizeof(largest), OK_HEAD "\r\n");

	memset(largest + len, 'x', FETCH_MAX_BODY_BYTES);
	largest[(size_t)len + FETCH_MAX_BODY_BYTES] = '\0';
	memcpy(too_large, largest, (size_t)len + FETCH_MAX_BODY_BYTES);
	too_large[(size_t)len + FETCH_MAX_BODY_BYTES] = 'x';
	snprintf(redirect_to_server, sizeof(redirect_to_server),
		 "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:%u/ok\r\n" LENGTH(0) "\r\n", port);
	len = snprintf(large_header, sizeof(large_header), OK_HEAD);
	while ((size_t)len < FETCH_MAX_BODY_BYTES + 1000)
		len += snprintf(large_header + len, 100, "X-Header: %060d\r\n", 0);
	snprintf(large_header + len, 100, "\r\nhello");
}

void fetch_world_give(const char *path, struct bytes body)
{
	bool first = strcmp(path, FETCH_WORLD_GIVEN) == 0;
	char *response = first ? given : given_too;
	size_t size = first ? sizeof(given) : sizeof(given_too);
	size_t len = (size_t)snprintf(response, size, OK_HEAD "\r\n");
	struct http_route *route = routes;

	assert_true(body.len <= size - len);
	memcpy(response + len, body.data, body.len);
	while (strcmp(route->path, path) != 0)
		route++;
	route->response_len = len + body.len;
}

void fetch_world_told(void *context, const struct fetch_result *result)
{
	struct answer *answer = context;

	answer->count++;
	loop_stop(answer->loop);
	answer->ok = result->ok;
	answer->failure = result->failure;
	if (result->ok) {
		answer->body_len = result->body.len;
		memcpy(answer->body, result->body.data,
		       result->body.len < sizeof(answer->body) ? result->body.len : sizeof(answer->body));
	} else {
		snprintf(answer->detail, sizeof(answer->detail), "%s", result->detail);
	}
}

static struct fetcher *make_fetcher(struct fetch_world *world, const char *rule, struct fetcher_options options)
{
	struct fetcher *fetcher;

	if (rule != NULL) {
		options.take_policy = fetch_policy_new();
		assert_false(failed(fetch_policy_allow(options.take_policy, rule)));
	}
	assert_false(failed(fetcher_new(world->loop, &options, &fetcher)));
	return fetcher;
}

static void on_closed(void *context)
{
	struct fetch_world *world = context;
	world->num_closed++;
}

void fetch_world_close(struct fetch_world *world)
{
	fetcher_close(world->fetcher, world, on_closed);
	world->fetcher = NULL;
}

void fetch_world_use(struct fetch_world *world, const char *rule, struct fetcher_options options)
{
	fetcher_close(world->fetcher, world, on_closed);
	world->fetcher = make_fetcher(world, rule, options);
}

int fetch_world_setup(void **state)
{
	struct fetch_world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	assert_false(failed(loop_new(&world->loop)));
	world->server = http_server_new(world->loop, routes);
	fill_routes(http_server_port(world->server));
	world->fetcher = make_fetcher(world, "127.0.0.1", (struct fetcher_options){0});
	*state = world;
	return 0;
}

int fetch_world_teardown(void **state)
{
	struct fetch_world *world = *state;
	unsigned num_closed = world->num_closed;

	if (world->fetcher != NULL) {
		fetcher_close(world->fetcher, world, on_closed);
		num_closed++;
	}
	http_server_close(world->server);
	assert_true(loop_free(world->loop));
	assert_true(world->num_closed >= num_closed);
	free(world);
	return 0;
}

void fetch_world_url(const struct fetch_world *world, const char *path, char out[FETCH_WORLD_MAX_URL])
{
	snprintf(out, FETCH_WORLD_MAX_URL, "http://127.0.0.1:%u%s", http_server_port(world->server), path);
}

struct fetch_request *fetch_world_ask(struct fetch_world *world, const char *path, struct answer *answer)
{
	char url[FETCH_WORLD_MAX_URL];

	*answer = (struct answer){.loop = world->loop};
	fetch_world_url(world, path, url);
	return fetcher_get(world->fetcher, url, answer, fetch_world_told);
}

void fetch_world_wait(struct fetch_world *world, const struct answer *answer)
{
	while (answer->count == 0)
		loop_run_once(world->loop);
}

struct answer fetch_world_get_url(struct fetch_world *world, const char *url)
{
	struct answer answer = {.loop = world->loop};

	assert_non_null(fetcher_get(world->fetcher, url, &answer, fetch_world_told));
	assert_int_equal(answer.count, 0);
	fetch_world_wait(world, &answer);
	assert_int_equal(answer.count, 1);
	return answer;
}

struct answer fetch_world_get(struct fetch_world *world, const char *path)
{
	char url[FETCH_WORLD_MAX_URL];

	fetch_world_url(world, path, url);
	return fetch_world_get_url(world, url);
}
