#include "proxy/http/http_connection.h"
#include "proxy/http/http_guard.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT ((size_t)1024 * 1024)

#define GET "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define EMPTY_DELETE "DELETE / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* An http_connection between a client and a backend that are texts. */
struct rig {
	struct http_policy policy;
	struct http_connection http;
	struct buffer client; /* what it was sent */
	struct buffer backend;
	unsigned num_refused_requests;
	unsigned num_refused_answers;
};

static void keep(struct buffer *buffer, struct bytes bytes)
{
	assert_false(failed(buffer_append(buffer, bytes)));
}

static void to_client(void *caller, struct bytes bytes)
{
	keep(&((struct rig *)caller)->client, bytes);
}

static void to_backend(void *caller, struct bytes bytes)
{
	keep(&((struct rig *)caller)->backend, bytes);
}

static bool is_misdirected(void *caller, struct bytes host)
{
	(void)caller;
	return bytes_equal(host, bytes_of_string("other.example"));
}

static void on_refused(void *caller, bool answer, enum http_rule rule)
{
	struct rig *rig = (struct rig *)caller;

	assert_int_not_equal(rule, HTTP_RULE_NONE);
	if (answer)
		rig->num_refused_answers++;
	else
		rig->num_refused_requests++;
}

static const struct http_calls calls = {to_client, to_backend, is_misdirected, on_refused};

static void rig_init(struct rig *rig)
{
	struct http_client client = {.address = "192.0.2.1", .port = 443};

	*rig = (struct rig){.policy = {.max_head_bytes = 1024, .upgrade = true}};
	buffer_init(&rig->client, MAX_TEXT);
	buffer_init(&rig->backend, MAX_TEXT);
	http_connection_init(&rig->http, &rig->policy, &client, &calls, rig);
}

static void rig_cleanup(struct rig *rig)
{
	http_connection_cleanup(&rig->http);
	buffer_cleanup(&rig->client);
	buffer_cleanup(&rig->backend);
}

static int setup(void **state)
{
	struct rig *rig = malloc(sizeof(*rig));

	assert_non_null(rig);
	rig_init(rig);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	rig_cleanup((struct rig *)*state);
	free(*state);
	return 0;
}

static void client_sends(struct rig *rig, const char *text)
{
	http_from_client(&rig->http, bytes_of_string(text));
}

static void backend_sends(struct rig *rig, const char *text)
{
	http_from_backend(&rig->http, bytes_of_string(text));
}

/* Each forgets what it has compared. */
static void assert_client_got(struct rig *rig, const char *text)
{
	assert_string_equal(buffer_text(&rig->client), text);
	buffer_cleanup(&rig->client);
}

static void assert_backend_got(struct rig *rig, const char *text)
{
	assert_string_equal(buffer_text(&rig->backend), text);
	buffer_cleanup(&rig->backend);
}

static void assert_client_got_status(struct rig *rig, const char *status)
{
	char line[32];

	assert_true(rig->client.len > sizeof(line));
	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	assert_memory_equal(rig->client.data, line, strlen(line));
	assert_non_null(strstr(buffer_text(&rig->client), "\r\nConnection: close\r\n"));
	buffer_cleanup(&rig->client);
}

static void assert_wishes(struct rig *rig, unsigned wishes)
{
	assert_int_equal(http_take_wishes(&rig->http), wishes);
}

/* Nothing is under way, and nothing is held. */
static void assert_idle(struct rig *rig)
{
	assert_int_equal(rig->http.state, EXCHANGE_IDLE);
	assert_int_equal(rig->http.from_client.len, 0);
}

static void open_backend(struct rig *rig)
{
	assert_wishes(rig, HTTP_WISH_BACKEND);
	http_backend_open(&rig->http, false, false);
}

/* One exchange behind which both connections live on. */
static void serve_one(struct rig *rig)
{
	client_sends(rig, GET);
	open_backend(rig);
	backend_sends(rig, OK);
	assert_idle(rig);
	assert_wishes(rig, 0);
	buffer_cleanup(&rig->client);
	buffer_cleanup(&rig->backend);
}

static void test_a_request_and_its_answer(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET);
	assert_backend_got(rig, "");
	open_backend(rig);
	assert_backend_got(rig, GET);
	assert_int_equal(rig->http.state, EXCHANGE_WAITING);
	backend_sends(rig, OK);
	assert_client_got(rig, OK);
	assert_idle(rig);
}

/* No further byte of the client's tells that it is whole. */
static void test_a_length_of_zero_is_whole_with_the_head(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, EMPTY_DELETE);
	open_backend(rig);
	assert_int_equal(rig->http.state, EXCHANGE_WAITING);
	http_client_ended(&rig->http);
	assert_wishes(rig, 0);
	backend_sends(rig, OK);
	assert_wishes(rig, HTTP_WISH_END);
}

static void test_a_length_of_zero_does_not_keep_a_request_from_being_sent_again(void **state)
{
	struct rig *rig = (struct rig *)*state;

	serve_one(rig);
	client_sends(rig, EMPTY_DELETE);
	http_backend_ended(&rig->http, true);
	assert_wishes(rig, HTTP_WISH_DROP_BACKEND | HTTP_WISH_BACKEND | HTTP_WISH_FRESH);
}

static void test_the_next_request_takes_the_open_backend(void **state)
{
	struct rig *rig = (struct rig *)*state;

	serve_one(rig);
	client_sends(rig, GET);
	assert_wishes(rig, 0);
	assert_backend_got(rig, GET);
}

static void test_requests_at_once_wait_for_their_turn(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET GET GET);
	open_backend(rig);
	for (int i = 0; i < 3; i++) {
		assert_backend_got(rig, GET);
		backend_sends(rig, OK);
		assert_client_got(rig, OK);
	}
	assert_idle(rig);
}

static void test_a_client_that_pipelines_is_stopped(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET);
	open_backend(rig);
	while (http_takes_client(&rig->http))
		client_sends(rig, GET);
	assert_in_range(rig->http.from_client.len, HTTP_MAX_PIPELINED_BYTES, HTTP_MAX_PIPELINED_BYTES + sizeof(GET));
}

static void test_a_backend_that_closes_is_replaced(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET GET);
	open_backend(rig);
	backend_sends(rig, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
	assert_client_got(rig, OK);
	assert_wishes(rig, HTTP_WISH_DROP_BACKEND | HTTP_WISH_BACKEND);
	http_backend_open(&rig->http, false, false);
	backend_sends(rig, OK);
	assert_client_got(rig, OK);
}

static void test_a_request_is_sent_again_where_nobody_has_begun_to_answer(void **state)
{
	struct rig *rig = (struct rig *)*state;

	serve_one(rig);
	client_sends(rig, GET);
	http_backend_ended(&rig->http, true);
	assert_wishes(rig, HTTP_WISH_DROP_BACKEND | HTTP_WISH_BACKEND | HTTP_WISH_FRESH);
	buffer_cleanup(&rig->backend);
	http_backend_open(&rig->http, false, false);
	assert_backend_got(rig, GET);
	http_backend_ended(&rig->http, true); /* a fresh connection is no reason to try again */
	assert_client_got_status(rig, "502");
	assert_wishes(rig, HTTP_WISH_END);
}

static void test_a_request_of_no_bytes_is_sent_again_too(void **state)
{
	static const char delete[] = "DELETE / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n";
	struct rig *rig = (struct rig *)*state;

	serve_one(rig);
	client_sends(rig, delete);
	http_backend_ended(&rig->http, false);
	assert_wishes(rig, HTTP_WISH_DROP_BACKEND | HTTP_WISH_BACKEND | HTTP_WISH_FRESH);
	buffer_cleanup(&rig->backend);
	http_backend_open(&rig->http, false, false);
	assert_backend_got(rig, delete);
	assert_int_equal(rig->http.state, EXCHANGE_WAITING);
}

static void test_a_request_of_no_bytes_is_whole_with_its_head(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
	open_backend(rig);
	assert_int_equal(rig->http.state, EXCHANGE_WAITING);
	http_client_ended(&rig->http); /* it has said all, and still gets its answer */
	assert_wishes(rig, 0);
	http_late(&rig->http);
	assert_client_got_status(rig, "504");
}

static void test_a_request_is_never_sent_twice_otherwise(void **state)
{
	static const struct {
		const char *request;
		const char *answer; /* its beginning */
	} cases[] = {
	    {"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n", ""},
	    {"PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\nx", ""},
	    {GET, "HTTP/1.1 2"},
	    {GET, "HTTP/1.1 103 Early Hints\r\n\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_init(&rig);
		serve_one(&rig);
		client_sends(&rig, cases[i].request);
		backend_sends(&rig, cases[i].answer);
		buffer_cleanup(&rig.client);
		http_backend_ended(&rig.http, false);
		assert_client_got_status(&rig, "502");
		assert_wishes(&rig, HTTP_WISH_END);
		rig_cleanup(&rig);
	}
}

/* One that another client has used is as good a reason to try again as one of its own, and once is enough. */
static void test_a_request_over_a_shared_backend_is_sent_again(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET);
	assert_wishes(rig, HTTP_WISH_BACKEND);
	http_backend_open(&rig->http, false, true);
	http_backend_ended(&rig->http, false);
	assert_wishes(rig, HTTP_WISH_DROP_BACKEND | HTTP_WISH_BACKEND | HTTP_WISH_FRESH);
	http_backend_open(&rig->http, false, false);
	http_backend_ended(&rig->http, false);
	assert_client_got_status(rig, "502");
}

static void test_a_backend_between_two_requests_is_spare(void **state)
{
	struct rig *rig = (struct rig *)*state;

	rig->policy.shares_backends = true;
	client_sends(rig, GET);
	open_backend(rig);
	assert_false(http_backend_is_spare(&rig->http));
	backend_sends(rig, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh");
	assert_false(http_backend_is_spare(&rig->http));
	backend_sends(rig, "i");
	assert_true(http_backend_is_spare(&rig->http));
	client_sends(rig, "GET /");
	assert_true(http_backend_is_spare(&rig->http)); /* the next has not been sent */
	http_backend_taken(&rig->http);
	assert_false(http_backend_is_spare(&rig->http));
	client_sends(rig, "2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	open_backend(rig);
	backend_sends(rig, OK);
	assert_int_equal(rig->http.state, EXCHANGE_IDLE);
}

/* A row a backend that must not serve another client, by what is said over it. */
static void test_a_backend_that_is_not_spare(void **state)
{
#define ASK(field) "GET / HTTP/1.1\r\nHost: a.example\r\n" field "\r\n\r\n"
#define SAY(status, field) "HTTP/1.1 " status "\r\nContent-Length: 2\r\n" field "\r\n\r\nhi"
	static const struct {
		const char *request;
		const char *answer;
		bool spare;
	} cases[] = {
	    {GET, OK, true},
	    {ASK("Connection: close"), OK, true},
	    {ASK("Authorization: Basic YTpi"), OK, true},
	    {ASK("Authorization: Bearer ntlm"), OK, true},
	    {GET, SAY("401 No", "WWW-Authenticate: Basic realm=\"NTLM, Negotiate\""), true},
	    {ASK("Authorization: NTLM TlRMTVNTUAAB"), OK, false},
	    {ASK("authorization: negotiate YII="), OK, false},
	    {ASK("Authorization: Negotiate YII=\r\nConnection: close"), OK, false},
	    {ASK("Proxy-Authorization: NTLM TlRMTVNTUAAB"), OK, false},
	    {GET, SAY("401 No", "WWW-Authenticate: NTLM"), false},
	    {GET, SAY("401 No", "WWW-Authenticate: Basic realm=\"a\", Negotiate"), false},
	    {GET, SAY("401 No", "WWW-Authenticate: Basic realm=\"a\"\r\nWWW-Authenticate: Kerberos"), false},
	    {GET, SAY("200 OK", "WWW-Authenticate: Negotiate oYG2"), false},
	    {GET, SAY("407 No", "Proxy-Authenticate: NTLM"), false},
	    {GET, "HTTP/1.1 103 Early\r\nWWW-Authenticate: CredSSP\r\n\r\n" OK, false},
	    {GET, SAY("200 OK", "Connection: close"), false},
	    {GET, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false},
	    {GET, OK "HTTP/1.1 200 OK\r\n", false},
	    {ASK("Connection: close"), OK "x", false},
	    {"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nab", OK, false},
	    {"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nab", OK, true},
	};
#undef ASK
#undef SAY

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int shares = 0; shares < 2; shares++) {
			struct rig rig;

			rig_init(&rig);
			rig.policy.shares_backends = shares;
			client_sends(&rig, cases[i].request);
			open_backend(&rig);
			backend_sends(&rig, cases[i].answer);
			if (http_backend_is_spare(&rig.http) != (shares && cases[i].spare))
				fail_msg("%s, %s", cases[i].request, cases[i].answer);
			rig_cleanup(&rig);
		}
	}
}

/* Nothing unbinds it: neither a later request without a login, nor another backend. */
static void test_a_login_binds_for_the_life_of_the_client(void **state)
{
	struct rig *rig = (struct rig *)*state;

	rig->policy.shares_backends = true;
	client_sends(rig, "GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: NTLM TlRMTVNTUAAB\r\n\r\n");
	open_backend(rig);
	backend_sends(rig, OK);
	client_sends(rig, GET);
	backend_sends(rig, OK);
	assert_false(http_backend_is_spare(&rig->http));
	http_backend_ended(&rig->http, false);
	assert_wishes(rig, HTTP_WISH_DROP_BACKEND);
	client_sends(rig, GET);
	open_backend(rig);
	backend_sends(rig, OK);
	assert_false(http_backend_is_spare(&rig->http));
}

static void test_bytes_before_a_request_are_no_answer(void **state)
{
	struct rig *rig = (struct rig *)*state;

	serve_one(rig);
	backend_sends(rig, OK);
	assert_int_equal(rig->num_refused_answers, 1);
	assert_client_got(rig, "");
	assert_wishes(rig, HTTP_WISH_DROP_BACKEND);
	client_sends(rig, GET);
	assert_wishes(rig, HTTP_WISH_BACKEND);
}

static void test_bytes_behind_an_answer_are_no_answer(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET GET);
	open_backend(rig);
	buffer_cleanup(&rig->backend);
	backend_sends(rig, OK OK);
	assert_client_got(rig, OK);
	assert_backend_got(rig, "");
	assert_int_equal(rig->num_refused_answers, 1);
	assert_wishes(rig, HTTP_WISH_DROP_BACKEND | HTTP_WISH_BACKEND);
}

static void test_an_answer_that_ends_with_its_connection(void **state)
{
	static const struct {
		const char *request;
		bool tls; /* its end may be cut off by anyone */
		bool broken;
		const char *answer;
		unsigned wishes;
	} cases[] = {
	    {GET, false, false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
	     HTTP_WISH_DROP_BACKEND},
	    {GET, false, true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", HTTP_WISH_BREAK},
	    {GET, true, false, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi", HTTP_WISH_END},
	    {"GET / HTTP/1.0\r\n\r\n", false, false, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi", HTTP_WISH_END},
	    {"GET / HTTP/1.0\r\n\r\n", false, true, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi", HTTP_WISH_BREAK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_init(&rig);
		client_sends(&rig, cases[i].request);
		assert_wishes(&rig, HTTP_WISH_BACKEND);
		http_backend_open(&rig.http, cases[i].tls, false);
		backend_sends(&rig, "HTTP/1.1 200 OK\r\n\r\nhi");
		http_backend_ended(&rig.http, cases[i].broken);
		assert_client_got(&rig, cases[i].answer);
		assert_wishes(&rig, cases[i].wishes);
		rig_cleanup(&rig);
	}
}

static void test_an_answer_that_is_cut_short_breaks_off(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET);
	open_backend(rig);
	backend_sends(rig, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi");
	http_backend_ended(&rig->http, false);
	assert_wishes(rig, HTTP_WISH_BREAK);
}

static void test_a_refused_request(void **state)
{
	struct rig *rig = (struct rig *)*state;

	serve_one(rig);
	client_sends(rig, "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n" GET);
	assert_client_got_status(rig, "400");
	assert_backend_got(rig, "");
	assert_int_equal(rig->num_refused_requests, 1);
	assert_wishes(rig, HTTP_WISH_END);
	client_sends(rig, GET); /* nothing is read any more */
	assert_client_got(rig, "");
}

static void test_a_page_is_json_for_a_head_that_cannot_be_read_too(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, "GET / HTTP/1.1\r\nHost: a.example\r\nAccept: application/json\r\nContent-Length: 1\r\n"
			  "Transfer-Encoding: chunked\r\n\r\n");
	assert_non_null(strstr(buffer_text(&rig->client), "\"rule\": \"length-and-coding\""));
	assert_client_got_status(rig, "400");
}

/* Its own method counts, not that of the request before it. */
static void test_a_page_has_a_body_but_for_head(void **state)
{
	static const char bad[] = "/ HTTP/1.1\r\nHost: a.example\r\nX : 1\r\n\r\n";
	static const struct {
		const char *before, *method, *request;
		bool late;
		bool has_body;
	} cases[] = {
	    {"HEAD ", "GET ", bad, false, true},      {"GET ", "HEAD ", bad, false, false},
	    {"HEAD ", "GET ", "/\n", false, true},    {"GET ", "HEAD ", "/\n", false, false},
	    {"HEAD ", "GET ", "/", true, true},       {"GET ", "HEAD ", "/", true, false},
	    {"GET ", "\r\nHEAD ", bad, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_init(&rig);
		client_sends(&rig, cases[i].before);
		client_sends(&rig, "/ HTTP/1.1\r\nHost: a.example\r\n\r\n");
		open_backend(&rig);
		backend_sends(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		buffer_cleanup(&rig.client);
		client_sends(&rig, cases[i].method);
		client_sends(&rig, cases[i].request);
		if (cases[i].late)
			http_late(&rig.http);
		const char *end = strstr(buffer_text(&rig.client), "\r\n\r\n");
		assert_non_null(end);
		assert_int_equal(end[4] != '\0', cases[i].has_body);
		rig_cleanup(&rig);
	}
}

static void test_statuses_of_refusals(void **state)
{
	static char long_target[2048];
	static char long_head[2048];
	static const struct {
		const char *request;
		const char *status;
	} cases[] = {
	    {"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n", "421"},
	    {"GET / HTTP/1.1\r\nHost: a.example\r\nExpect: more\r\n\r\n", "417"},
	    {"GET / HTTP/2.0\r\nHost: a.example\r\n\r\n", "505"},
	    {"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", "501"},
	    {"GET / HTTP/1.1\r\n\r\n", "400"},
	    {long_target, "414"},
	    {long_head, "431"},
	};

	(void)state;
	memset(long_target, 'x', sizeof(long_target) - 1);
	memcpy(long_target, "GET /", 5);
	memset(long_head, 'x', sizeof(long_head) - 1);
	memcpy(long_head, "GET / HTTP/1.1\r\nX:", 18);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_init(&rig);
		client_sends(&rig, cases[i].request);
		assert_client_got_status(&rig, cases[i].status);
		assert_wishes(&rig, HTTP_WISH_END);
		rig_cleanup(&rig);
	}
}

/* As large as the configuration takes max_head_bytes, in two reads. */
static void test_heads_as_large_as_a_site_takes_them(void **state)
{
	enum { LARGEST = 256 * 1024 };
	static const char start[] = "GET / HTTP/1.1\r\nHost: a.example\r\nX: ";
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
	struct rig *rig = (struct rig *)*state;
	char *text = malloc(LARGEST + 1);

	assert_non_null(text);
	memset(text, 'x', LARGEST);
	memcpy(text + LARGEST - 4, "\r\n\r\n", 5);
	rig->policy.max_head_bytes = LARGEST;
	http_connection_init(&rig->http, &rig->policy, &rig->http.client, &calls, rig); /* it reserves by the policy */
	memcpy(text, start, sizeof(start) - 1);
	http_from_client(&rig->http, bytes_of(text, LARGEST / 2));
	client_sends(rig, text + LARGEST / 2);
	open_backend(rig);
	assert_backend_got(rig, text);
	memcpy(text, answer, sizeof(answer) - 1);
	memset(text + sizeof(answer) - 1, 'y', sizeof(start));
	http_from_backend(&rig->http, bytes_of(text, LARGEST / 2));
	backend_sends(rig, text + LARGEST / 2);
	assert_client_got(rig, text);
	free(text);
}

static void test_a_body_that_is_too_large(void **state)
{
	struct rig *rig = (struct rig *)*state;

	rig->policy.max_body_bytes = 3;
	client_sends(rig, "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	open_backend(rig);
	client_sends(rig, "1\r\nd\r\n");
	assert_client_got_status(rig, "413");
	assert_true(strstr(buffer_text(&rig->backend), "0\r\n\r\n") == NULL);
}

/* A backend may merge them into the head, and take `_` for `-`. */
static void test_trailers_do_not_say_what_the_site_sets_and_removes(void **state)
{
	static const char request[] = "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
				      "0\r\nX-Role: root\r\nx_user: root\r\nX-Sum: 1\r\n\r\n";
	static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Role: a\r\n\r\n";
	const struct http_named_value set = {bytes_of_string("X-Role"), bytes_of_string("guest")};
	const struct bytes removed = bytes_of_string("X-User");
	const struct http_policy settings = {
	    .max_head_bytes = 1024, .set = &set, .num_set = 1, .remove = &removed, .num_remove = 1};
	struct rig *rig = (struct rig *)*state;
	struct http_policy *policy;

	assert_false(failed(http_policy_new(&settings, &policy)));
	rig->http.policy = policy;
	client_sends(rig, request);
	open_backend(rig);
	assert_backend_got(rig, "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n"
				"X-Role: guest\r\n\r\n0\r\nX-Sum: 1\r\n\r\n");
	backend_sends(rig, chunked); /* what is set is for requests */
	assert_client_got(rig, chunked);
	http_policy_free(policy);
}

static void test_an_early_answer_lets_the_request_finish(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nab");
	open_backend(rig);
	backend_sends(rig, OK);
	assert_client_got(rig, OK);
	assert_int_equal(rig->http.state, EXCHANGE_FINISHING);
	assert_int_equal(http_connection_limit(&rig->http), HTTP_LIMIT_IDLE); /* the backend has begun to answer */
	buffer_cleanup(&rig->backend);
	client_sends(rig, "cd" GET);
	assert_backend_got(rig, "cd" GET);
	assert_int_equal(rig->http.state, EXCHANGE_WAITING);
}

static void test_an_early_answer_of_a_backend_that_closes(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nab");
	open_backend(rig);
	backend_sends(rig, "HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	assert_client_got(rig, "HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	assert_wishes(rig, HTTP_WISH_END);
}

static void test_answers_without_a_body(void **state)
{
	static const char head[] = "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	static const char *const answers[] = {
	    "HTTP/1.1 204 No Content\r\n\r\n",
	    "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
	};
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, head);
	open_backend(rig);
	backend_sends(rig, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	assert_client_got(rig, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		client_sends(rig, GET);
		backend_sends(rig, answers[i]);
		assert_client_got(rig, answers[i]);
		assert_idle(rig);
	}
}

static void test_interim_answers_pass(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, "POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
	open_backend(rig);
	backend_sends(rig, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
	assert_client_got(rig, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
	client_sends(rig, "x");
	backend_sends(rig, OK);
	assert_client_got(rig, OK);
}

static void test_interim_answers_are_not_for_http_1_0(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, "GET / HTTP/1.0\r\n\r\n");
	open_backend(rig);
	backend_sends(rig, "HTTP/1.1 103 Early Hints\r\n\r\n");
	assert_client_got(rig, "");
}

#define UPGRADE "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void test_a_tunnel_begins_behind_101(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, UPGRADE "frame");
	open_backend(rig);
	buffer_cleanup(&rig->backend);
	assert_int_equal(rig->http.state, EXCHANGE_WAITING);
	backend_sends(rig,
		      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
	assert_wishes(rig, HTTP_WISH_TUNNEL);
	http_take_held(&rig->http);
	assert_backend_got(rig, "frame");
	assert_true(rig->client.len > 5);
	assert_memory_equal(rig->client.data + rig->client.len - 5, "hello", 5);
}

static void test_a_tunnel_for_a_request_of_no_bytes(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
			  "Content-Length: 0\r\n\r\n");
	open_backend(rig);
	backend_sends(rig, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
	assert_wishes(rig, HTTP_WISH_TUNNEL);
}

static void test_an_upgrade_that_is_declined_stays_http(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, UPGRADE GET);
	open_backend(rig);
	buffer_cleanup(&rig->backend);
	backend_sends(rig, OK);
	assert_client_got(rig, OK);
	assert_backend_got(rig, GET);
}

static void test_101_that_nobody_asked_for(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET);
	open_backend(rig);
	backend_sends(rig, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	assert_client_got_status(rig, "502");
}

static void test_no_backend(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET);
	assert_wishes(rig, HTTP_WISH_BACKEND);
	http_no_backend(&rig->http);
	assert_client_got_status(rig, "503");
	assert_wishes(rig, HTTP_WISH_END);
}

static void test_what_takes_too_long(void **state)
{
	static const struct {
		const char *request;
		bool open;
		const char *answer;
		const char *status; /* NULL: a close without a word */
		unsigned wishes;
	} cases[] = {
	    {"", false, "", NULL, HTTP_WISH_END},
	    {"GET / HT", false, "", "408", HTTP_WISH_END},
	    {"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nab", true, "", "408", HTTP_WISH_END},
	    {GET, true, "", "504", HTTP_WISH_END},
	    {GET, true, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", NULL, HTTP_WISH_BREAK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_init(&rig);
		client_sends(&rig, cases[i].request);
		if (cases[i].open)
			open_backend(&rig);
		backend_sends(&rig, cases[i].answer);
		http_late(&rig.http);
		if (cases[i].status != NULL)
			assert_client_got_status(&rig, cases[i].status);
		assert_wishes(&rig, cases[i].wishes);
		rig_cleanup(&rig);
	}
}

static void test_a_drain_ends_behind_the_answer(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET);
	open_backend(rig);
	http_drain(&rig->http);
	assert_wishes(rig, 0);
	backend_sends(rig, OK);
	assert_client_got(rig, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
	assert_wishes(rig, HTTP_WISH_END);
}

static void test_a_drain_ends_what_is_idle(void **state)
{
	struct rig *rig = (struct rig *)*state;

	serve_one(rig);
	http_drain(&rig->http);
	assert_wishes(rig, HTTP_WISH_END);
}

static void test_a_client_that_has_ended_still_gets_its_answers(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET GET);
	open_backend(rig);
	http_client_ended(&rig->http);
	backend_sends(rig, OK);
	assert_client_got(rig, OK);
	assert_wishes(rig, 0);
	backend_sends(rig, OK);
	assert_client_got(rig, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
	assert_wishes(rig, HTTP_WISH_END);
}

static void test_a_client_that_ends_within_its_request(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nab");
	open_backend(rig);
	assert_true(http_is_partial(&rig->http));
	http_client_ended(&rig->http);
	assert_client_got(rig, "");
	assert_wishes(rig, HTTP_WISH_END);
	assert_true(http_is_partial(&rig->http)); /* the close that follows is no end of the request */
}

static void test_a_request_is_partial_until_its_end_is_sent(void **state)
{
	struct rig *rig = (struct rig *)*state;

	client_sends(rig, GET);
	open_backend(rig);
	assert_false(http_is_partial(&rig->http));
	backend_sends(rig, OK);
	client_sends(rig, "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
	assert_true(http_is_partial(&rig->http));
	client_sends(rig, "0\r\n\r\n");
	assert_false(http_is_partial(&rig->http));
}

/* The same whatever pieces the bytes come in. */
static void test_every_cut(void **state)
{
	static const char requests[] = "\r\nPOST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
				       "5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"
				       "PUT /b HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nworld" GET;
	static const char answers[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
	size_t num_requests = 3;

	(void)state;
	for (size_t piece = 1; piece < sizeof(requests); piece++) {
		struct rig rig;
		size_t answered = 0;

		rig_init(&rig);
		for (size_t at = 0; at < sizeof(requests) - 1; at += piece) {
			size_t len = sizeof(requests) - 1 - at < piece ? sizeof(requests) - 1 - at : piece;

			http_from_client(&rig.http, bytes_of(requests + at, len));
			if ((http_take_wishes(&rig.http) & HTTP_WISH_BACKEND) != 0)
				http_backend_open(&rig.http, false, false);
			while (rig.http.state == EXCHANGE_WAITING) {
				for (size_t i = 0; i < sizeof(answers) - 1; i += piece)
					http_from_backend(&rig.http,
							  bytes_of(answers + i, sizeof(answers) - 1 - i < piece
										    ? sizeof(answers) - 1 - i
										    : piece));
				answered++;
			}
		}
		assert_int_equal(answered, num_requests);
		assert_non_null(strstr(buffer_text(&rig.backend), "X-Sum: 1\r\n\r\nPUT /b HTTP/1.1\r\n"));
		assert_non_null(strstr(buffer_text(&rig.backend), "world" GET));
		assert_int_equal(rig.num_refused_requests + rig.num_refused_answers, 0);
		rig_cleanup(&rig);
	}
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* However they are cut, and as many again before the next request. */
static void test_empty_lines_before_a_request_are_few(void **state)
{
	struct rig *rig = (struct rig *)*state;

	for (int request = 0; request < 2; request++) {
		for (int i = 0; i < 2 * HTTP_MAX_EMPTY_LINES; i++)
			client_sends(rig, i % 2 == 0 ? "\r" : "\n");
		assert_idle(rig);
		client_sends(rig, GET);
		if (request == 0)
			open_backend(rig);
		backend_sends(rig, OK);
		buffer_cleanup(&rig->client);
	}
	for (int i = 0; i <= HTTP_MAX_EMPTY_LINES; i++) {
		assert_idle(rig);
		client_sends(rig, "\r\n");
	}
	assert_client_got_status(rig, "400");
	assert_int_equal(rig->num_refused_requests, 1);
	assert_int_equal(rig->http.broken, HTTP_RULE_EMPTY_LINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RIG_TEST(test_a_request_and_its_answer),
	    RIG_TEST(test_a_length_of_zero_is_whole_with_the_head),
	    RIG_TEST(test_a_length_of_zero_does_not_keep_a_request_from_being_sent_again),
	    RIG_TEST(test_a_request_of_no_bytes_is_sent_again_too),
	    RIG_TEST(test_the_next_request_takes_the_open_backend),
	    RIG_TEST(test_requests_at_once_wait_for_their_turn),
	    RIG_TEST(test_a_client_that_pipelines_is_stopped),
	    RIG_TEST(test_a_backend_that_closes_is_replaced),
	    RIG_TEST(test_a_request_is_sent_again_where_nobody_has_begun_to_answer),
	    RIG_TEST(test_a_request_of_no_bytes_is_whole_with_its_head),
	    RIG_TEST(test_a_request_is_never_sent_twice_otherwise),
	    RIG_TEST(test_a_request_of_no_bytes_is_sent_again_too),
	    RIG_TEST(test_a_request_over_a_shared_backend_is_sent_again),
	    RIG_TEST(test_a_backend_between_two_requests_is_spare),
	    cmocka_unit_test(test_a_backend_that_is_not_spare),
	    RIG_TEST(test_a_login_binds_for_the_life_of_the_client),
	    RIG_TEST(test_bytes_before_a_request_are_no_answer),
	    RIG_TEST(test_bytes_behind_an_answer_are_no_answer),
	    RIG_TEST(test_an_answer_that_ends_with_its_connection),
	    RIG_TEST(test_an_answer_that_is_cut_short_breaks_off),
	    RIG_TEST(test_a_refused_request),
	    RIG_TEST(test_a_page_is_json_for_a_head_that_cannot_be_read_too),
	    RIG_TEST(test_a_page_has_a_body_but_for_head),
	    RIG_TEST(test_statuses_of_refusals),
	    RIG_TEST(test_heads_as_large_as_a_site_takes_them),
	    RIG_TEST(test_a_body_that_is_too_large),
	    RIG_TEST(test_trailers_do_not_say_what_the_site_sets_and_removes),
	    RIG_TEST(test_an_early_answer_lets_the_request_finish),
	    RIG_TEST(test_an_early_answer_of_a_backend_that_closes),
	    RIG_TEST(test_answers_without_a_body),
	    RIG_TEST(test_interim_answers_pass),
	    RIG_TEST(test_interim_answers_are_not_for_http_1_0),
	    RIG_TEST(test_a_tunnel_begins_behind_101),
	    RIG_TEST(test_a_tunnel_for_a_request_of_no_bytes),
	    RIG_TEST(test_an_upgrade_that_is_declined_stays_http),
	    RIG_TEST(test_101_that_nobody_asked_for),
	    RIG_TEST(test_no_backend),
	    RIG_TEST(test_what_takes_too_long),
	    RIG_TEST(test_a_drain_ends_behind_the_answer),
	    RIG_TEST(test_a_drain_ends_what_is_idle),
	    RIG_TEST(test_a_client_that_has_ended_still_gets_its_answers),
	    RIG_TEST(test_a_client_that_ends_within_its_request),
	    RIG_TEST(test_a_request_is_partial_until_its_end_is_sent),
	    RIG_TEST(test_every_cut),
	    RIG_TEST(test_empty_lines_before_a_request_are_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
