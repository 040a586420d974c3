#include "proxy/io/loop.h"
#include "proxy/worker/side.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A side, and another one at the other end of its socket. */
struct world {
	struct loop *loop;
	struct poller poller;
	struct tls_channel channel;
	struct side side;
	struct side peer_side;
	int peer; /* peer_side's descriptor */
	uint8_t received[65536];
	uint8_t plain[65536];
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
}

static void send_to_stream(void *to, struct bytes bytes)
{
	stream_write(to, bytes);
}

static int setup(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));
	int fds[2];

	assert_ok(loop_new(&world->loop));
	assert_ok(poller_open(&world->poller, world->loop));
	assert_ok(tls_channel_init(&world->channel, send_to_stream));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	side_init(&world->side, &world->poller, on_ready);
	side_init(&world->peer_side, &world->poller, on_ready);
	assert_ok(stream_open(&world->side.stream, fds[0], false));
	assert_ok(stream_open(&world->peer_side.stream, fds[1], false));
	world->peer = fds[1];
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	side_cleanup(&world->side);
	side_cleanup(&world->peer_side);
	tls_channel_cleanup(&world->channel);
	poller_close(&world->poller);
	assert_true(loop_free(world->loop));
	test_free(world);
	return 0;
}

static enum ssl_verify_result_t verify_all(SSL *ssl, uint8_t *out_alert)
{
	(void)ssl;
	(void)out_alert;
	return ssl_verify_ok;
}

static void start_tls(struct world *world, struct side *side, bool server)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (server) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, leaf->x509), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki_key(leaf)), 1);
	}
	SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_NONE, verify_all);
	SSL *ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	assert_ok(tls_pump_init(&side->pump, &world->channel, ssl, &side->stream));
}

static enum stream_result read_side(struct world *world, struct side *side, struct tls_input *out_input)
{
	side->stream.readable = true;
	return side_read(side, world->received, sizeof(world->received), out_input);
}

static enum tls_result shake(struct world *world, struct side *side)
{
	struct tls_input input;

	read_side(world, side, &input);
	enum tls_result result = tls_pump_handshake(&side->pump, &input);
	tls_channel_flush(&world->channel);
	return result;
}

static int setup_tls(void **state)
{
	bool server_done = false, client_done = false;

	setup(state);
	struct world *world = *state;
	start_tls(world, &world->side, true);
	start_tls(world, &world->peer_side, false);
	for (int i = 0; i < 10 && !(server_done && client_done); i++) {
		client_done = client_done || shake(world, &world->peer_side) == TLS_DONE;
		server_done = server_done || shake(world, &world->side) == TLS_DONE;
	}
	assert_true(server_done && client_done);
	return 0;
}

/* Reads once and expects this content, and this behind it. */
static void expect(struct world *world, struct side *side, const char *text, enum tls_result behind)
{
	struct tls_input input;
	struct bytes content;
	size_t len = 0;
	enum tls_result result = TLS_DONE;

	read_side(world, side, &input);
	while (result == TLS_DONE) {
		result = side_take(side, &input, world->plain, sizeof(world->plain), &content);
		assert_true(len + content.len <= strlen(text));
		assert_memory_equal(content.data, text + len, content.len);
		len += content.len;
	}
	assert_int_equal(len, strlen(text));
	assert_int_equal(result, behind);
}

static void test_a_side_reads_bytes_and_their_end(void **state)
{
	struct world *world = *state;
	struct tls_input input;

	assert_int_equal(read_side(world, &world->side, &input), STREAM_BLOCKED);
	assert_false(world->side.heard);
	assert_int_equal(send(world->peer, "abc", 3, 0), 3);
	assert_int_equal(read_side(world, &world->side, &input), STREAM_BYTES);
	assert_int_equal(input.bytes.len, 3);
	assert_memory_equal(input.bytes.data, "abc", 3);
	assert_false(input.ended);
	assert_true(world->side.heard);
	assert_int_equal(shutdown(world->peer, SHUT_WR), 0);
	assert_int_equal(read_side(world, &world->side, &input), STREAM_END);
	assert_int_equal(input.bytes.len, 0);
	assert_true(input.ended);
}

static void test_an_end_is_not_heard(void **state)
{
	struct world *world = *state;
	struct tls_input input;

	assert_int_equal(shutdown(world->peer, SHUT_WR), 0);
	assert_int_equal(read_side(world, &world->side, &input), STREAM_END);
	assert_false(world->side.heard);
}

static void test_content_without_tls(void **state)
{
	struct world *world = *state;

	assert_true(side_write(&world->side, bytes_of_string("out")));
	assert_int_equal(recv(world->peer, world->received, sizeof(world->received), 0), 3);
	assert_memory_equal(world->received, "out", 3);
	assert_int_equal(send(world->peer, "in", 2, 0), 2);
	expect(world, &world->side, "in", TLS_WANT_INPUT);
	assert_int_equal(shutdown(world->peer, SHUT_WR), 0);
	expect(world, &world->side, "", TLS_ENDED);
}

static void test_content_with_tls(void **state)
{
	struct world *world = *state;

	assert_true(side_write(&world->side, bytes_of_string("out")));
	tls_channel_flush(&world->channel);
	expect(world, &world->peer_side, "out", TLS_WANT_INPUT);
	assert_true(side_write(&world->peer_side, bytes_of_string("in")));
	tls_channel_flush(&world->channel);
	expect(world, &world->side, "in", TLS_WANT_INPUT);
	assert_int_equal(send(world->peer, "no record", 9, 0), 9);
	expect(world, &world->side, "", TLS_FAILED);
}

static void test_end_without_tls(void **state)
{
	struct world *world = *state;
	struct side other = {0};

	side_end(&world->side, &other, &world->channel, false);
	assert_int_equal(recv(world->peer, world->received, sizeof(world->received), 0), -1);
	assert_int_equal(errno, EAGAIN);
	side_end(&world->side, &other, &world->channel, true);
	assert_int_equal(recv(world->peer, world->received, sizeof(world->received), 0), 0);
}

static void end_with_tls(struct world *world, bool cut, bool fin)
{
	struct side other = {.pump = {.cut = cut}};
	enum tls_result result = cut && !fin ? TLS_WANT_INPUT : TLS_ENDED;

	side_end(&world->side, &other, &world->channel, fin);
	assert_int_equal(world->side.stream.end_sent, fin);
	expect(world, &world->peer_side, "", result);
	expect(world, &world->peer_side, "", result);
	assert_int_equal(world->peer_side.pump.cut, cut && fin);
}

/* close_notify goes out, with FIN or without, unless the other side ended without one. */

static void test_end_with_tls(void **state)
{
	end_with_tls(*state, false, true);
}

static void test_end_with_tls_without_fin(void **state)
{
	end_with_tls(*state, false, false);
}

static void test_end_with_tls_of_one_that_was_cut(void **state)
{
	end_with_tls(*state, true, true);
}

static void test_end_with_tls_of_one_that_was_cut_without_fin(void **state)
{
	end_with_tls(*state, true, false);
}

static void move(struct world *world, struct side *side, struct side *out)
{
	side_init(out, &world->poller, on_ready);
	assert_ok(side_move(side, out, on_ready));
	assert_int_equal(side->stream.fd, -1);
	assert_null(side->pump.ssl);
}

static void test_a_side_that_is_moved(void **state)
{
	struct world *world = *state;
	struct side moved;

	move(world, &world->side, &moved);
	assert_true(side_write(&moved, bytes_of_string("out")));
	assert_int_equal(recv(world->peer, world->received, sizeof(world->received), 0), 3);
	assert_int_equal(send(world->peer, "in", 2, 0), 2);
	expect(world, &moved, "in", TLS_WANT_INPUT);
	side_cleanup(&moved);
}

/* What TLS has written before goes out before, and what it writes later over the same socket. */
static void test_a_side_that_is_moved_with_tls(void **state)
{
	struct world *world = *state;
	struct side moved;

	assert_true(side_write(&world->side, bytes_of_string("before, ")));
	move(world, &world->side, &moved);
	assert_true(side_write(&moved, bytes_of_string("after")));
	tls_channel_flush(&world->channel);
	expect(world, &world->peer_side, "before, after", TLS_WANT_INPUT);
	assert_true(side_write(&world->peer_side, bytes_of_string("in")));
	tls_channel_flush(&world->channel);
	expect(world, &moved, "in", TLS_WANT_INPUT);
	side_cleanup(&moved);
}

static void test_which_side_is_quiet(void **state)
{
	struct world *world = *state;
	struct side *side = &world->side;
	bool *const flags[] = {&side->stream.read_to_end, &side->stream.ended, &side->stream.write_failed,
			       &side->stream.end_wanted};

	assert_true(side_is_quiet(side));
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		*flags[i] = true;
		assert_false(side_is_quiet(side));
		*flags[i] = false;
	}
	assert_ok(buffer_append(&side->stream.pending, bytes_of_string("x")));
	assert_false(side_is_quiet(side));
	buffer_cleanup(&side->stream.pending);
	assert_ok(relay_hold(&side->out, bytes_of_string("x")));
	assert_false(side_is_quiet(side));
	relay_release(&side->out);
	assert_true(side_is_quiet(side));
	stream_close(&side->stream);
	assert_false(side_is_quiet(side));
}

static void test_which_side_with_tls_is_quiet(void **state)
{
	struct world *world = *state;
	struct tls_input input = {.bytes = bytes_of("\x17\x03\x03", 3)};
	struct bytes content;

	assert_true(side_is_quiet(&world->side));
	side_take(&world->side, &input, world->plain, sizeof(world->plain), &content);
	assert_false(side_is_quiet(&world->side)); /* a part of a record has come */
	tls_pump_end(&world->peer_side.pump);
	assert_false(side_is_quiet(&world->peer_side));
	tls_channel_flush(&world->channel);
}

static void test_when_it_is_read(void **state)
{
	static uint8_t bytes[RELAY_HIGH_WATER_BYTES];
	static const struct {
		enum connection_flow flow;
		bool fresh; /* is read to begin with */
		bool ended; /* ... when the socket's end was read */
		bool backlog; /* ... with much that waits for the other side */
		bool passed; /* ... when the end of its content was passed on */
	} cases[] = {
	    {FLOW_NONE, false, false, false, false},  {FLOW_DROPPED, true, false, true, true},
	    {FLOW_PREAMBLE, true, false, true, true}, {FLOW_EARLY, true, true, false, false},
	    {FLOW_HELD, true, true, false, false},    {FLOW_PASSED, true, true, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct side side = {0}, to = {0};

		side_init(&side, NULL, on_ready);
		side_init(&to, NULL, on_ready);
		assert_int_equal(side_may_read(&side, &to, cases[i].flow), cases[i].fresh);
		side.stream.ended = true;
		assert_int_equal(side_may_read(&side, &to, cases[i].flow), cases[i].ended);
		side.stream.ended = false;
		assert_ok(relay_hold(&to.out, bytes_of(bytes, sizeof(bytes))));
		assert_int_equal(side_may_read(&side, &to, cases[i].flow), cases[i].backlog);
		relay_release(&to.out);
		assert_ok(buffer_append(&to.stream.pending, bytes_of(bytes, sizeof(bytes))));
		assert_int_equal(side_may_read(&side, &to, cases[i].flow), cases[i].backlog);
		buffer_cleanup(&to.stream.pending);
		relay_end(&to.out);
		assert_int_equal(side_may_read(&side, &to, cases[i].flow), cases[i].passed);
		side_cleanup(&side);
		side_cleanup(&to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_side_reads_bytes_and_their_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_an_end_is_not_heard, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_content_without_tls, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_content_with_tls, setup_tls, teardown),
	    cmocka_unit_test_setup_teardown(test_end_without_tls, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_end_with_tls, setup_tls, teardown),
	    cmocka_unit_test_setup_teardown(test_end_with_tls_without_fin, setup_tls, teardown),
	    cmocka_unit_test_setup_teardown(test_end_with_tls_of_one_that_was_cut, setup_tls, teardown),
	    cmocka_unit_test_setup_teardown(test_end_with_tls_of_one_that_was_cut_without_fin, setup_tls, teardown),
	    cmocka_unit_test_setup_teardown(test_a_side_that_is_moved, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_side_that_is_moved_with_tls, setup_tls, teardown),
	    cmocka_unit_test_setup_teardown(test_which_side_is_quiet, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_which_side_with_tls_is_quiet, setup_tls, teardown),
	    cmocka_unit_test(test_when_it_is_read),
	};
	return cmocka_run_group_tests(tests, make_leaf, pki_teardown);
}
