#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pool.h>

#include "tests/support/proxy_world.h"

static const struct certificate *issuer;
static const struct certificate *leaf;

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	issuer = PKI(.cn = "Issuer", .ca = true);
	leaf = PKI(.cn = "a.example", .issuer = issuer, .dns = PKI_STRINGS("a.example"));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_cleanup();
	return 0;
}

static struct world_site plain_site(uint16_t backend_port, const char *keys)
{
	return (struct world_site){.keys = keys, .backend_port = backend_port, .leaf = leaf, .issuer = issuer};
}

static void open_and_shake(struct test_client *client, const struct world *world, const char *sni)
{
	struct test_client_options options = {.sni = sni};

	test_client_open(client, world, &options);
	assert_true(test_client_shake(client));
}

static uint64_t count_of(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void test_echo_in_each_version(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};

	(void)state;
	world_start(&world, &site, 1);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct test_client_options options = {.sni = "a.example", .max_version = versions[i]};
		struct test_client client;

		test_client_open(&client, &world, &options);
		assert_true(test_client_shake(&client));
		assert_int_equal(SSL_version(client.ssl), versions[i]);
		test_client_echo(&client, "one");
		test_client_echo(&client, "and two");
		test_client_close(&client);
	}
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_server_that_speaks_first(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_GREET, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	char hello[5];

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, NULL);
	assert_int_equal(SSL_read(client.ssl, hello, sizeof(hello)), sizeof(hello));
	assert_memory_equal(hello, "hello", 5);
	test_client_echo(&client, "x");
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

/* The client's close_notify reaches the backend as its end, and what the backend says then reaches the client. */
static void test_half_close_of_the_client(void **state)
{
	static uint8_t big[1000000];
	struct test_backend *backend = test_backend_start(BACKEND_COUNT, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t answer[64];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, "a.example");
	assert_int_equal(SSL_write(client.ssl, big, sizeof(big)), sizeof(big));
	assert_int_equal(SSL_shutdown(client.ssl), 0);
	assert_true(test_client_read_all(&client, answer, sizeof(answer) - 1, &len));
	answer[len] = '\0';
	assert_string_equal((char *)answer, "count 1000000");
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

/* FIN without close_notify is an end too; so is one with nothing before it. */
static void test_end_without_close_notify(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_COUNT, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t answer[64];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, "a.example");
	shutdown(client.fd, SHUT_WR);
	assert_true(test_client_read_all(&client, answer, sizeof(answer) - 1, &len));
	answer[len] = '\0';
	assert_string_equal((char *)answer, "count 0");
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

/* The client reads nothing until the backend has filled every buffer on the way. */
static void test_slow_reader_gets_every_byte(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_FLOOD, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	uint8_t *bytes = malloc(WORLD_FLOOD_BYTES);
	struct world world = {0};
	struct test_client client;
	int small = 128 * 1024;
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	struct test_client_options options = {.sni = "a.example"};
	test_client_open(&client, &world, &options);
	setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_true(test_client_shake(&client));
	usleep(100000); /* so that it fills; nothing depends on how far */
	assert_true(test_client_read_all(&client, bytes, WORLD_FLOOD_BYTES, &len));
	assert_int_equal(len, WORLD_FLOOD_BYTES);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != (uint8_t)(i * 31 >> 3))
			fail_msg("byte %zu is another one", i);
	test_client_close(&client);
	free(bytes);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_reset_of_the_backend_is_no_clean_end(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_RESET, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t answer[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, "a.example");
	assert_int_equal(SSL_write(client.ssl, "xyz", 3), 3);
	assert_false(test_client_read_all(&client, answer, sizeof(answer), &len));
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_dead_backend_is_told_and_the_client_let_go(void **state)
{
	struct world_site site = plain_site(world_unused_port(), "");
	struct world world = {0};
	struct test_client client;
	uint8_t answer[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, "a.example");
	assert_true(test_client_read_all(&client, answer, sizeof(answer), &len));
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
	struct world_site site = plain_site(world_unused_port(), "");
	struct world world = {0};
	struct test_client client;

	(void)state;
	site.second_backend_port = test_backend_port(backend);
	world_start(&world, &site, 1);
	for (int i = 0; i < 3; i++) {
		open_and_shake(&client, &world, "a.example");
		test_client_echo(&client, "over there");
		test_client_close(&client);
	}
	/* It rests after the first failure: two connects for the first client, one for each of the others. */
	assert_int_equal(count_of(&worker_counters(world.worker)->backend_connects), 4);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_rubbish_harms_nobody(void **state)
{
	static const char *const rubbish[] = {"GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\xff\xff", "\x80\x2e\x01\x03\x01",
					      "x"};
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t bytes[256];

	(void)state;
	world_start(&world, &site, 1);
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		struct test_client_options options = {0};

		test_client_open(&client, &world, &options);
		assert_true(send(client.fd, rubbish[i], strlen(rubbish[i]), 0) > 0);
		shutdown(client.fd, SHUT_WR);
		while (recv(client.fd, bytes, sizeof(bytes), 0) > 0)
			;
		test_client_close(&client);
	}
	open_and_shake(&client, &world, "a.example");
	test_client_echo(&client, "still here");
	assert_true(count_of(&worker_counters(world.worker)->handshakes_failed) >= 1);
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_name_not_covered(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "unknown_names = serve");
	struct world world = {0};
	struct test_client client;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, "Other.Example");
	test_client_echo(&client, "served all the same");
	struct worker_event *event = world_wait(&world, WORKER_NAME_NOT_COVERED);
	assert_string_equal(event->text, "other.example");
	assert_int_equal(event->site, 0);
	worker_event_free(event);
	test_client_close(&client);

	site.keys = "unknown_names = reject";
	world_publish(&world, &site, 1);
	struct test_client_options options = {.sni = "other.example"};
	int reason = 0;
	for (int i = 0; i < 1000 && reason == 0; i++) { /* until the worker has it */
		test_client_open(&client, &world, &options);
		ERR_clear_error();
		if (!test_client_shake(&client))
			reason = ERR_GET_REASON(ERR_peek_error());
		test_client_close(&client);
	}
	assert_int_equal(reason, SSL_R_TLSV1_ALERT_UNRECOGNIZED_NAME);
	open_and_shake(&client, &world, "a.example");
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_alert_of_a_client_is_told(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct world_site site = plain_site(world_unused_port(), "");
	SSL_CTX *strict = test_client_context();
	struct world world = {0};

	(void)state;
	SSL_CTX_set_verify(strict, SSL_VERIFY_PEER, NULL);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct test_client_options options = {.sni = "a.example", .ctx = strict, .max_version = versions[i]};
		struct test_client client;

		world_start(&world, &site, 1);
		test_client_open(&client, &world, &options);
		assert_false(test_client_shake(&client));
		test_client_close(&client);
		struct worker_event *event = world_wait(&world, WORKER_CLIENT_ALERT);
		assert_int_equal(event->alert, SSL_AD_UNKNOWN_CA);
		assert_int_equal(event->count, 1);
		worker_event_free(event);
		world_stop(&world);
	}
	SSL_CTX_free(strict);
}

static void test_no_credential_is_told(void **state)
{
	struct world_site site = {.keys = "", .backend_port = world_unused_port()};
	struct world world = {0};
	struct test_client client;
	struct test_client_options options = {.sni = "a.example"};

	(void)state;
	world_start(&world, &site, 1);
	test_client_open(&client, &world, &options);
	assert_false(test_client_shake(&client));
	worker_event_free(world_wait(&world, WORKER_NO_CREDENTIAL));
	test_client_close(&client);
	world_stop(&world);
}

/* A reload: the open connection goes on, the next one is served by the new certificate. */
static void test_publish_keeps_connections(void **state)
{
	const struct certificate *renewed =
	    PKI(.cn = "a.example", .issuer = issuer, .dns = PKI_STRINGS("a.example"), .key_number = 7);
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client before, after;
	bool is_renewed = false;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&before, &world, "a.example");
	test_client_echo(&before, "before");
	site.leaf = renewed;
	world_publish(&world, &site, 1);
	for (int i = 0; i < 1000 && !is_renewed; i++) {
		open_and_shake(&after, &world, "a.example");
		const CRYPTO_BUFFER *shown = sk_CRYPTO_BUFFER_value(SSL_get0_peer_certificates(after.ssl), 0);
		is_renewed = bytes_equal(bytes_of(CRYPTO_BUFFER_data(shown), CRYPTO_BUFFER_len(shown)), renewed->der);
		test_client_echo(&after, "after");
		test_client_close(&after);
	}
	assert_true(is_renewed);
	test_client_echo(&before, "and it goes on");
	test_client_close(&before);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_drain_lets_connections_end(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t nothing[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, "a.example");
	test_client_echo(&client, "open");
	worker_drain(world.worker, 60000);
	test_client_echo(&client, "still open");
	worker_drain(world.worker, 0); /* cut: world_stop would wait otherwise */
	assert_false(test_client_read_all(&client, nothing, sizeof(nothing), &len));
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_clients_wait_while_it_is_full(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {.max_connections = 1};
	struct test_client first, second;
	struct test_client_options options = {.sni = "a.example"};

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&first, &world, "a.example");
	test_client_open(&second, &world, &options);
	struct worker_event *event = world_wait(&world, WORKER_ACCEPT_PAUSED);
	assert_non_null(strstr(event->text, "max_connections"));
	worker_event_free(event);
	test_client_echo(&first, "alone");
	test_client_close(&first);
	assert_true(test_client_shake(&second));
	test_client_echo(&second, "its turn");
	test_client_close(&second);
	world_stop(&world);
	test_backend_stop(backend);
}

/* No descriptor is left: the client waits in the kernel, is told of once, and is served when there is one again. */
static void test_descriptors_run_out(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = plain_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client = {.ctx = test_client_context(), .fd = socket(AF_INET, SOCK_STREAM, 0)};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct rlimit limit, none_left;

	(void)state;
	world_start(&world, &site, 1);
	address.sin_port = htons(world.port);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	int lowest_free = dup(client.fd);
	close(lowest_free);
	none_left = limit;
	none_left.rlim_cur = (rlim_t)lowest_free;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none_left), 0);
	int connected = connect(client.fd, (struct sockaddr *)&address, sizeof(address));
	struct worker_event *event = world_wait(&world, WORKER_ACCEPT_PAUSED);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(connected, 0);
	assert_non_null(strstr(event->text, strerror(EMFILE)));
	worker_event_free(event);
	client.ssl = SSL_new(client.ctx);
	SSL_set_fd(client.ssl, client.fd);
	assert_true(test_client_shake(&client));
	test_client_echo(&client, "at last");
	assert_true(count_of(&worker_counters(world.worker)->accept_errors) >= 1);
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_slow_handshake_is_ended(void **state)
{
	struct world_site site = plain_site(world_unused_port(), "handshake_timeout = 200ms");
	struct world world = {0};
	struct test_client client;
	struct test_client_options options = {0};
	uint8_t byte;

	(void)state;
	world_start(&world, &site, 1);
	test_client_open(&client, &world, &options);
	assert_int_equal(send(client.fd, "\x16", 1, 0), 1);
	assert_int_equal(recv(client.fd, &byte, 1, 0) <= 0 && errno != EAGAIN, 1);
	assert_int_equal(count_of(&worker_counters(world.worker)->handshakes_timed_out), 1);
	test_client_close(&client);
	world_stop(&world);
}

static SSL_CTX *backend_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	const struct certificate *certificate =
	    PKI(.cn = "backend.example", .issuer = issuer, .dns = PKI_STRINGS("backend.example"));

	assert_int_equal(SSL_CTX_use_certificate(ctx, certificate->x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki_key(certificate)), 1);
	return ctx;
}

static void test_tls_backend_waits_for_its_verdict(void **state)
{
	SSL_CTX *ctx = backend_context();
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, ctx);
	struct world_site site = plain_site(test_backend_port(backend), "backend = tls://127.0.0.1:1");
	struct world world = {0};
	struct test_client client;
	uint8_t nothing[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, "a.example");
	assert_int_equal(SSL_write(client.ssl, "early", 5), 5); /* held until then */
	struct worker_event *event = world_wait(&world, WORKER_VERIFY_BACKEND);
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

	open_and_shake(&client, &world, "a.example");
	event = world_wait(&world, WORKER_VERIFY_BACKEND);
	worker_give_verdict(world.worker, event->connection, false, "nobody knows its root");
	worker_event_free(event);
	assert_true(test_client_read_all(&client, nothing, sizeof(nothing), &len));
	event = world_wait(&world, WORKER_BACKEND_FAILED);
	assert_non_null(strstr(event->text, "nobody knows its root"));
	worker_event_free(event);
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
	SSL_CTX_free(ctx);
}

static void test_tls_backend_unverified_in_bulk(void **state)
{
	SSL_CTX *ctx = backend_context();
	struct test_backend *backend = test_backend_start(BACKEND_FLOOD, ctx);
	struct world_site site =
	    plain_site(test_backend_port(backend), "backend = tls://127.0.0.1:1\nbackend_verify = off");
	uint8_t *bytes = malloc(WORLD_FLOOD_BYTES);
	struct world world = {0};
	struct test_client client;
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	open_and_shake(&client, &world, "a.example");
	assert_true(test_client_read_all(&client, bytes, WORLD_FLOOD_BYTES, &len));
	assert_int_equal(len, WORLD_FLOOD_BYTES);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != (uint8_t)(i * 31 >> 3))
			fail_msg("byte %zu is another one", i);
	test_client_close(&client);
	free(bytes);
	world_stop(&world);
	test_backend_stop(backend);
	SSL_CTX_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_echo_in_each_version),
	    cmocka_unit_test(test_server_that_speaks_first),
	    cmocka_unit_test(test_half_close_of_the_client),
	    cmocka_unit_test(test_end_without_close_notify),
	    cmocka_unit_test(test_slow_reader_gets_every_byte),
	    cmocka_unit_test(test_reset_of_the_backend_is_no_clean_end),
	    cmocka_unit_test(test_dead_backend_is_told_and_the_client_let_go),
	    cmocka_unit_test(test_next_backend_is_tried),
	    cmocka_unit_test(test_rubbish_harms_nobody),
	    cmocka_unit_test(test_name_not_covered),
	    cmocka_unit_test(test_alert_of_a_client_is_told),
	    cmocka_unit_test(test_no_credential_is_told),
	    cmocka_unit_test(test_publish_keeps_connections),
	    cmocka_unit_test(test_drain_lets_connections_end),
	    cmocka_unit_test(test_clients_wait_while_it_is_full),
	    cmocka_unit_test(test_descriptors_run_out),
    cmocka_unit_test(test_slow_handshake_is_ended),
	    cmocka_unit_test(test_tls_backend_waits_for_its_verdict),
	    cmocka_unit_test(test_tls_backend_unverified_in_bulk),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
