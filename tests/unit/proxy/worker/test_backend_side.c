#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/proxy_world.h"
#include "tests/support/test_backend.h"
#include "tests/support/test_client.h"

static SSL_CTX *backend_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	const struct certificate *certificate =
	    PKI(.cn = "backend.example", .issuer = world_issuer(), .dns = PKI_STRINGS("backend.example"));

	assert_int_equal(SSL_CTX_use_certificate(ctx, certificate->x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki_key(certificate)), 1);
	return ctx;
}

static void test_dead_backend_is_told_and_the_client_let_go(void **state)
{
	struct world_site site = world_site(loopback_unused_port(), "");
	struct world world = {0};
	struct test_client client;
	uint8_t answer[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	assert_int_equal(test_client_read_end(&client, answer, sizeof(answer), &len), CLIENT_END_ALERT);
	assert_int_equal(len, 0);
	struct worker_event *event = world_wait(&world, WORKER_BACKEND_FAILED);
	assert_non_null(strstr(event->text, "127.0.0.1:"));
	assert_non_null(strstr(event->text, strerror(ECONNREFUSED)));
	worker_event_free(event);
	test_client_close(&client);
	world_stop(&world);
}

static void test_next_backend_is_tried(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(loopback_unused_port(), "");
	struct world world = {0};
	struct test_client client;

	(void)state;
	site.second_backend_port = test_backend_port(backend);
	world_start(&world, &site, 1);
	for (int i = 0; i < 3; i++) {
		test_client_join(&client, &world, "a.example");
		test_client_echo(&client, "over there");
		test_client_close(&client);
	}
	/* It rests after the first failure: two connects for the first client, one for each of the others. */
	assert_int_equal(world_count(&world, backend_connects), 4);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_tls_backend_waits_for_its_verdict(void **state)
{
	SSL_CTX *ctx = backend_context();
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, ctx);
	struct world_site site = world_site(test_backend_port(backend), "backend = tls://127.0.0.1:1");
	struct world world = {0};
	struct test_client client;
	uint8_t nothing[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	struct worker_event *event = world_wait(&world, WORKER_VERIFY_BACKEND);
	worker_give_verdict(world.worker, event->connection, false, "nobody knows its root");
	worker_event_free(event);
	assert_int_equal(test_client_read_end(&client, nothing, sizeof(nothing), &len), CLIENT_END_ALERT);
	event = world_wait(&world, WORKER_BACKEND_FAILED);
	assert_non_null(strstr(event->text, "nobody knows its root"));
	worker_event_free(event);
	test_client_close(&client);

	test_client_join(&client, &world, "a.example");
	assert_int_equal(SSL_write(client.ssl, "early", 5), 5); /* held until then */
	event = world_wait(&world, WORKER_VERIFY_BACKEND);
	assert_int_equal(event->chain.count, 1);
	assert_non_null(strstr(event->chain.items[0].certificate->subject, "backend.example"));
	worker_give_verdict(world.worker, event->connection + 1000, false, "for nobody");
	worker_give_verdict(world.worker, event->connection, true, NULL);
	worker_event_free(event);
	char back[5];
	assert_int_equal(SSL_read(client.ssl, back, 5), 5);
	assert_memory_equal(back, "early", 5);
	test_client_echo(&client, "later");
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
	SSL_CTX_free(ctx);
}

/* For another chain it is asked for. */
static void test_good_verdict_is_remembered(void **state)
{
	SSL_CTX *ctx = backend_context();
	SSL_CTX *other_ctx = backend_context();
	const struct certificate *other =
	    PKI(.cn = "other.example", .issuer = world_issuer(), .dns = PKI_STRINGS("backend.example"));
	assert_int_equal(SSL_CTX_use_certificate(other_ctx, other->x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(other_ctx, pki_key(other)), 1);
	struct test_backend *backends[] = {test_backend_start(BACKEND_ECHO, ctx),
					   test_backend_start(BACKEND_ECHO, other_ctx)};
	struct world_site site = world_site(test_backend_port(backends[0]), "backend = tls://127.0.0.1:1");
	struct world world = {0};
	struct test_client client;

	(void)state;
	site.second_backend_port = test_backend_port(backends[1]);
	world_start(&world, &site, 1);
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			test_backend_stop(backends[0]); /* the other one takes over */
		test_client_join(&client, &world, "a.example");
		if (i != 1) {
			struct worker_event *event = world_wait(&world, WORKER_VERIFY_BACKEND);
			worker_give_verdict(world.worker, event->connection, true, NULL);
			worker_event_free(event);
		}
		test_client_echo(&client, "trusted");
		test_client_close(&client);
	}
	world_stop(&world);
	test_backend_stop(backends[1]);
	SSL_CTX_free(ctx);
	SSL_CTX_free(other_ctx);
}

/* What a backend cuts off is not vouched for by a close_notify of ours, nor is what a client cuts off. */
static void test_end_without_close_notify_goes_on_as_one(void **state)
{
	SSL_CTX *ctx = backend_context();
	struct world world = {0};
	struct test_client client;
	uint8_t bytes[8];
	uint16_t port;
	size_t len;

	(void)state;
	int listening = loopback_listen(&port);
	struct world_site site = world_site(port, "backend = tls://127.0.0.1:1\nbackend_verify = off");
	world_start(&world, &site, 1);
	for (int backend_ends = 0; backend_ends < 2; backend_ends++) {
		test_client_join(&client, &world, "a.example");
		int fd = loopback_accept(listening);
		SSL *ssl = SSL_new(ctx);
		SSL_set_fd(ssl, fd);
		assert_int_equal(SSL_accept(ssl), 1);
		assert_int_equal(SSL_write(ssl, "part", 4), 4);
		assert_int_equal(SSL_write(client.ssl, "part", 4), 4);
		assert_int_equal(SSL_read(ssl, bytes, sizeof(bytes)), 4);
		shutdown(backend_ends ? fd : client.fd, SHUT_WR);
		if (backend_ends) {
			assert_false(test_client_read_all(&client, bytes, sizeof(bytes), &len));
			assert_int_equal(len, 4);
		} else {
			int n = SSL_read(ssl, bytes, sizeof(bytes));
			assert_int_equal(SSL_get_error(ssl, n), SSL_ERROR_SYSCALL);
		}
		SSL_free(ssl);
		close(fd);
		test_client_close(&client);
	}
	close(listening);
	world_stop(&world);
	SSL_CTX_free(ctx);
}

static void test_tls_backend_unverified_in_bulk(void **state)
{
	SSL_CTX *ctx = backend_context();
	struct test_backend *backend = test_backend_start(BACKEND_FLOOD, ctx);
	struct world_site site =
	    world_site(test_backend_port(backend), "backend = tls://127.0.0.1:1\nbackend_verify = off");
	uint8_t *bytes = malloc(TEST_BACKEND_FLOOD_BYTES);
	struct world world = {0};
	struct test_client client;
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	assert_true(test_client_read_all(&client, bytes, TEST_BACKEND_FLOOD_BYTES, &len));
	assert_int_equal(len, TEST_BACKEND_FLOOD_BYTES);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != (uint8_t)(i * 31 >> 3))
			fail_msg("byte %zu is another one", i);
	test_client_close(&client);
	free(bytes);
	world_stop(&world);
	test_backend_stop(backend);
	SSL_CTX_free(ctx);
}

/* The answer to a question that nobody waits for any more is not taken for the answer to the next one: that would
 * have one backend trusted for the chain of another. */
static void test_late_verdict_is_not_the_next_backends(void **state)
{
	SSL_CTX *ctx = backend_context();
	struct test_backend *slow = test_backend_start(BACKEND_ECHO, ctx);
	struct test_backend *other = test_backend_start(BACKEND_ECHO, ctx);
	struct world_site site =
	    world_site(test_backend_port(slow), "backend = tls://127.0.0.1:1\nhandshake_timeout = 300ms");
	struct world world = {0};
	struct test_client client;
	uint8_t nothing[8];
	size_t len;

	(void)state;
	site.second_backend_port = test_backend_port(other);
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	assert_int_equal(SSL_write(client.ssl, "secret", 6), 6);
	struct worker_event *first = world_wait(&world, WORKER_VERIFY_BACKEND);
	struct worker_event *second = world_wait(&world, WORKER_VERIFY_BACKEND);
	worker_give_verdict(world.worker, first->connection, true, NULL);
	worker_give_verdict(world.worker, second->connection, false, "it is another one");
	assert_int_equal(test_client_read_end(&client, nothing, sizeof(nothing), &len), CLIENT_END_ALERT);
	assert_int_equal(len, 0);
	assert_int_equal(atomic_load(test_backend_received(other)), 0);
	assert_int_not_equal(first->connection, second->connection);
	worker_event_free(first);
	worker_event_free(second);
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(slow);
	test_backend_stop(other);
	SSL_CTX_free(ctx);
}

/* A client that sends, closes and never reads resets the connection: its bytes are the backend's all the same, those
 * that are held and those that are not read yet. */
static void test_bytes_of_a_client_that_is_gone(void **state)
{
	static const uint8_t bytes[150000];
	static const int sizes[] = {5, sizeof(bytes)};
	SSL_CTX *ctx = backend_context();
	struct test_backend *backend = test_backend_start(BACKEND_COUNT, ctx);
	struct world_site site = world_site(test_backend_port(backend), "backend = tls://127.0.0.1:1");
	uint64_t total = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct world world = {0};
		struct test_client client;

		world_start(&world, &site, 1);
		test_client_join(&client, &world, "a.example");
		assert_int_equal(SSL_write(client.ssl, bytes, sizes[i]), sizes[i]);
		struct worker_event *event = world_wait(&world, WORKER_VERIFY_BACKEND);
		test_client_reset(&client);
		usleep(50000); /* so that the reset is seen first; nothing depends on it */
		worker_give_verdict(world.worker, event->connection, true, NULL);
		worker_event_free(event);
		total += (uint64_t)sizes[i];
		world_wait_value(test_backend_received(backend), total, "bytes at the backend");
		world_wait_count(&world, connections_open, 0);
		world_stop(&world);
	}
	test_backend_stop(backend);
	SSL_CTX_free(ctx);
}

static void test_refused_backend_hears_why(void **state)
{
	SSL_CTX *ctx = backend_context();
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, ctx);
	struct world_site site = world_site(test_backend_port(backend), "backend = tls://127.0.0.1:1");
	struct world world = {0};
	struct test_client client;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	struct worker_event *event = world_wait(&world, WORKER_VERIFY_BACKEND);
	worker_give_verdict(world.worker, event->connection, false, "no");
	worker_event_free(event);
	world_wait_value(test_backend_refusal(backend), SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the backend's error");
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
	SSL_CTX_free(ctx);
}

/* In TLS 1.3 a backend refuses our want of a certificate after our side holds the handshake for done. */
static void test_backend_that_wants_a_certificate_is_told_of(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		SSL_CTX *ctx = backend_context();
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		SSL_CTX_set_max_proto_version(ctx, versions[i]);
		struct test_backend *backend = test_backend_start(BACKEND_ECHO, ctx);
		struct world_site site =
		    world_site(test_backend_port(backend), "backend = tls://127.0.0.1:1\nbackend_verify = off");
		struct world world = {0};
		struct test_client client;
		uint8_t nothing[8];
		size_t len;

		world_start(&world, &site, 1);
		test_client_join(&client, &world, "a.example");
		assert_int_equal(test_client_read_end(&client, nothing, sizeof(nothing), &len), CLIENT_END_ALERT);
		assert_int_equal(len, 0);
		struct worker_event *event = world_wait(&world, WORKER_BACKEND_FAILED);
		if (strstr(event->text, "certificate") == NULL && strstr(event->text, "handshake failure") == NULL)
			fail_msg("%s", event->text);
		worker_event_free(event);
		assert_int_equal(world_count(&world, backend_failures), 1);
		test_client_close(&client);
		world_stop(&world);
		test_backend_stop(backend);
		SSL_CTX_free(ctx);
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
	*full = (struct full_port){.listening = loopback_listen(&full->port)};
	full->port = loopback_port_of(full->listening);
	struct sockaddr_in address = loopback_address(full->port);

	assert_int_equal(listen(full->listening, 0), 0);
	for (bool connected = true; connected;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		assert_true(full->num_waiting < sizeof(full->waiting) / sizeof(full->waiting[0]));
		full->waiting[full->num_waiting++] = fd;
		connect(fd, (struct sockaddr *)&address, sizeof(address));
		connected = is_connected_soon(fd);
	}
}

static void empty_port(struct full_port *full)
{
	for (size_t i = 0; i < full->num_waiting; i++)
		close(full->waiting[i]);
	close(full->listening);
}

static void test_backend_that_does_not_answer(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct full_port full;
	struct world world = {0};
	struct test_client client;
	uint8_t nothing[8];
	size_t len;

	(void)state;
	fill_port(&full);
	struct world_site site = world_site(full.port, "connect_timeout = 200ms");
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	assert_int_equal(SSL_write(client.ssl, "held", 4), 4);
	assert_int_equal(test_client_read_end(&client, nothing, sizeof(nothing), &len), CLIENT_END_ALERT);
	assert_int_equal(len, 0);
	struct worker_event *event = world_wait(&world, WORKER_BACKEND_FAILED);
	assert_non_null(strstr(event->text, "no answer within connect_timeout"));
	worker_event_free(event);
	test_client_close(&client);

	/* With another address behind it, what was held goes there. */
	site.second_backend_port = test_backend_port(backend);
	world_stop(&world);
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	test_client_echo(&client, "held for the next");
	test_client_close(&client);

	/* A client that is gone meanwhile, with nothing said, is not waited for. */
	site.second_backend_port = 0;
	site.keys = "connect_timeout = 1h";
	world_stop(&world);
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	world_wait_count(&world, backend_connects, 1);
	test_client_reset(&client);
	world_wait_count(&world, connections_open, 0);
	world_stop(&world);
	empty_port(&full);
	test_backend_stop(backend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dead_backend_is_told_and_the_client_let_go),
	    cmocka_unit_test(test_next_backend_is_tried),
	    cmocka_unit_test(test_tls_backend_waits_for_its_verdict),
	    cmocka_unit_test(test_good_verdict_is_remembered),
	    cmocka_unit_test(test_end_without_close_notify_goes_on_as_one),
	    cmocka_unit_test(test_tls_backend_unverified_in_bulk),
	    cmocka_unit_test(test_late_verdict_is_not_the_next_backends),
	    cmocka_unit_test(test_bytes_of_a_client_that_is_gone),
	    cmocka_unit_test(test_refused_backend_hears_why),
	    cmocka_unit_test(test_backend_that_wants_a_certificate_is_told_of),
	    cmocka_unit_test(test_backend_that_does_not_answer),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
