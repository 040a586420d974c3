/* Ends a connection by its backend or its client, and looks at what its client sees. */
#include "proxy/worker/connection.h"
#include "proxy/worker/connection_deadline.h"
#include "proxy/worker/connection_machine.h"
#include "tests/support/loopback.h"
#include "tests/support/stepped_connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static void give_verdict(struct stepped_connection *stepped, bool trusted)
{
	struct worker_event *event = world_wait(&stepped->world, WORKER_VERIFY_BACKEND);

	connections_give_verdict(&stepped->thread, event->connection, trusted, "nobody knows its root");
	worker_event_free(event);
}

/* What the client sends meanwhile, and its end, reach the backend once its address is known. */
static void test_a_client_that_waits_for_the_addresses(void **state)
{
	struct stepped_connection *stepped = *state;
	char bytes[5] = "";

	stepped_come_to_addresses(stepped);
	stepped_write_client(stepped, "held");
	assert_int_equal(SSL_shutdown(stepped->client.ssl), 0);
	for (int i = 0; i < STEPPED_MAX_TURNS && !stepped_now(stepped)->backend.out.source_ended; i++)
		stepped_turn(stepped);
	connections_give_addresses(&stepped->thread); /* a change of something else */
	assert_int_equal(stepped_state(stepped), CONNECTION_ADDRESSES);
	backend_list_set_known(stepped->world.snapshot->sites[0].backends);
	connections_give_addresses(&stepped->thread);
	stepped_come_to(stepped, CONNECTION_CLIENT_ENDED);
	stepped->backend = loopback_accept(stepped->listening);
	assert_int_equal(recv(stepped->backend, bytes, sizeof(bytes), MSG_WAITALL), 4);
	assert_string_equal(bytes, "held");
	assert_int_equal(atomic_load(&stepped->thread.counters.backend_failures), 0);
}

static void test_a_client_that_waits_for_the_addresses_in_vain(void **state)
{
	struct stepped_connection *stepped = *state;

	stepped_come_to_addresses(stepped);
	stepped_let_time_pass(stepped);
	stepped_expect_end(stepped, "", CLIENT_END_ALERT);
	assert_int_equal(atomic_load(&stepped->thread.counters.backend_failures), 1);
	assert_int_equal(atomic_load(&site_tally_counts(stepped->thread.nobody, 0)->no_backend), 1);
	assert_int_equal(stepped->thread.choice.num_resting, 0);
}

static void test_a_client_without_a_backend_gets_an_alert(void **state)
{
	stepped_come_to_lingering(*state);
	stepped_expect_end(*state, "", CLIENT_END_ALERT);
}

static void test_a_backend_that_is_not_trusted(void **state)
{
	stepped_come_to_verdict(*state);
	stepped_write_client(*state, "held");
	give_verdict(*state, false);
	stepped_come_to(*state, CONNECTION_LINGERING);
	stepped_expect_end(*state, "", CLIENT_END_ALERT);
}

/* The backend has done its part in time. */
static void test_a_verdict_that_is_late(void **state)
{
	struct stepped_connection *stepped = *state;

	stepped_come_to_verdict(stepped);
	stepped_let_time_pass(stepped);
	stepped_expect_end(stepped, "", CLIENT_END_ALERT);
	assert_int_equal(stepped->thread.choice.num_resting, 0);
	assert_int_equal(atomic_load(&stepped->thread.counters.backend_failures), 1);
}

static void test_a_backend_that_breaks_off(void **state)
{
	static void (*const comes[])(struct stepped_connection *) = {
	    stepped_come_to_backend_preamble, stepped_come_to_relaying, stepped_come_to_relaying_tls,
	    stepped_come_to_client_ended};

	(void)state;
	for (size_t i = 0; i < sizeof(comes) / sizeof(comes[0]); i++) {
		struct stepped_connection *stepped = stepped_new();

		comes[i](stepped);
		stepped_reset_backend(stepped);
		close(stepped->listening); /* there is no other to be tried */
		stepped->listening = -1;
		stepped_come_to(stepped, CONNECTION_LINGERING);
		stepped_expect_end(stepped, "", CLIENT_END_ALERT);
		stepped_free(stepped);
	}
}

static void test_a_backend_that_ends_in_its_handshake(void **state)
{
	struct stepped_connection *stepped = *state;

	stepped_come_to_backend_preamble(stepped);
	assert_int_equal(shutdown(stepped->backend, SHUT_WR), 0);
	stepped_come_to(stepped, CONNECTION_LINGERING);
	stepped_expect_end(stepped, "", CLIENT_END_ALERT);
}

/* Whether more was to come is the client's to judge: it sees what the backend showed. */
static void test_a_tls_backend_that_ends_without_close_notify(void **state)
{
	struct stepped_connection *stepped = *state;

	stepped_come_to_relaying_tls(stepped);
	assert_int_equal(SSL_write(stepped->ssl, "part", 4), 4);
	assert_int_equal(shutdown(stepped->backend, SHUT_WR), 0);
	stepped_come_to(stepped, CONNECTION_BACKEND_ENDED);
	stepped_expect_end(stepped, "part", CLIENT_END_BARE);
}

static void test_a_tls_backend_that_ends_with_close_notify(void **state)
{
	struct stepped_connection *stepped = *state;

	stepped_come_to_relaying_tls(stepped);
	assert_int_equal(SSL_write(stepped->ssl, "whole", 5), 5);
	assert_int_equal(SSL_shutdown(stepped->ssl), 0);
	stepped_come_to(stepped, CONNECTION_BACKEND_ENDED);
	stepped_expect_end(stepped, "whole", CLIENT_END_CLEAN);
}

/* "ask" is left unread, so that its close is a reset. */
static void answer_and_close(struct stepped_connection *stepped, bool end)
{
	assert_int_equal(send(stepped->backend, "answer", 6, 0), 6);
	if (end)
		assert_int_equal(shutdown(stepped->backend, SHUT_WR), 0);
	close(stepped->backend);
	stepped->backend = -1;
	stepped_come_to(stepped, CONNECTION_LINGERING);
}

/* The answer comes whole. Only its FIN says that it was all. */
static void test_a_backend_that_closes_over_unread_bytes(void **state)
{
	stepped_come_to_relaying(*state);
	answer_and_close(*state, false);
	stepped_expect_end(*state, "answer", CLIENT_END_ALERT);
}

static void test_a_backend_that_ends_and_closes_over_unread_bytes(void **state)
{
	stepped_come_to_relaying(*state);
	answer_and_close(*state, true);
	stepped_expect_end(*state, "answer", CLIENT_END_CLEAN);
}

static void test_a_backend_that_is_gone_behind_its_end(void **state)
{
	struct stepped_connection *stepped = *state;

	stepped_come_to_backend_ended(stepped);
	close(stepped->backend);
	stepped->backend = -1;
	stepped_write_client(stepped, "more");
	stepped_come_to(stepped, CONNECTION_LINGERING);
	stepped_expect_end(stepped, "", CLIENT_END_CLEAN);
}

/* A close over what it sends would be a reset, which may overtake the answer; for ever it is not listened to. */
static void test_a_client_that_goes_on_sending_is_let_finish(void **state)
{
	enum { STEP_MS = CONNECTION_LINGER_MS - 500 };
	struct stepped_connection *stepped = *state;
	int lived_ms = 0;

	stepped_come_to_relaying(stepped);
	answer_and_close(stepped, true);
	for (; stepped_state(stepped) == CONNECTION_LINGERING; lived_ms += STEP_MS) {
		assert_true(lived_ms <= CONNECTION_MAX_LINGER_MS + 2 * STEP_MS);
		stepped_write_client(stepped, "more");
		stepped_turn(stepped);
		stepped->thread.now_ms += STEP_MS;
		timer_wheel_advance(&stepped->thread.timers, stepped->thread.now_ms);
	}
	assert_true(lived_ms >= CONNECTION_MAX_LINGER_MS);
}

/* Reads what the client sends behind its close_notify before it closes. */
static void test_a_client_that_sends_behind_its_end(void **state)
{
	struct stepped_connection *stepped = *state;

	stepped_come_to_client_ended(stepped);
	assert_int_equal(send(stepped->client.fd, "more", 4, 0), 4);
	for (int i = 0; i < STEPPED_MAX_TURNS && !stepped_now(stepped)->client.stream.readable; i++)
		stepped_turn(stepped);
	assert_int_equal(send(stepped->backend, "answer", 6, 0), 6);
	assert_int_equal(shutdown(stepped->backend, SHUT_WR), 0);
	stepped_come_to(stepped, CONNECTION_LINGERING);
	stepped_expect_end(stepped, "answer", CLIENT_END_CLEAN);
	assert_int_equal(shutdown(stepped->client.fd, SHUT_WR), 0);
	stepped_come_to(stepped, CONNECTION_CLOSED);
}

static void test_rubbish_of_a_client(void **state)
{
	static void (*const comes[])(struct stepped_connection *) = {
	    stepped_come_to_addresses, stepped_come_to_connecting, stepped_come_to_backend_preamble,
	    stepped_come_to_verdict, stepped_come_to_relaying};

	(void)state;
	for (size_t i = 0; i < sizeof(comes) / sizeof(comes[0]); i++) {
		struct stepped_connection *stepped = stepped_new();

		comes[i](stepped);
		stepped_write_client(stepped, "held");
		assert_int_equal(send(stepped->client.fd, "this is no record of TLS", 24, 0), 24);
		stepped_come_to(stepped, CONNECTION_LINGERING);
		stepped_expect_end(stepped, "", CLIENT_END_ALERT);
		stepped_free(stepped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_client_that_waits_for_the_addresses, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_client_that_waits_for_the_addresses_in_vain, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_client_without_a_backend_gets_an_alert, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_is_not_trusted, stepped_setup, stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_verdict_that_is_late, stepped_setup, stepped_teardown),
	    cmocka_unit_test(test_a_backend_that_breaks_off),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_ends_in_its_handshake, stepped_setup, stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_tls_backend_that_ends_without_close_notify, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_tls_backend_that_ends_with_close_notify, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_closes_over_unread_bytes, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_ends_and_closes_over_unread_bytes, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_is_gone_behind_its_end, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_client_that_goes_on_sending_is_let_finish, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_client_that_sends_behind_its_end, stepped_setup, stepped_teardown),
	    cmocka_unit_test(test_rubbish_of_a_client),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
