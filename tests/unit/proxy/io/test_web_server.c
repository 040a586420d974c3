#include "proxy/io/web_server.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

/* A server on a loop of its own, and a client beside it that never blocks. */
struct place {
	struct loop *loop;
	struct web_server *server;
	int listen_fd;
	struct sockaddr_in address;
	unsigned num_requests;
	unsigned num_waiting; /* requests that were told to wait */
	unsigned num_released;
	char asked[300];
	char answer[100000];
};

static void release(void *owner)
{
	struct place *place = owner;
	place->num_released++;
}

static void handle(void *context, const struct http_request *request, struct http_answer *out)
{
	static const struct http_field fields[] = {{"X-Test", "yes"}, {0}};
	struct place *place = context;

	if (strcmp(request->path, "/wait") == 0 && !request->has_waited) {
		place->num_waiting++;
		out->wait_ms = 20;
		return;
	}
	assert_int_equal(request->peer->kind, WEB_PEER_LOOPBACK);
	place->num_requests++;
	snprintf(place->asked, sizeof(place->asked), "%s|%s|%s|%s", request->path,
		 request->host != NULL ? request->host : "-",
		 request->authorization != NULL ? request->authorization : "-",
		 request->from != NULL ? request->from : "-");
	*out = (struct http_answer){
	    .status = 200, .body = bytes_of_string("hello"), .release = release, .owner = place, .fields = fields};
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	*state = place;
	socklen_t len = sizeof(place->address);

	place->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	place->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	if (bind(place->listen_fd, (struct sockaddr *)&place->address, len) != 0 ||
	    listen(place->listen_fd, 100) != 0 ||
	    getsockname(place->listen_fd, (struct sockaddr *)&place->address, &len) != 0)
		return -1;
	assert_ok(loop_new(&place->loop));
	assert_ok(web_server_open(place->loop, place->listen_fd, place, handle, &place->server));
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	web_server_close(place->server);
	web_server_close(NULL);
	assert_true(loop_free(place->loop));
	close(place->listen_fd);
	free(place);
	return 0;
}

static int connect_to(struct place *place)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&place->address, sizeof(place->address)), 0);
	return fd;
}

/* Sends, then runs the loop until the answer has `words` in it or the connection ends. */
static const char *ask(struct place *place, int fd, const char *request, const char *words)
{
	size_t len = 0;

	place->answer[0] = '\0';
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	while (strstr(place->answer, words) == NULL) {
		loop_run_ready(place->loop);
		ssize_t got = recv(fd, place->answer + len, sizeof(place->answer) - 1 - len, MSG_DONTWAIT);
		if (got == 0)
			break;
		if (got > 0)
			len += (size_t)got;
		place->answer[len] = '\0';
		usleep(100);
	}
	return place->answer;
}

static void test_requests_on_one_connection(void **state)
{
	struct place *place = *state;
	int fd = connect_to(place);

	assert_non_null(
	    strstr(ask(place, fd, "GET /a?from=7 HTTP/1.1\r\nHost: h:1\r\nAuthorization: x y\r\n\r\n", "hello"),
		   "HTTP/1.1 200"));
	assert_string_equal(place->asked, "/a|h:1|x y|7");
	assert_non_null(strstr(place->answer, "X-Test: yes"));
	ask(place, fd, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n", "hello");
	assert_string_equal(place->asked, "/b|h|-|-");
	ask(place, fd, "HEAD /c HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n");
	assert_null(strstr(place->answer, "hello"));
	assert_int_equal(place->num_requests, 3);
	close(fd);
}

static void test_what_is_no_reading_never_comes_to_the_handler(void **state)
{
	static const char *const refused[] = {
	    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
	    "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
	    "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "rubbish\r\n\r\n",
	};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int fd = connect_to(place);
		ask(place, fd, refused[i], "no such words");
		assert_true(place->answer[0] == '\0' || strncmp(place->answer, "HTTP/1.1 4", 10) == 0);
		close(fd);
	}
	assert_int_equal(place->num_requests, 0);
}

static void test_a_close_in_the_midst_releases_everything(void **state)
{
	struct place *place = *state;
	int fds[10];

	for (size_t i = 0; i < 10; i++)
		fds[i] = connect_to(place);
	ask(place, fds[0], "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "hello");
	assert_int_equal(send(fds[1], "GET / HT", 8, 0), 8);
	loop_run_ready(place->loop);
	web_server_close(place->server);
	place->server = NULL;
	loop_run(place->loop);
	assert_int_equal(place->num_released, place->num_requests);
	for (size_t i = 0; i < 10; i++)
		close(fds[i]);
}

static bool is_cut(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* More than there are places for, with the beginning of a request each. */
static void open_half_requests(struct place *place, int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fds[i] = connect_to(place);
		assert_int_equal(send(fds[i], "GET / HT", 8, MSG_NOSIGNAL), 8);
		loop_run_ready(place->loop);
	}
}

static void test_half_requests_make_room_for_whole_ones(void **state)
{
	enum { COUNT = 3 * WEB_SERVER_MAX_CONNECTIONS };
	struct place *place = *state;
	int fds[COUNT];
	size_t num_cut = 0;

	open_half_requests(place, fds, COUNT);
	int fd = connect_to(place);
	assert_non_null(strstr(ask(place, fd, "GET /whole HTTP/1.1\r\nHost: h\r\n\r\n", "hello"), "HTTP/1.1 200"));
	for (size_t i = 0; i < COUNT; i++)
		num_cut += is_cut(fds[i]);
	assert_int_equal(num_cut, COUNT + 1 - WEB_SERVER_MAX_CONNECTIONS);
	assert_true(is_cut(fds[0])); /* the oldest */
	assert_non_null(strstr(ask(place, fds[COUNT - 1], "TP/1.1\r\nHost: h\r\n\r\n", "hello"), "HTTP/1.1 200"));
	for (size_t i = 0; i < COUNT; i++)
		close(fds[i]);
	close(fd);
}

static void test_idle_connections_make_room(void **state)
{
	struct place *place = *state;
	int fds[WEB_SERVER_MAX_CONNECTIONS + 1];

	for (size_t i = 0; i <= WEB_SERVER_MAX_CONNECTIONS; i++) {
		fds[i] = connect_to(place);
		assert_non_null(strstr(ask(place, fds[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "hello"), "200"));
	}
	assert_true(is_cut(fds[0]));
	assert_false(is_cut(fds[1]));
	for (size_t i = 0; i <= WEB_SERVER_MAX_CONNECTIONS; i++)
		close(fds[i]);
}

static void send_waiting(int fd)
{
	static const char request[] = "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n";
	assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
}

static void test_an_answer_may_wait_while_others_are_given(void **state)
{
	struct place *place = *state;
	int slow = connect_to(place), fast = connect_to(place);

	for (unsigned i = 1; i <= 3; i++) { /* on one connection */
		send_waiting(slow);
		while (place->num_waiting < i)
			loop_run_ready(place->loop);
		assert_non_null(strstr(ask(place, fast, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n", "hello"), "200"));
		assert_string_equal(place->asked, "/now|h|-|-");
		assert_non_null(strstr(ask(place, slow, "", "hello"), "HTTP/1.1 200"));
		assert_string_equal(place->asked, "/wait|h|-|-");
	}
	assert_int_equal(place->num_waiting, 3);
	close(slow);
	close(fast);
}

static void test_what_waits_makes_room_and_ends_with_the_server(void **state)
{
	enum { COUNT = WEB_SERVER_MAX_CONNECTIONS + 10 };
	struct place *place = *state;
	int fds[COUNT];

	for (size_t i = 0; i < COUNT; i++) {
		fds[i] = connect_to(place);
		send_waiting(fds[i]);
		while (place->num_waiting <= i)
			loop_run_ready(place->loop);
	}
	web_server_close(place->server);
	place->server = NULL;
	loop_run(place->loop);
	assert_int_equal(place->num_released, place->num_requests);
	for (size_t i = 0; i < COUNT; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_requests_on_one_connection, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_no_reading_never_comes_to_the_handler, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_close_in_the_midst_releases_everything, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_half_requests_make_room_for_whole_ones, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_idle_connections_make_room, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_an_answer_may_wait_while_others_are_given, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_waits_makes_room_and_ends_with_the_server, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
