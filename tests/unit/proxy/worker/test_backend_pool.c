#include "proxy/io/loop.h"
#include "proxy/worker/backend_pool.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NUM_SITES = 2, MAX_IDLE_MS = 5000, MAX_PEERS = BACKEND_POOL_MAX_IDLE + 1 };

/* A pool, the side that connections are put from and taken to, and the backends' ends of their sockets. */
struct world {
	struct loop *loop;
	struct poller poller;
	struct timer_wheel timers;
	struct tls_channel channel;
	struct backend_pool pool;
	struct side side;
	uint64_t now_ms;
	uint64_t since_ms; /* of the last that was taken */
	int peers[MAX_PEERS]; /* -1: closed */
};

static const struct certificate *leaf;

static int make_leaf(void **state)
{
	(void)state;
	leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"));
	return 0;
}

static void on_ready(struct pollable *pollable, uint32_t events)
{
	(void)pollable;
	(void)events;
	fail_msg("an event of an idle connection is the pool's");
}

static void send_to_stream(void *to, struct bytes bytes)
{
	stream_write(to, bytes);
}

static int setup(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));

	assert_ok(loop_new(&world->loop));
	assert_ok(poller_open(&world->poller, world->loop));
	assert_ok(tls_channel_init(&world->channel, send_to_stream));
	world->now_ms = 1000000;
	timer_wheel_init(&world->timers, world->now_ms);
	backend_pool_init(&world->pool, &world->poller, &world->timers);
	backend_pool_serve(&world->pool, NUM_SITES);
	side_init(&world->side, &world->poller, on_ready);
	for (size_t i = 0; i < MAX_PEERS; i++)
		world->peers[i] = -1;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	backend_pool_cleanup(&world->pool);
	side_cleanup(&world->side);
	tls_channel_cleanup(&world->channel);
	poller_close(&world->poller);
	for (size_t i = 0; i < MAX_PEERS; i++)
		if (world->peers[i] >= 0)
			close(world->peers[i]);
	assert_int_equal(world->timers.num_armed, 0);
	assert_true(loop_free(world->loop));
	test_free(world);
	return 0;
}

/* Connects the side with peer `number`. */
static void connect_side(struct world *world, size_t number)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_ok(stream_open(&world->side.stream, fds[0], true));
	world->peers[number] = fds[1];
}

static bool put_key(struct world *world, struct backend_pool_key key)
{
	struct backend_pool_times times = {world->now_ms, world->now_ms, MAX_IDLE_MS};

	return backend_pool_put(&world->pool, &key, &world->side, times);
}

static void put(struct world *world, size_t number)
{
	connect_side(world, number);
	assert_true(put_key(world, (struct backend_pool_key){0}));
	assert_int_equal(world->side.stream.fd, -1);
}

static bool take_key(struct world *world, struct backend_pool_key key)
{
	return backend_pool_take(&world->pool, &key, &world->side, &world->since_ms);
}

static bool take(struct world *world)
{
	return take_key(world, (struct backend_pool_key){0});
}

/* Says whether the peer's connection is open. */
static bool is_open(struct world *world, size_t number)
{
	char byte;

	return recv(world->peers[number], &byte, 1, 0) < 0 && errno == EAGAIN;
}

/* The side is connected with that peer; it is closed afterwards. */
static void expect_taken(struct world *world, size_t number)
{
	char byte;

	assert_true(side_write(&world->side, bytes_of_string("x")));
	assert_int_equal(recv(world->peers[number], &byte, 1, 0), 1);
	side_cleanup(&world->side);
	side_init(&world->side, &world->poller, on_ready);
}

static void turn(struct world *world)
{
	assert_ok(poller_wait(&world->poller, 0));
	poller_dispatch(&world->poller);
}

static void let_pass(struct world *world, uint64_t ms)
{
	world->now_ms += ms;
	timer_wheel_advance(&world->timers, world->now_ms + TIMER_TICK_MS);
}

static void test_the_last_that_was_put_is_taken_first(void **state)
{
	struct world *world = *state;

	assert_false(take(world));
	put(world, 0);
	put(world, 1);
	assert_true(take(world));
	assert_ptr_equal(world->side.stream.pollable.on_ready, on_ready);
	expect_taken(world, 1);
	assert_true(take(world));
	expect_taken(world, 0);
	assert_false(take(world));
}

static void test_a_connection_is_of_its_site_and_address(void **state)
{
	static const struct backend_pool_key own = {.site = 1, .address = 2};
	static const struct backend_pool_key others[] = {
	    {.site = 0, .address = 2}, {.site = 1, .address = 1}, {.site = 1, .address = 2, .name = ""}};
	struct world *world = *state;

	connect_side(world, 0);
	assert_true(put_key(world, own));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(take_key(world, others[i]));
	assert_true(take_key(world, own));
	expect_taken(world, 0);
}

static void test_a_site_that_the_pool_does_not_serve(void **state)
{
	static const struct backend_pool_key other = {.site = NUM_SITES};
	struct world *world = *state;

	connect_side(world, 0);
	assert_false(put_key(world, other));
	assert_false(take_key(world, other));
	backend_pool_serve(&world->pool, 0);
	assert_false(put_key(world, (struct backend_pool_key){0}));
	expect_taken(world, 0); /* the side is as it was */
}

/* An end, and content that nobody has asked for; whether the event has been handled by then or not. */
static void test_what_comes_while_idle_closes_it(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct world *world = *state;
		bool ends = i % 2 == 0, handled = i / 2 == 0;

		put(world, 0);
		put(world, 1);
		if (ends)
			assert_int_equal(shutdown(world->peers[1], SHUT_WR), 0);
		else
			assert_int_equal(send(world->peers[1], "HTTP/1.1 200 OK\r\n", 17, 0), 17);
		if (handled)
			turn(world);
		assert_int_equal(is_open(world, 1), !handled);
		assert_true(take(world));
		assert_false(is_open(world, 1));
		expect_taken(world, 0);
		assert_false(take(world));
		close(world->peers[0]);
		close(world->peers[1]);
		world->peers[0] = world->peers[1] = -1;
	}
}

static void test_one_that_is_idle_for_too_long_is_closed(void **state)
{
	struct world *world = *state;

	put(world, 0);
	let_pass(world, MAX_IDLE_MS / 2);
	put(world, 1);
	let_pass(world, MAX_IDLE_MS / 2);
	assert_false(is_open(world, 0));
	assert_true(is_open(world, 1));
	let_pass(world, MAX_IDLE_MS / 2);
	assert_false(take(world));
}

/* However busy it is. */
static void test_one_that_is_old_is_closed(void **state)
{
	struct world *world = *state;
	struct backend_pool_key key = {0};
	uint64_t since_ms = world->now_ms;

	connect_side(world, 0);
	for (uint64_t age_ms = 0; age_ms < BACKEND_POOL_MAX_AGE_MS; age_ms += MAX_IDLE_MS / 2) {
		struct backend_pool_times times = {since_ms, world->now_ms, MAX_IDLE_MS};

		assert_true(backend_pool_put(&world->pool, &key, &world->side, times));
		let_pass(world, MAX_IDLE_MS / 2);
		if (age_ms + MAX_IDLE_MS / 2 < BACKEND_POOL_MAX_AGE_MS) {
			assert_true(take(world));
			assert_int_equal(world->since_ms, since_ms);
		}
	}
	assert_false(take(world));
	connect_side(world, 1);
	assert_false(backend_pool_put(&world->pool, &key, &world->side,
				      (struct backend_pool_times){since_ms, world->now_ms, MAX_IDLE_MS}));
}

static void test_the_one_that_is_idle_longest_makes_room(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < BACKEND_POOL_MAX_IDLE; i++)
		put(world, i);
	assert_true(is_open(world, 0));
	put(world, BACKEND_POOL_MAX_IDLE);
	assert_false(is_open(world, 0));
	for (size_t i = 1; i <= BACKEND_POOL_MAX_IDLE; i++)
		assert_true(is_open(world, i));
}

static void test_other_sites_find_it_empty(void **state)
{
	struct world *world = *state;

	put(world, 0);
	backend_pool_serve(&world->pool, NUM_SITES);
	assert_false(is_open(world, 0));
	assert_false(take(world));
	put(world, 1);
	backend_pool_empty(&world->pool);
	assert_false(is_open(world, 1));
	put(world, 2);
	assert_true(take(world));
	expect_taken(world, 2);
}

/* With TLS */

static enum ssl_verify_result_t verify_all(SSL *ssl, uint8_t *out_alert)
{
	(void)ssl;
	(void)out_alert;
	return ssl_verify_ok;
}

static SSL *make_ssl(bool server)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (server) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, leaf->x509), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki_key(leaf)), 1);
	}
	SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_NONE, verify_all);
	SSL *ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	return ssl;
}

static bool shake_side(struct world *world)
{
	uint8_t received[16384];
	struct tls_input input;

	world->side.stream.readable = true;
	side_read(&world->side, received, sizeof(received), &input);
	bool done = tls_pump_handshake(&world->side.pump, &input) == TLS_DONE;
	tls_channel_flush(&world->channel);
	return done;
}

/* Connects the side with peer 0 and shakes hands. The peer's session tickets are still on their way afterwards. */
static SSL *connect_tls(struct world *world, const char *name)
{
	SSL *peer = make_ssl(true);
	SSL *ssl = make_ssl(false);
	bool done = false, peer_done = false;

	connect_side(world, 0);
	SSL_set_fd(peer, world->peers[0]);
	SSL_set_accept_state(peer);
	SSL_set_connect_state(ssl);
	assert_int_equal(SSL_set_tlsext_host_name(ssl, name), 1);
	assert_ok(tls_pump_init(&world->side.pump, &world->channel, ssl, &world->side.stream));
	for (int i = 0; i < 10 && !(done && peer_done); i++) {
		done = done || shake_side(world);
		peer_done = peer_done || SSL_do_handshake(peer) == 1;
	}
	assert_true(done && peer_done);
	return peer;
}

static void test_session_tickets_are_no_content(void **state)
{
	struct world *world = *state;
	struct backend_pool_key key = {.name = "a.example"};

	for (int handled = 0; handled < 2; handled++) {
		SSL *peer = connect_tls(world, "a.example");
		char byte;

		assert_true(put_key(world, key));
		if (handled)
			turn(world);
		assert_true(take_key(world, key));
		assert_true(side_write(&world->side, bytes_of_string("x")));
		tls_channel_flush(&world->channel);
		assert_int_equal(SSL_read(peer, &byte, 1), 1);
		side_cleanup(&world->side);
		side_init(&world->side, &world->poller, on_ready);
		SSL_free(peer);
		close(world->peers[0]);
		world->peers[0] = -1;
	}
}

static void test_content_and_an_end_within_tls(void **state)
{
	struct world *world = *state;
	struct backend_pool_key key = {.name = "a.example"};

	for (int ends = 0; ends < 2; ends++) {
		SSL *peer = connect_tls(world, "a.example");

		assert_true(put_key(world, key));
		if (ends)
			assert_int_equal(SSL_shutdown(peer), 0);
		else
			assert_int_equal(SSL_write(peer, "x", 1), 1);
		turn(world);
		assert_false(take_key(world, key));
		SSL_free(peer);
		close(world->peers[0]);
		world->peers[0] = -1;
	}
}

/* The backend has chosen its certificate, and what it serves, by that name. */
static void test_another_name_needs_another_connection(void **state)
{
	struct world *world = *state;
	SSL *peer = connect_tls(world, "a.example");

	assert_true(put_key(world, (struct backend_pool_key){0}));
	assert_false(take_key(world, (struct backend_pool_key){.name = "b.example"}));
	assert_false(take_key(world, (struct backend_pool_key){.name = ""}));
	assert_false(take_key(world, (struct backend_pool_key){0}));
	assert_true(take_key(world, (struct backend_pool_key){.name = "a.example"}));
	SSL_free(peer);
}

/* Its backend sees the end of TLS before that of TCP. */
static void test_one_that_is_closed_ends_its_tls(void **state)
{
	struct world *world = *state;
	SSL *peer = connect_tls(world, "a.example");
	char byte;

	assert_true(put_key(world, (struct backend_pool_key){0}));
	backend_pool_empty(&world->pool);
	assert_int_equal(SSL_get_error(peer, SSL_read(peer, &byte, 1)), SSL_ERROR_ZERO_RETURN);
	SSL_free(peer);
}

#define POOL_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    POOL_TEST(test_the_last_that_was_put_is_taken_first),
	    POOL_TEST(test_a_connection_is_of_its_site_and_address),
	    POOL_TEST(test_a_site_that_the_pool_does_not_serve),
	    POOL_TEST(test_what_comes_while_idle_closes_it),
	    POOL_TEST(test_one_that_is_idle_for_too_long_is_closed),
	    POOL_TEST(test_one_that_is_old_is_closed),
	    POOL_TEST(test_the_one_that_is_idle_longest_makes_room),
	    POOL_TEST(test_other_sites_find_it_empty),
	    POOL_TEST(test_session_tickets_are_no_content),
	    POOL_TEST(test_content_and_an_end_within_tls),
	    POOL_TEST(test_another_name_needs_another_connection),
	    POOL_TEST(test_one_that_is_closed_ends_its_tls),
	};
	return cmocka_run_group_tests(tests, make_leaf, pki_teardown);
}
