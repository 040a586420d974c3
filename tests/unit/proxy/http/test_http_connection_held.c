#include "proxy/http/http_connection.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define MAX_HEAD_BYTES ((size_t)256 * 1024) /* the most that max_head_bytes takes */

/* An http_connection whose client and backend count what comes. */
struct rig {
	struct http_policy policy;
	struct http_connection http;
	size_t client_bytes;
	size_t backend_bytes;
	enum http_rule refused;
};

static void to_client(void *caller, struct bytes bytes)
{
	((struct rig *)caller)->client_bytes += bytes.len;
}

static void to_backend(void *caller, struct bytes bytes)
{
	((struct rig *)caller)->backend_bytes += bytes.len;
}

static bool is_misdirected(void *caller, struct bytes host)
{
	(void)caller;
	(void)host;
	return false;
}

static void on_refused(void *caller, bool answer, enum http_rule rule)
{
	(void)answer;
	((struct rig *)caller)->refused = rule;
}

static const struct http_calls calls = {to_client, to_backend, is_misdirected, on_refused};

static int setup(void **state)
{
	struct http_client client = {.address = "192.0.2.1", .port = 443};
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->policy = (struct http_policy){.max_head_bytes = MAX_HEAD_BYTES, .upgrade = true};
	http_connection_init(&rig->http, &rig->policy, &client, &calls, rig);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = (struct rig *)*state;

	http_connection_cleanup(&rig->http);
	free(rig);
	return 0;
}

/* `len` bytes that begin with `start`, end with `end`, and are fields of 16 KiB between. To be freed. */
static uint8_t *long_head(const char *start, const char *end, size_t len)
{
	enum { FIELD_BYTES = 16 * 1024 };
	uint8_t *head = malloc(len);
	size_t at = strlen(start);

	assert_non_null(head);
	memset(head, 'x', len);
	memcpy(head, start, at);
	for (; at + FIELD_BYTES + strlen(end) < len; at += FIELD_BYTES) {
		memcpy(head + at, "X:", 2);
		memcpy(head + at + FIELD_BYTES - 2, "\r\n", 2);
	}
	memcpy(head + at, "X:", 2);
	memcpy(head + len - strlen(end), end, strlen(end));
	return head;
}

/* Sends it as reads of the socket would, whole ones. */
static void client_sends(struct rig *rig, const uint8_t *data, size_t len)
{
	for (size_t at = 0; at < len && http_takes_client(&rig->http); at += HTTP_MAX_READ_BYTES)
		http_from_client(&rig->http,
				 bytes_of(data + at, len - at < HTTP_MAX_READ_BYTES ? len - at : HTTP_MAX_READ_BYTES));
}

static void test_a_head_of_the_limit_goes_on(void **state)
{
	struct rig *rig = (struct rig *)*state;
	uint8_t *head = long_head("GET / HTTP/1.1\r\nHost: a.example\r\n", "\r\n\r\n", MAX_HEAD_BYTES);

	client_sends(rig, head, MAX_HEAD_BYTES);
	assert_int_equal(http_take_wishes(&rig->http), HTTP_WISH_BACKEND);
	http_backend_open(&rig->http, false, false);
	assert_int_equal(rig->http.state, EXCHANGE_WAITING);
	assert_true(rig->backend_bytes >= MAX_HEAD_BYTES - 1024);
	free(head);
}

static void test_a_head_above_the_limit_is_refused_by_its_rule(void **state)
{
	struct rig *rig = (struct rig *)*state;
	size_t len = MAX_HEAD_BYTES - 1 + HTTP_MAX_READ_BYTES;
	uint8_t *head = long_head("GET / HTTP/1.1\r\nHost: a.example\r\n", "x", len);

	/* The last read comes when all but one byte of the limit is held. */
	client_sends(rig, head, MAX_HEAD_BYTES - 1);
	assert_int_equal(rig->http.state, EXCHANGE_HEAD);
	client_sends(rig, head + MAX_HEAD_BYTES - 1, HTTP_MAX_READ_BYTES);
	assert_int_equal(rig->refused, HTTP_RULE_HEAD_TOO_LARGE);
	free(head);
}

/* Fills what is held behind a request up to where the reading stops, with one read more than that. */
static void fill(struct rig *rig, const uint8_t *bytes)
{
	assert_true(http_takes_client(&rig->http));
	http_from_client(&rig->http, bytes_of(bytes, HTTP_MAX_PIPELINED_BYTES - 1));
	assert_true(http_takes_client(&rig->http));
	http_from_client(&rig->http, bytes_of(bytes, HTTP_MAX_READ_BYTES));
	assert_false(http_takes_client(&rig->http));
	assert_int_equal(rig->http.from_client.len, HTTP_MAX_PIPELINED_BYTES - 1 + HTTP_MAX_READ_BYTES);
}

static void test_what_is_pipelined_is_held_in_every_state(void **state)
{
	struct rig *rig = (struct rig *)*state;
	uint8_t *bytes = malloc(HTTP_MAX_READ_BYTES);

	assert_non_null(bytes);
	memset(bytes, 'x', HTTP_MAX_READ_BYTES);
	rig->policy.max_head_bytes = 1024; /* less than what may be pipelined */
	http_connection_cleanup(&rig->http);
	http_connection_init(&rig->http, &rig->policy, &rig->http.client, &calls, rig);
	for (enum http_exchange_state at = EXCHANGE_CONNECTING; at <= EXCHANGE_ANSWERING; at++) {
		if (at != EXCHANGE_CONNECTING && at != EXCHANGE_WAITING && at != EXCHANGE_ANSWERING)
			continue;
		http_from_client(&rig->http, bytes_of_string(GET));
		if (at != EXCHANGE_CONNECTING)
			http_backend_open(&rig->http, false, false);
		if (at == EXCHANGE_ANSWERING)
			http_from_backend(&rig->http, bytes_of_string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"));
		assert_int_equal(rig->http.state, at);
		fill(rig, bytes);
		assert_int_equal(rig->http.state, at);
		http_connection_cleanup(&rig->http);
		http_connection_init(&rig->http, &rig->policy, &rig->http.client, &calls, rig);
	}
	free(bytes);
}

static void test_a_head_of_an_answer_of_the_limit_goes_on(void **state)
{
	struct rig *rig = (struct rig *)*state;
	uint8_t *head = long_head("HTTP/1.1 200 OK\r\n", "\r\n\r\n", MAX_HEAD_BYTES);

	http_from_client(&rig->http, bytes_of_string(GET));
	http_backend_open(&rig->http, false, false);
	http_from_backend(&rig->http, bytes_of(head, MAX_HEAD_BYTES / 2));
	http_from_backend(&rig->http, bytes_of(head + MAX_HEAD_BYTES / 2, MAX_HEAD_BYTES - MAX_HEAD_BYTES / 2));
	assert_int_equal(rig->http.state, EXCHANGE_ANSWERING);
	free(head);
}

static void test_a_head_of_an_answer_is_refused_by_its_rule(void **state)
{
	struct rig *rig = (struct rig *)*state;
	size_t len = MAX_HEAD_BYTES + HTTP_MAX_READ_BYTES;
	uint8_t *head = long_head("HTTP/1.1 200 OK\r\n", "x", len);

	http_from_client(&rig->http, bytes_of_string(GET));
	http_backend_open(&rig->http, false, false);
	http_from_backend(&rig->http, bytes_of(head, MAX_HEAD_BYTES));
	assert_int_equal(rig->http.state, EXCHANGE_WAITING);
	http_from_backend(&rig->http, bytes_of(head + MAX_HEAD_BYTES, HTTP_MAX_READ_BYTES));
	assert_int_equal(rig->refused, HTTP_RULE_HEAD_TOO_LARGE);
	free(head);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RIG_TEST(test_a_head_of_the_limit_goes_on),
	    RIG_TEST(test_a_head_above_the_limit_is_refused_by_its_rule),
	    RIG_TEST(test_what_is_pipelined_is_held_in_every_state),
	    RIG_TEST(test_a_head_of_an_answer_of_the_limit_goes_on),
	    RIG_TEST(test_a_head_of_an_answer_is_refused_by_its_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
