#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/worker_fixture.h"

static void test_server_that_speaks_first(void **state)
{
	struct worker_fixture *fixture = *state;
	char hello[5];

	test_client_join(&fixture->client, &fixture->world, NULL);
	fixture->has_client = true;
	assert_int_equal(SSL_read(fixture->client.ssl, hello, sizeof(hello)), sizeof(hello));
	assert_memory_equal(hello, "hello", 5);
	test_client_echo(&fixture->client, "x");
}

/* Reads what the backend says in the end. */
static void expect_answer(struct worker_fixture *fixture, const char *text)
{
	uint8_t answer[64];
	size_t len;

	assert_true(test_client_read_all(&fixture->client, answer, sizeof(answer) - 1, &len));
	answer[len] = '\0';
	assert_string_equal((char *)answer, text);
}

/* The client's close_notify reaches the backend as its end, and what the backend says then reaches the client. */
static void test_half_close_of_the_client(void **state)
{
	static uint8_t big[1000000];
	struct worker_fixture *fixture = *state;

	worker_fixture_join(fixture);
	assert_int_equal(SSL_write(fixture->client.ssl, big, sizeof(big)), sizeof(big));
	assert_int_equal(SSL_shutdown(fixture->client.ssl), 0);
	expect_answer(fixture, "count 1000000");
}

/* FIN without close_notify is an end too; so is one with nothing before it. */
static void test_end_without_close_notify(void **state)
{
	struct worker_fixture *fixture = *state;

	worker_fixture_join(fixture);
	shutdown(fixture->client.fd, SHUT_WR);
	expect_answer(fixture, "count 0");
}

/* The client reads nothing until the backend has filled every buffer on the way. */
static void test_slow_reader_gets_every_byte(void **state)
{
	uint8_t *bytes = malloc(TEST_BACKEND_FLOOD_BYTES);
	struct test_client_options options = {.sni = "a.example"};
	struct worker_fixture *fixture = *state;
	int small = 128 * 1024;
	size_t len;

	worker_fixture_open(fixture, &options);
	setsockopt(fixture->client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_true(test_client_shake(&fixture->client));
	usleep(100000); /* so that it fills; nothing depends on how far */
	assert_true(test_client_read_all(&fixture->client, bytes, TEST_BACKEND_FLOOD_BYTES, &len));
	assert_int_equal(len, TEST_BACKEND_FLOOD_BYTES);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != (uint8_t)(i * 31 >> 3))
			fail_msg("byte %zu is another one", i);
	free(bytes);
}

static void test_reset_of_the_backend_is_no_clean_end(void **state)
{
	struct worker_fixture *fixture = *state;
	uint8_t answer[8];
	size_t len;

	worker_fixture_join(fixture);
	assert_int_equal(SSL_write(fixture->client.ssl, "xyz", 3), 3);
	assert_int_equal(test_client_read_end(&fixture->client, answer, sizeof(answer), &len), CLIENT_END_ALERT);
}

/* Its bytes are the backend's, each of them; but they may not be all, and a FIN would say that they are. */
static void test_reset_of_the_client_is_no_clean_end(void **state)
{
	static const uint8_t bytes[200000];
	static const size_t sizes[] = {1, sizeof(bytes)};
	struct worker_fixture *fixture = *state;
	int small = 4096; /* so that most of them wait in chainmend's kernel */

	setsockopt(fixture->listening, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t got[8192];
		size_t total = 0;
		ssize_t n;

		worker_fixture_join(fixture);
		int backend = worker_fixture_accept(fixture);
		assert_int_equal(SSL_write(fixture->client.ssl, bytes, (int)sizes[i]), (int)sizes[i]);
		worker_fixture_reset(fixture);
		usleep(200000); /* so that the reset is seen while bytes wait; nothing depends on it */
		while ((n = recv(backend, got, sizeof(got), 0)) > 0)
			total += (size_t)n;
		assert_int_equal(n, -1);
		assert_int_equal(errno, ECONNRESET);
		assert_int_equal(total, sizes[i]);
		world_wait_count(&fixture->world, connections_open, 0);
	}
}

/* So does rubbish in the place of a record, and the end of the drain's time. */
static void test_what_cuts_the_client_is_no_clean_end(void **state)
{
	enum { RUBBISH, CUT, NUM_CASES };
	struct worker_fixture *fixture = *state;

	for (int i = 0; i < NUM_CASES; i++) {
		uint8_t got[16];

		worker_fixture_join(fixture);
		int backend = worker_fixture_accept(fixture);
		assert_int_equal(SSL_write(fixture->client.ssl, "part", 4), 4);
		assert_int_equal(recv(backend, got, sizeof(got), 0), 4);
		if (i == RUBBISH)
			assert_int_equal(send(fixture->client.fd, "this is no record of TLS", 24, 0), 24);
		else
			worker_drain(fixture->world.worker, 0);
		assert_int_equal(recv(backend, got, sizeof(got), 0), -1);
		assert_int_equal(errno, ECONNRESET);
	}
}

/* An urgent byte is a byte of the stream, and what stands behind it does not wait for more to come. */
static void test_urgent_data_of_the_backend(void **state)
{
	struct worker_fixture *fixture = *state;
	uint8_t all[16];
	size_t len;

	worker_fixture_join(fixture);
	int backend = worker_fixture_accept(fixture);
	assert_int_equal(send(backend, "ab", 2, 0), 2);
	assert_int_equal(send(backend, "c", 1, MSG_OOB), 1);
	assert_int_equal(send(backend, "de", 2, 0), 2);
	for (len = 0; len < 5;) {
		int n = SSL_read(fixture->client.ssl, all + len, (int)(sizeof(all) - len));

		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_int_equal(len, 5);
	assert_memory_equal(all, "abcde", 5);
}

/* It has ended, the client still sends: what cannot be passed on any more ends the connection. */
static void test_backend_that_is_gone_behind_its_end(void **state)
{
	struct worker_fixture *fixture = *state;
	uint8_t said[16];
	size_t len;

	worker_fixture_join(fixture);
	int backend = worker_fixture_accept(fixture);
	assert_int_equal(send(backend, "bye", 3, 0), 3);
	close(backend);
	fixture->accepted = -1;
	assert_true(test_client_read_all(&fixture->client, said, sizeof(said), &len));
	assert_int_equal(len, 3);
	assert_int_equal(SSL_write(fixture->client.ssl, "still here", 10), 10);
	world_wait_count(&fixture->world, connections_open, 0);
}

static void test_idle_connection_is_ended(void **state)
{
	struct worker_fixture *fixture = *state;
	uint8_t nothing[8];
	size_t len;

	worker_fixture_join(fixture);
	test_client_echo(&fixture->client, "a word");
	/* The backend may have had more to say: its end is not ours to vouch for. */
	assert_int_equal(test_client_read_end(&fixture->client, nothing, sizeof(nothing), &len), CLIENT_END_ALERT);
	assert_int_equal(len, 0);
	worker_fixture_leave(fixture);
	world_wait_count(&fixture->world, connections_open, 0);
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
	struct test_client_options options = {0};
	struct worker_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		worker_fixture_open(fixture, &options);
		if (cases[i].sent[0] != '\0')
			assert_true(send(fixture->client.fd, cases[i].sent, strlen(cases[i].sent), 0) > 0);
		world_wait_count(&fixture->world, connections_open, 1);
		if (cases[i].reset)
			worker_fixture_reset(fixture);
		else
			worker_fixture_leave(fixture);
		world_wait_count(&fixture->world, connections_open, 0);
		assert_int_equal(world_count(&fixture->world, handshakes_failed), cases[i].failures);
	}
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
	struct test_client_options options = {.sni = "a.example"};
	struct worker_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		worker_fixture_open(fixture, &options);
		phases[i](&fixture->client);
		worker_fixture_reset(fixture);
		world_wait_count(&fixture->world, handshakes_failed, i + 1);
	}
	world_wait_count(&fixture->world, connections_open, 0);
	assert_int_equal(world_count(&fixture->world, clients_vanished), 1);
	struct worker_event *event = world_wait(&fixture->world, WORKER_CLIENT_VANISHED);
	assert_false(event->late);
	assert_string_equal(event->text, "a.example");
	worker_event_free(event);
}

/* In front of the fixture's backend; a worker that has had one such client serves the next. */
static void reset_in_each_phase(struct worker_fixture *fixture, bool echoes)
{
	static void (*const phases[])(struct test_client * client) = {
	    come_to_accepted,
	    come_to_half_a_hello,
	    come_to_the_midst_of_the_handshake,
	    come_to_relaying,
	    come_to_bytes_in_both_directions,
	    come_to_its_own_end,
	};
	struct test_client_options options = {.sni = "a.example"};

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		if (phases[i] == come_to_bytes_in_both_directions && !echoes)
			continue;
		worker_fixture_start(fixture);
		worker_fixture_open(fixture, &options);
		phases[i](&fixture->client);
		worker_fixture_reset(fixture);
		world_wait_count(&fixture->world, connections_accepted, 1);
		world_wait_count(&fixture->world, connections_open, 0);
		worker_fixture_join(fixture);
		worker_fixture_leave(fixture);
		worker_fixture_stop(fixture);
	}
}

static void test_reset_of_the_client_in_each_phase(void **state)
{
	reset_in_each_phase(*state, true);
}

static void test_reset_of_the_client_in_each_phase_of_a_flood(void **state)
{
	reset_in_each_phase(*state, false);
}

static void test_reset_of_the_client_in_each_phase_of_silence(void **state)
{
	reset_in_each_phase(*state, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORKER_TEST(test_server_that_speaks_first, .manner = BACKEND_GREET),
	    WORKER_TEST(test_half_close_of_the_client, .manner = BACKEND_COUNT),
	    WORKER_TEST(test_end_without_close_notify, .manner = BACKEND_COUNT),
	    WORKER_TEST(test_slow_reader_gets_every_byte, .manner = BACKEND_FLOOD),
	    WORKER_TEST(test_reset_of_the_backend_is_no_clean_end, .manner = BACKEND_RESET),
	    WORKER_TEST(test_reset_of_the_client_is_no_clean_end, .backend = PLAN_LISTENS),
	    WORKER_TEST(test_what_cuts_the_client_is_no_clean_end, .backend = PLAN_LISTENS),
	    WORKER_TEST(test_urgent_data_of_the_backend, .backend = PLAN_LISTENS),
	    WORKER_TEST(test_backend_that_is_gone_behind_its_end, .backend = PLAN_LISTENS),
	    WORKER_TEST(test_idle_connection_is_ended, .manner = BACKEND_ECHO, .keys = "idle_timeout = 1s"),
	    WORKER_TEST(test_what_counts_as_a_failed_handshake, .backend = PLAN_NOBODY),
	    WORKER_TEST(test_reset_in_the_midst_of_the_handshake_is_told, .backend = PLAN_NOBODY),
	    WORKER_TEST(test_reset_of_the_client_in_each_phase, .manner = BACKEND_ECHO, .waits = true),
	    WORKER_TEST(test_reset_of_the_client_in_each_phase_of_a_flood, .manner = BACKEND_FLOOD, .waits = true),
	    WORKER_TEST(test_reset_of_the_client_in_each_phase_of_silence, .backend = PLAN_LISTENS, .waits = true),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
