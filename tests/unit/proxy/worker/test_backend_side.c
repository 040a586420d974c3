#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/worker_fixture.h"

#define TLS_BACKEND "backend = tls://127.0.0.1:1\n"

static void expect_alert(struct worker_fixture *fixture)
{
	uint8_t answer[8];
	size_t len;

	assert_int_equal(test_client_read_end(&fixture->client, answer, sizeof(answer), &len), CLIENT_END_ALERT);
	assert_int_equal(len, 0);
}

/* The next report of a backend that failed says this. */
static void expect_report(struct worker_fixture *fixture, const char *words)
{
	struct worker_event *event = world_wait(&fixture->world, WORKER_BACKEND_FAILED);

	if (strstr(event->text, words) == NULL)
		fail_msg("%s lacks: %s", event->text, words);
	worker_event_free(event);
}

static void give_verdict(struct worker_fixture *fixture, bool trusted, const char *reason)
{
	struct worker_event *event = world_wait(&fixture->world, WORKER_VERIFY_BACKEND);

	worker_give_verdict(fixture->world.worker, event->connection, trusted, reason);
	worker_event_free(event);
}

static void test_dead_backend_is_told_and_the_client_let_go(void **state)
{
	struct worker_fixture *fixture = *state;

	worker_fixture_join(fixture);
	expect_alert(fixture);
	struct worker_event *event = world_wait(&fixture->world, WORKER_BACKEND_FAILED);
	assert_non_null(strstr(event->text, "127.0.0.1:"));
	assert_non_null(strstr(event->text, strerror(ECONNREFUSED)));
	worker_event_free(event);
}

static void test_next_backend_is_tried(void **state)
{
	struct worker_fixture *fixture = *state;

	fixture->site.second_backend_port = fixture->site.backend_port;
	fixture->site.backend_port = loopback_unused_port();
	worker_fixture_start(fixture);
	for (int i = 0; i < 3; i++) {
		worker_fixture_join(fixture);
		test_client_echo(&fixture->client, "over there");
	}
	/* It rests after the first failure: two connects for the first client, one for each of the others. */
	assert_int_equal(world_count(&fixture->world, backend_connects), 4);
}

static void test_tls_backend_waits_for_its_verdict(void **state)
{
	struct worker_fixture *fixture = *state;
	char back[5];

	worker_fixture_join(fixture);
	give_verdict(fixture, false, "nobody knows its root");
	expect_alert(fixture);
	expect_report(fixture, "nobody knows its root");

	worker_fixture_join(fixture);
	assert_int_equal(SSL_write(fixture->client.ssl, "early", 5), 5); /* held until then */
	struct worker_event *event = world_wait(&fixture->world, WORKER_VERIFY_BACKEND);
	assert_int_equal(event->chain.count, 1);
	assert_non_null(strstr(event->chain.items[0].certificate->subject, "backend.example"));
	worker_give_verdict(fixture->world.worker, event->connection + 1000, false, "for nobody");
	worker_give_verdict(fixture->world.worker, event->connection, true, NULL);
	worker_event_free(event);
	assert_int_equal(SSL_read(fixture->client.ssl, back, sizeof(back)), sizeof(back));
	assert_memory_equal(back, "early", 5);
	test_client_echo(&fixture->client, "later");
}

/* For another chain it is asked for. */
static void test_good_verdict_is_remembered(void **state)
{
	struct worker_fixture *fixture = *state;
	SSL_CTX *other_ctx = worker_backend_context("other.example");
	struct test_backend *other = test_backend_start(BACKEND_ECHO, other_ctx);

	fixture->site.second_backend_port = test_backend_port(other);
	worker_fixture_start(fixture);
	for (int i = 0; i < 3; i++) {
		if (i == 2) {
			worker_fixture_leave(fixture);
			test_backend_stop(fixture->backend); /* the other one takes over */
			fixture->backend = NULL;
		}
		worker_fixture_join(fixture);
		if (i != 1)
			give_verdict(fixture, true, NULL);
		test_client_echo(&fixture->client, "trusted");
	}
	worker_fixture_leave(fixture);
	test_backend_stop(other);
	SSL_CTX_free(other_ctx);
}

/* Forwards an end without close_notify as one without it, in both directions. */
static void test_end_without_close_notify_goes_on_as_one(void **state)
{
	struct worker_fixture *fixture = *state;
	uint8_t bytes[8];
	size_t len;

	for (int backend_ends = 0; backend_ends < 2; backend_ends++) {
		worker_fixture_join(fixture);
		int fd = worker_fixture_accept(fixture);
		SSL *ssl = SSL_new(fixture->tls);
		SSL_set_fd(ssl, fd);
		assert_int_equal(SSL_accept(ssl), 1);
		assert_int_equal(SSL_write(ssl, "part", 4), 4);
		assert_int_equal(SSL_write(fixture->client.ssl, "part", 4), 4);
		assert_int_equal(SSL_read(ssl, bytes, sizeof(bytes)), 4);
		shutdown(backend_ends ? fd : fixture->client.fd, SHUT_WR);
		if (backend_ends) {
			assert_int_equal(test_client_read_end(&fixture->client, bytes, sizeof(bytes), &len),
					 CLIENT_END_BARE);
			assert_int_equal(len, 4);
		} else {
			int n = SSL_read(ssl, bytes, sizeof(bytes));
			assert_int_equal(SSL_get_error(ssl, n), SSL_ERROR_SYSCALL);
		}
		SSL_free(ssl);
	}
}

static void test_tls_backend_unverified_in_bulk(void **state)
{
	struct worker_fixture *fixture = *state;
	uint8_t *bytes = malloc(TEST_BACKEND_FLOOD_BYTES);
	size_t len;

	worker_fixture_join(fixture);
	assert_true(test_client_read_all(&fixture->client, bytes, TEST_BACKEND_FLOOD_BYTES, &len));
	assert_int_equal(len, TEST_BACKEND_FLOOD_BYTES);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != (uint8_t)(i * 31 >> 3))
			fail_msg("byte %zu is another one", i);
	free(bytes);
}

/* The answer to a question that nobody waits for any more is not taken for the answer to the next one: that would
 * have one backend trusted for the chain of another. */
static void test_late_verdict_is_not_the_next_backends(void **state)
{
	struct worker_fixture *fixture = *state;
	struct test_backend *other = test_backend_start(BACKEND_ECHO, fixture->tls);

	fixture->site.second_backend_port = test_backend_port(other);
	worker_fixture_start(fixture);
	worker_fixture_join(fixture);
	assert_int_equal(SSL_write(fixture->client.ssl, "secret", 6), 6);
	struct worker_event *first = world_wait(&fixture->world, WORKER_VERIFY_BACKEND);
	struct worker_event *second = world_wait(&fixture->world, WORKER_VERIFY_BACKEND);
	worker_give_verdict(fixture->world.worker, first->connection, true, NULL);
	worker_give_verdict(fixture->world.worker, second->connection, false, "it is another one");
	expect_alert(fixture);
	assert_int_equal(atomic_load(test_backend_received(other)), 0);
	assert_int_not_equal(first->connection, second->connection);
	worker_event_free(first);
	worker_event_free(second);
	worker_fixture_leave(fixture);
	worker_fixture_stop(fixture);
	test_backend_stop(other);
}

/* A client that sends, closes and never reads resets the connection: its bytes are the backend's all the same, those
 * that are held and those that are not read yet. */
static void test_bytes_of_a_client_that_is_gone(void **state)
{
	static const uint8_t bytes[150000];
	static const int sizes[] = {5, sizeof(bytes)};
	struct worker_fixture *fixture = *state;
	uint64_t total = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		worker_fixture_start(fixture);
		worker_fixture_join(fixture);
		assert_int_equal(SSL_write(fixture->client.ssl, bytes, sizes[i]), sizes[i]);
		struct worker_event *event = world_wait(&fixture->world, WORKER_VERIFY_BACKEND);
		worker_fixture_reset(fixture);
		usleep(50000); /* so that the reset is seen first; nothing depends on it */
		worker_give_verdict(fixture->world.worker, event->connection, true, NULL);
		worker_event_free(event);
		total += (uint64_t)sizes[i];
		world_wait_value(test_backend_received(fixture->backend), total, "bytes at the backend");
		world_wait_count(&fixture->world, connections_open, 0);
		worker_fixture_stop(fixture);
	}
}

static void test_refused_backend_hears_why(void **state)
{
	struct worker_fixture *fixture = *state;

	worker_fixture_join(fixture);
	give_verdict(fixture, false, "no");
	world_wait_value(test_backend_refusal(fixture->backend), SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
			 "the backend's error");
}

/* In TLS 1.3 a backend refuses our want of a certificate after our side holds the handshake for done. */
static void test_backend_that_wants_a_certificate_is_told_of(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct worker_fixture *fixture = *state;

	SSL_CTX_set_verify(fixture->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		SSL_CTX_set_max_proto_version(fixture->tls, versions[i]);
		worker_fixture_start(fixture);
		worker_fixture_join(fixture);
		expect_alert(fixture);
		struct worker_event *event = world_wait(&fixture->world, WORKER_BACKEND_FAILED);
		if (strstr(event->text, "certificate") == NULL && strstr(event->text, "handshake failure") == NULL)
			fail_msg("%s", event->text);
		worker_event_free(event);
		assert_int_equal(world_count(&fixture->world, backend_failures), 1);
		worker_fixture_leave(fixture);
		worker_fixture_stop(fixture);
	}
}

/* A port whose queue is full: the kernel drops what else wants to connect. */
struct full_port {
	int listening;
	int waiting[8];
	size_t num_waiting;
	uint16_t port;
};

static bool is_connected_soon(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	return poll(&poll_fd, 1, 200) == 1;
}

static void fill_port(struct full_port *full)
{
	*full = (struct full_port){0};
	full->listening = loopback_listen(&full->port);
	struct sockaddr_in address = loopback_address(full->port);

	assert_int_equal(listen(full->listening, 0), 0);
	for (bool connected = true; connected;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		assert_true(full->num_waiting < sizeof(full->waiting) / sizeof(full->waiting[0]));
		full->waiting[full->num_waiting++] = fd;
		int status = connect(fd, (struct sockaddr *)&address, sizeof(address));
		assert_true(status == 0 || errno == EINPROGRESS);
		connected = is_connected_soon(fd);
	}
}

static void empty_port(struct full_port *full)
{
	for (size_t i = 0; i < full->num_waiting; i++)
		close(full->waiting[i]);
	close(full->listening);
}

/* The port and the worker in front of it, which is started anew with each `keys`. */
static void serve_full_port(struct worker_fixture *fixture, const struct full_port *full, uint16_t second_port,
			    const char *keys)
{
	worker_fixture_leave(fixture);
	if (fixture->started)
		worker_fixture_stop(fixture);
	fixture->site = world_site(full->port, keys);
	fixture->site.second_backend_port = second_port;
	worker_fixture_start(fixture);
	worker_fixture_join(fixture);
}

static void test_backend_that_does_not_answer(void **state)
{
	struct worker_fixture *fixture = *state;
	struct full_port full;

	fill_port(&full);
	serve_full_port(fixture, &full, 0, "connect_timeout = 200ms");
	assert_int_equal(SSL_write(fixture->client.ssl, "held", 4), 4);
	expect_alert(fixture);
	expect_report(fixture, "no answer within connect_timeout");

	/* With another address behind it, what was held goes there. */
	serve_full_port(fixture, &full, test_backend_port(fixture->backend), "connect_timeout = 200ms");
	test_client_echo(&fixture->client, "held for the next");

	/* A client that is gone meanwhile, with nothing said, is not waited for. */
	serve_full_port(fixture, &full, 0, "connect_timeout = 1h");
	world_wait_count(&fixture->world, backend_connects, 1);
	worker_fixture_reset(fixture);
	world_wait_count(&fixture->world, connections_open, 0);
	empty_port(&full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORKER_TEST(test_dead_backend_is_told_and_the_client_let_go, .backend = PLAN_NOBODY),
	    WORKER_TEST(test_next_backend_is_tried, .manner = BACKEND_ECHO, .waits = true),
	    WORKER_TEST(test_tls_backend_waits_for_its_verdict, .manner = BACKEND_ECHO, .tls = true,
			.keys = TLS_BACKEND),
	    WORKER_TEST(test_good_verdict_is_remembered, .manner = BACKEND_ECHO, .tls = true, .waits = true,
			.keys = TLS_BACKEND),
	    WORKER_TEST(test_end_without_close_notify_goes_on_as_one, .backend = PLAN_LISTENS, .tls = true,
			.keys = TLS_BACKEND "backend_verify = off"),
	    WORKER_TEST(test_tls_backend_unverified_in_bulk, .manner = BACKEND_FLOOD, .tls = true,
			.keys = TLS_BACKEND "backend_verify = off"),
	    WORKER_TEST(test_late_verdict_is_not_the_next_backends, .manner = BACKEND_ECHO, .tls = true, .waits = true,
			.keys = TLS_BACKEND "handshake_timeout = 300ms"),
	    WORKER_TEST(test_bytes_of_a_client_that_is_gone, .manner = BACKEND_COUNT, .tls = true, .waits = true,
			.keys = TLS_BACKEND),
	    WORKER_TEST(test_refused_backend_hears_why, .manner = BACKEND_ECHO, .tls = true, .keys = TLS_BACKEND),
	    WORKER_TEST(test_backend_that_wants_a_certificate_is_told_of, .manner = BACKEND_ECHO, .tls = true,
			.waits = true, .keys = TLS_BACKEND "backend_verify = off"),
	    WORKER_TEST(test_backend_that_does_not_answer, .manner = BACKEND_ECHO, .waits = true),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
