#include "proxy/worker/connection_http.h"
#include "proxy/worker/connection_machine.h"
#include "tests/support/stepped_connection.h"

/* Since 1000 the exchange has its state; the last byte came at 3000. */
static void test_the_limit_of_each_state(void **state)
{
	static const struct http_policy policy = {.head_timeout_ms = 1,
						  .body_timeout_ms = 10,
						  .response_timeout_ms = 100,
						  .keepalive_timeout_ms = 10000,
						  .idle_timeout_ms = 100000};
	static const struct {
		enum http_exchange_state state;
		bool has_served, is_streamed;
		uint64_t due_ms;
	} cases[] = {
	    {EXCHANGE_IDLE, false, false, 1001}, /* the first request is awaited as a head is */
	    {EXCHANGE_IDLE, true, false, 11000},        {EXCHANGE_HEAD, true, false, 1001},
	    {EXCHANGE_SENDING, false, false, 3010},     {EXCHANGE_SENDING, false, true, 103000},
	    {EXCHANGE_WAITING, false, false, 1100},     {EXCHANGE_BOTH, false, false, 103000},
	    {EXCHANGE_ANSWERING, false, false, 103000}, {EXCHANGE_FINISHING, false, false, 103000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_state http = {.since_ms = 1000};
		struct connection connection = {.http = &http, .last_active_ms = 3000};

		http.exchanges.policy = &policy;
		http.exchanges.state = cases[i].state;
		http.exchanges.has_served = cases[i].has_served;
		http.exchanges.request.is_streamed = cases[i].is_streamed;
		if (connection_http_due_ms(&connection) != cases[i].due_ms)
			fail_msg("%s: %llu", http_exchange_state_name(cases[i].state),
				 (unsigned long long)connection_http_due_ms(&connection));
	}
}

static void test_a_drain_ends_what_is_idle(void **state)
{
	stepped_come_to_http(*state);
	connections_drain(&((struct stepped_connection *)*state)->thread);
	stepped_expect_end(*state, "", CLIENT_END_CLEAN);
}

static void test_a_drain_lets_a_request_be_answered(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	static const char last[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	struct stepped_connection *stepped = *state;

	stepped_come_to_http(stepped);
	stepped_write_client(stepped, STEPPED_REQUEST);
	for (int i = 0; i < STEPPED_MAX_TURNS && !stepped_now(stepped)->relays; i++)
		stepped_turn(stepped);
	stepped->backend = loopback_accept(stepped->listening);
	connections_drain(&stepped->thread);
	assert_int_equal(stepped_state(stepped), CONNECTION_HTTP);
	assert_int_equal(send(stepped->backend, answer, strlen(answer), 0), strlen(answer));
	stepped_come_to(stepped, CONNECTION_LINGERING);
	stepped_expect_end(stepped, last, CLIENT_END_CLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_limit_of_each_state),
	    cmocka_unit_test_setup_teardown(test_a_drain_ends_what_is_idle, stepped_setup, stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_a_drain_lets_a_request_be_answered, stepped_setup, stepped_teardown),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
