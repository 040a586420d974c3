#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/proxy_world.h"
#include "tests/support/test_backend.h"
#include "tests/support/test_client.h"

static void test_server_that_speaks_first(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_GREET, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	char hello[5];

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, NULL);
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
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t answer[64];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
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
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t answer[64];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
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
	struct world_site site = world_site(test_backend_port(backend), "");
	uint8_t *bytes = malloc(TEST_BACKEND_FLOOD_BYTES);
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
	assert_true(test_client_read_all(&client, bytes, TEST_BACKEND_FLOOD_BYTES, &len));
	assert_int_equal(len, TEST_BACKEND_FLOOD_BYTES);
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
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t answer[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	assert_int_equal(SSL_write(client.ssl, "xyz", 3), 3);
	assert_false(test_client_read_all(&client, answer, sizeof(answer), &len));
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

/* Its bytes are the backend's, each of them; but they may not be all, and a FIN would say that they are. */
static void test_reset_of_the_client_is_no_clean_end(void **state)
{
	static const uint8_t bytes[200000];
	static const size_t sizes[] = {1, sizeof(bytes)};
	struct world world = {0};
	uint16_t port;
	int small = 4096; /* so that most of them wait in chainmend's kernel */

	(void)state;
	int listening = loopback_listen(&port);
	setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	struct world_site site = world_site(port, "");
	world_start(&world, &site, 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct test_client client;
		uint8_t got[8192];
		size_t total = 0;
		ssize_t n;

		test_client_join(&client, &world, "a.example");
		int backend = loopback_accept(listening);
		assert_int_equal(SSL_write(client.ssl, bytes, (int)sizes[i]), (int)sizes[i]);
		test_client_reset(&client);
		usleep(200000); /* so that the reset is seen while bytes wait; nothing depends on it */
		while ((n = recv(backend, got, sizeof(got), 0)) > 0)
			total += (size_t)n;
		assert_int_equal(n, -1);
		assert_int_equal(errno, ECONNRESET);
		assert_int_equal(total, sizes[i]);
		close(backend);
		world_wait_count(&world, connections_open, 0);
	}
	close(listening);
	world_stop(&world);
}

/* So does rubbish in the place of a record, and the end of the drain's time. */
static void test_what_cuts_the_client_is_no_clean_end(void **state)
{
	enum { RUBBISH, CUT, NUM_CASES };
	uint16_t port;
	int listening = loopback_listen(&port);
	struct world_site site = world_site(port, "");

	(void)state;
	for (int i = 0; i < NUM_CASES; i++) {
		struct world world = {0};
		struct test_client client;
		uint8_t got[16];

		world_start(&world, &site, 1);
		test_client_join(&client, &world, "a.example");
		int backend = loopback_accept(listening);
		assert_int_equal(SSL_write(client.ssl, "part", 4), 4);
		assert_int_equal(recv(backend, got, sizeof(got), 0), 4);
		if (i == RUBBISH)
			assert_int_equal(send(client.fd, "this is no record of TLS", 24, 0), 24);
		else
			worker_drain(world.worker, 0);
		assert_int_equal(recv(backend, got, sizeof(got), 0), -1);
		assert_int_equal(errno, ECONNRESET);
		close(backend);
		test_client_close(&client);
		world_stop(&world);
	}
	close(listening);
}

/* An urgent byte is a byte of the stream, and what stands behind it does not wait for more to come. */
static void test_urgent_data_of_the_backend(void **state)
{
	struct world world = {0};
	struct test_client client;
	uint16_t port;
	uint8_t all[16];
	size_t len;

	(void)state;
	int listening = loopback_listen(&port);
	struct world_site site = world_site(port, "");
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	int backend = loopback_accept(listening);
	assert_int_equal(send(backend, "ab", 2, 0), 2);
	assert_int_equal(send(backend, "c", 1, MSG_OOB), 1);
	assert_int_equal(send(backend, "de", 2, 0), 2);
	for (len = 0; len < 5;) {
		int n = SSL_read(client.ssl, all + len, (int)(sizeof(all) - len));

		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_int_equal(len, 5);
	assert_memory_equal(all, "abcde", 5);
	test_client_close(&client);
	close(backend);
	close(listening);
	world_stop(&world);
}

/* It has ended, the client still sends: what cannot be passed on any more ends the connection. */
static void test_backend_that_is_gone_behind_its_end(void **state)
{
	struct world world = {0};
	struct test_client client;
	uint16_t port;
	uint8_t said[16];
	size_t len;

	(void)state;
	int listening = loopback_listen(&port);
	struct world_site site = world_site(port, "");
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	int backend = loopback_accept(listening);
	assert_int_equal(send(backend, "bye", 3, 0), 3);
	close(backend);
	assert_true(test_client_read_all(&client, said, sizeof(said), &len));
	assert_int_equal(len, 3);
	assert_int_equal(SSL_write(client.ssl, "still here", 10), 10);
	world_wait_count(&world, connections_open, 0);
	test_client_close(&client);
	close(listening);
	world_stop(&world);
}

static void test_idle_connection_is_ended(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "idle_timeout = 1s");
	struct world world = {0};
	struct test_client client;
	uint8_t nothing[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	test_client_echo(&client, "a word");
	/* The backend may have had more to say: its end is not ours to vouch for. */
	assert_false(test_client_read_all(&client, nothing, sizeof(nothing), &len));
	assert_int_equal(len, 0);
	test_client_close(&client);
	world_wait_count(&world, connections_open, 0);
	world_stop(&world);
	test_backend_stop(backend);
}

/* Who connects and closes again (a monitor) has not failed; who ends in the midst of a handshake has. */
static void test_what_counts_as_a_failed_handshake(void **state)
{
	static const struct {
		const char *sent;
		bool reset;
		uint64_t failures; /* so far */
	} cases[] = {
	    {"", false, 0}, {"", true, 0}, {"\x16\x03\x01", false, 1}, {"\x16\x03\x01", true, 2}, {"", false, 2}};
	struct world_site site = world_site(loopback_unused_port(), "");
	struct test_client_options options = {0};
	struct world world = {0};
	struct test_client client;

	(void)state;
	world_start(&world, &site, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		test_client_open(&client, &world, &options);
		if (cases[i].sent[0] != '\0')
			assert_true(send(client.fd, cases[i].sent, strlen(cases[i].sent), 0) > 0);
		world_wait_count(&world, connections_open, 1);
		if (cases[i].reset)
			test_client_reset(&client);
		else
			test_client_close(&client);
		world_wait_count(&world, connections_open, 0);
		assert_int_equal(world_count(&world, handshakes_failed), cases[i].failures);
	}
	world_stop(&world);
}

/* Each brings a client as far as its name says. */

static void come_to_accepted(struct test_client *client)
{
	(void)client;
}

static void come_to_half_a_hello(struct test_client *client)
{
	assert_int_equal(send(client->fd, "\x16\x03\x01\x02", 4, 0), 4);
}

/* The server has answered, and its certificate is there unread. */
static void come_to_the_midst_of_the_handshake(struct test_client *client)
{
	BIO *hello = BIO_new(BIO_s_mem());
	const uint8_t *bytes;
	size_t len;
	uint8_t first;

	SSL_set_bio(client->ssl, BIO_new(BIO_s_mem()), hello);
	SSL_set_connect_state(client->ssl);
	assert_int_equal(SSL_do_handshake(client->ssl), -1);
	assert_true(BIO_mem_contents(hello, &bytes, &len));
	assert_int_equal(send(client->fd, bytes, len, 0), (ssize_t)len);
	assert_int_equal(recv(client->fd, &first, 1, 0), 1);
}

static void come_to_relaying(struct test_client *client)
{
	assert_true(test_client_shake(client));
}

static void come_to_bytes_in_both_directions(struct test_client *client)
{
	assert_true(test_client_shake(client));
	test_client_echo(client, "a word");
}

static void come_to_its_own_end(struct test_client *client)
{
	assert_true(test_client_shake(client));
	assert_int_equal(SSL_shutdown(client->ssl), 0);
}

/* It has seen the certificate, and may have disliked it; who has sent no whole hello has not. */
static void test_reset_in_the_midst_of_the_handshake_is_told(void **state)
{
	static void (*const phases[])(struct test_client * client) = {come_to_half_a_hello,
								      come_to_the_midst_of_the_handshake};
	struct world_site site = world_site(loopback_unused_port(), "");
	struct test_client_options options = {.sni = "a.example"};
	struct world world = {0};

	(void)state;
	world_start(&world, &site, 1);
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		struct test_client client;

		test_client_open(&client, &world, &options);
		phases[i](&client);
		test_client_reset(&client);
		world_wait_count(&world, handshakes_failed, i + 1);
	}
	world_wait_count(&world, connections_open, 0);
	assert_int_equal(world_count(&world, clients_vanished), 1);
	struct worker_event *event = world_wait(&world, WORKER_CLIENT_VANISHED);
	assert_false(event->late);
	assert_string_equal(event->text, "a.example");
	worker_event_free(event);
	world_stop(&world);
}

static void test_reset_of_the_client_in_each_phase(void **state)
{
	static void (*const phases[])(struct test_client * client) = {
	    come_to_accepted,
	    come_to_half_a_hello,
	    come_to_the_midst_of_the_handshake,
	    come_to_relaying,
	    come_to_bytes_in_both_directions,
	    come_to_its_own_end,
	};
	enum { ECHOES, FLOODS, NEVER_ANSWERS, NUM_BACKENDS };
	struct test_backend *echo = test_backend_start(BACKEND_ECHO, NULL);
	struct test_backend *flood = test_backend_start(BACKEND_FLOOD, NULL);
	uint16_t ports[] = {test_backend_port(echo), test_backend_port(flood), 0};
	int silent = loopback_listen(&ports[NEVER_ANSWERS]);
	struct test_client_options options = {.sni = "a.example"};

	(void)state;
	for (size_t i = 0; i < NUM_BACKENDS * sizeof(phases) / sizeof(phases[0]); i++) {
		void (*phase)(struct test_client *) = phases[i / NUM_BACKENDS];
		struct world_site site = world_site(ports[i % NUM_BACKENDS], "");
		struct world world = {0};
		struct test_client client;

		if (phase == come_to_bytes_in_both_directions && i % NUM_BACKENDS != ECHOES)
			continue;
		world_start(&world, &site, 1);
		test_client_open(&client, &world, &options);
		phase(&client);
		test_client_reset(&client);
		world_wait_count(&world, connections_accepted, 1);
		world_wait_count(&world, connections_open, 0);
		test_client_join(&client, &world, "a.example");
		test_client_close(&client);
		world_stop(&world);
	}
	test_backend_stop(echo);
	test_backend_stop(flood);
	close(silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_server_that_speaks_first),
	    cmocka_unit_test(test_half_close_of_the_client),
	    cmocka_unit_test(test_end_without_close_notify),
	    cmocka_unit_test(test_slow_reader_gets_every_byte),
	    cmocka_unit_test(test_reset_of_the_backend_is_no_clean_end),
	    cmocka_unit_test(test_reset_of_the_client_is_no_clean_end),
	    cmocka_unit_test(test_what_cuts_the_client_is_no_clean_end),
	    cmocka_unit_test(test_urgent_data_of_the_backend),
	    cmocka_unit_test(test_backend_that_is_gone_behind_its_end),
	    cmocka_unit_test(test_idle_connection_is_ended),
	    cmocka_unit_test(test_what_counts_as_a_failed_handshake),
	    cmocka_unit_test(test_reset_in_the_midst_of_the_handshake_is_told),
	    cmocka_unit_test(test_reset_of_the_client_in_each_phase),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
