#include "proxy/io/loop.h"
#include "proxy/io/stream.h"
#include "tests/support/loopback.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A stream, and the descriptor at the other end of its connection. */
struct world {
	struct loop *loop;
	struct poller poller;
	struct stream stream;
	int peer;
};

static void on_ready(struct pollable *pollable, uint32_t events)
{
	struct world *world = (struct world *)(void *)((char *)pollable - offsetof(struct world, stream));

	stream_note(&world->stream, events);
}

static int setup(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));
	uint16_t port;
	int listening = loopback_listen(&port);
	struct sockaddr_in address = loopback_address(port);

	assert_ok(loop_new(&world->loop));
	assert_ok(poller_open(&world->poller, world->loop));
	stream_init(&world->stream, &world->poller, on_ready);
	assert_ok(stream_connect(&world->stream, (struct sockaddr *)&address, sizeof(address), false));
	world->peer = loopback_accept(listening);
	close(listening);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	stream_close(&world->stream);
	close(world->peer);
	poller_close(&world->poller);
	assert_true(loop_free(world->loop));
	test_free(world);
	return 0;
}

/* Handles the events that are there, or come within a second. */
static void turn(struct world *world)
{
	assert_ok(poller_wait(&world->poller, 1000));
	poller_dispatch(&world->poller);
}

static void expect_read(struct world *world, enum stream_result result, const char *content)
{
	uint8_t bytes[64];
	size_t len;

	assert_int_equal(stream_read(&world->stream, bytes, sizeof(bytes), &len), result);
	assert_int_equal(len, strlen(content));
	assert_memory_equal(bytes, content, len);
}

static void close_peer(struct world *world)
{
	close(world->peer);
	world->peer = -1;
}

/* Leaves a byte unread at the peer, whose close is a reset then. */
static void write_what_is_not_read(struct world *world)
{
	uint8_t byte;

	stream_write(&world->stream, bytes_of_string("x"));
	assert_int_equal(recv(world->peer, &byte, 1, MSG_PEEK), 1);
}

static void test_bytes_and_an_end(void **state)
{
	struct world *world = *state;

	assert_int_equal(send(world->peer, "abc", 3, 0), 3);
	turn(world);
	expect_read(world, STREAM_BYTES, "abc");
	expect_read(world, STREAM_BLOCKED, "");
	assert_int_equal(shutdown(world->peer, SHUT_WR), 0);
	turn(world);
	expect_read(world, STREAM_END, "");
	assert_true(world->stream.ended);
	assert_false(world->stream.write_failed);
}

static void test_a_reset_without_an_end_is_a_break(void **state)
{
	struct world *world = *state;

	write_what_is_not_read(world);
	assert_int_equal(send(world->peer, "part", 4, 0), 4);
	close_peer(world);
	turn(world);
	expect_read(world, STREAM_BYTES, "part");
	expect_read(world, STREAM_BROKEN, "");
	assert_int_equal(world->stream.error, ECONNRESET);
}

/* Whoever answers fully, ends, and closes over what it has not read has still answered fully. */
static void test_a_reset_behind_an_end_is_an_end(void **state)
{
	struct world *world = *state;

	write_what_is_not_read(world);
	assert_int_equal(send(world->peer, "whole", 5, 0), 5);
	assert_int_equal(shutdown(world->peer, SHUT_WR), 0);
	close_peer(world);
	turn(world);
	expect_read(world, STREAM_BYTES, "whole");
	expect_read(world, STREAM_END, "");
	assert_true(world->stream.write_failed);
}

/* A write that meets the reset takes the error away from the read behind it, which must not see an end then. */
static void meet_the_reset(struct world *world, bool has_end)
{
	write_what_is_not_read(world);
	assert_int_equal(send(world->peer, "text", 4, 0), 4);
	if (has_end)
		assert_int_equal(shutdown(world->peer, SHUT_WR), 0);
	close_peer(world);
	stream_write(&world->stream, bytes_of_string("y"));
	assert_true(world->stream.write_failed);
	expect_read(world, STREAM_BYTES, "text");
	expect_read(world, has_end ? STREAM_END : STREAM_BROKEN, "");
}

static void test_a_write_that_meets_the_reset(void **state)
{
	meet_the_reset(*state, false);
}

static void test_a_write_that_meets_the_reset_behind_an_end(void **state)
{
	meet_the_reset(*state, true);
}

/* Fills the peer's kernel and the stream's own memory. */
static void fill(struct world *world)
{
	static const uint8_t bytes[64 * 1024];

	for (int i = 0; i < 1000 && !world->stream.write_failed; i++)
		stream_write(&world->stream, bytes_of(bytes, sizeof(bytes)));
	assert_true(world->stream.write_failed);
}

/* A peer that is there lacks bytes then: it reads a reset, and we do not wait for a word of it. */
static void test_bytes_that_are_lost_end_in_a_reset(void **state)
{
	struct world *world = *state;
	uint8_t bytes[64 * 1024];
	ssize_t n;

	fill(world);
	expect_read(world, STREAM_BROKEN, "");
	assert_int_equal(world->stream.error, ENOBUFS);
	stream_close(&world->stream);
	while ((n = recv(world->peer, bytes, sizeof(bytes), 0)) > 0)
		;
	assert_int_equal(n, -1);
	assert_int_equal(errno, ECONNRESET);
}

static void test_a_reset_reaches_the_peer(void **state)
{
	struct world *world = *state;
	uint8_t byte;

	stream_reset(&world->stream);
	assert_int_equal(recv(world->peer, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	stream_reset(&world->stream); /* a closed one is fine */
}

/* The peer may still send: bytes that come too late for it say nothing about it. */
static void test_bytes_behind_our_end_are_dropped(void **state)
{
	struct world *world = *state;
	uint8_t byte;

	stream_end(&world->stream);
	stream_write(&world->stream, bytes_of_string("late"));
	assert_false(world->stream.write_failed);
	assert_int_equal(recv(world->peer, &byte, 1, 0), 0);
	assert_int_equal(send(world->peer, "abc", 3, 0), 3);
	turn(world);
	expect_read(world, STREAM_BYTES, "abc");
}

/* An event that the former owner was to get comes once more. */
static void test_a_stream_that_is_moved(void **state)
{
	struct world *world = *state;
	struct world other = {.peer = -1};
	char byte;

	stream_init(&other.stream, &world->poller, on_ready);
	assert_int_equal(send(world->peer, "a", 1, 0), 1);
	assert_ok(poller_wait(&world->poller, 1000));
	assert_ok(stream_move(&world->stream, &other.stream, on_ready));
	poller_dispatch(&world->poller);
	assert_int_equal(world->stream.fd, -1);
	assert_false(world->stream.readable);
	assert_ptr_equal(world->stream.pollable.on_ready, on_ready);
	while (!other.stream.readable)
		turn(world);
	expect_read(&other, STREAM_BYTES, "a");
	stream_write(&other.stream, bytes_of_string("b"));
	assert_int_equal(recv(world->peer, &byte, 1, 0), 1);
	stream_close(&world->stream); /* a closed one is fine: the socket is the other's */
	assert_int_equal(shutdown(world->peer, SHUT_WR), 0);
	while (!other.stream.read_to_end)
		turn(world);
	expect_read(&other, STREAM_END, "");
	stream_close(&other.stream);
}

/* The set may be broken: nobody would hear of the socket any more. */
static void test_a_stream_that_cannot_be_moved_is_closed(void **state)
{
	struct world *world = *state;
	struct world other = {.peer = -1};
	char byte;

	stream_init(&other.stream, &world->poller, on_ready);
	poller_remove(&world->poller, world->stream.fd);
	assert_true(failed(stream_move(&world->stream, &other.stream, on_ready)));
	assert_int_equal(world->stream.fd, -1);
	assert_int_equal(other.stream.fd, -1);
	assert_int_equal(recv(world->peer, &byte, 1, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_bytes_and_an_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_reset_without_an_end_is_a_break, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_reset_behind_an_end_is_an_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_write_that_meets_the_reset, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_write_that_meets_the_reset_behind_an_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bytes_that_are_lost_end_in_a_reset, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_reset_reaches_the_peer, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bytes_behind_our_end_are_dropped, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_stream_that_is_moved, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_stream_that_cannot_be_moved_is_closed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
