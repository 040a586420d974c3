/* Ends a connection in each of its states, by a drain and by its deadline, and looks at what its client sees. */
#include "proxy/worker/connection.h"
#include "tests/support/stepped_connection.h"

struct case_of_state {
	enum connection_state state;
	void (*come)(struct stepped_connection *stepped);
	enum test_client_end cut; /* by the end of the drain's time */
	enum test_client_end late; /* by its deadline */
	unsigned late_status; /* of the page that stands before that end; 0: none */
};

/* In the order of the states. BACKEND_ENDED: the client has the whole answer. */
static const struct case_of_state cases[] = {
    {CONNECTION_CLIENT_PREAMBLE, stepped_come_to_client_preamble, CLIENT_END_ALERT, CLIENT_END_ALERT, 0},
    {CONNECTION_ADDRESSES, stepped_come_to_addresses, CLIENT_END_ALERT, CLIENT_END_ALERT, 0},
    {CONNECTION_CONNECTING, stepped_come_to_connecting, CLIENT_END_ALERT, CLIENT_END_ALERT, 0},
    {CONNECTION_BACKEND_PREAMBLE, stepped_come_to_backend_preamble, CLIENT_END_ALERT, CLIENT_END_ALERT, 0},
    {CONNECTION_VERDICT, stepped_come_to_verdict, CLIENT_END_ALERT, CLIENT_END_ALERT, 0},
    {CONNECTION_HTTP, stepped_come_to_http, CLIENT_END_ALERT, CLIENT_END_CLEAN, 0}, /* no request is under way */
    {CONNECTION_HTTP_ADDRESSES, stepped_come_to_http_addresses, CLIENT_END_ALERT, CLIENT_END_CLEAN, 503},
    {CONNECTION_HTTP_CONNECTING, stepped_come_to_http_connecting, CLIENT_END_ALERT, CLIENT_END_CLEAN, 503},
    {CONNECTION_HTTP_PREAMBLE, stepped_come_to_http_preamble, CLIENT_END_ALERT, CLIENT_END_CLEAN, 503},
    {CONNECTION_HTTP_VERDICT, stepped_come_to_http_verdict, CLIENT_END_ALERT, CLIENT_END_CLEAN, 503},
    {CONNECTION_RELAYING, stepped_come_to_relaying, CLIENT_END_ALERT, CLIENT_END_ALERT, 0},
    {CONNECTION_CLIENT_ENDED, stepped_come_to_client_ended, CLIENT_END_ALERT, CLIENT_END_ALERT, 0},
    {CONNECTION_BACKEND_ENDED, stepped_come_to_backend_ended, CLIENT_END_CLEAN, CLIENT_END_CLEAN, 0},
    {CONNECTION_FLUSHING, stepped_come_to_flushing, CLIENT_END_RESET, CLIENT_END_RESET, 0},
    {CONNECTION_LINGERING, stepped_come_to_lingering, CLIENT_END_ALERT, CLIENT_END_ALERT, 0},
};

#define NUM_CASES (sizeof(cases) / sizeof(cases[0]))

/* Runs a test for each case, with a connection of its own. */
static void for_each_case(void **state,
			  void (*test)(struct stepped_connection *stepped, const struct case_of_state *row))
{
	assert_int_equal(NUM_CASES, NUM_CONNECTION_STATES - 1); /* all but CONNECTION_CLOSED */
	for (size_t i = 0; i < NUM_CASES; i++) {
		struct stepped_connection *stepped = stepped_new();

		assert_int_equal(cases[i].state, i + 1);
		cases[i].come(stepped);
		test(stepped, &cases[i]);
		stepped_free(stepped);
	}
	(void)state;
}

static void expect_end_of_case(struct stepped_connection *stepped, const struct case_of_state *row,
			       enum test_client_end end)
{
	if (row->state == CONNECTION_CLIENT_PREAMBLE)
		stepped_expect_plain_alert(stepped);
	else
		stepped_expect_end(stepped, "", end);
}

static void cut_case(struct stepped_connection *stepped, const struct case_of_state *row)
{
	stepped_cut(stepped);
	expect_end_of_case(stepped, row, row->cut);
}

static void test_a_cut_in_each_state(void **state)
{
	for_each_case(state, cut_case);
}

/* Resets a client that lacks bytes: no alert would reach it, and a FIN would look like an end. */
static void cut_case_with_backlog(struct stepped_connection *stepped, const struct case_of_state *row)
{
	if (row->state == CONNECTION_FLUSHING || row->state == CONNECTION_LINGERING ||
	    row->state == CONNECTION_BACKEND_ENDED)
		return; /* close_notify or the alert stands before the backlog here */
	stepped_leave_backlog(stepped);
	stepped_cut(stepped);
	stepped_expect_reset(stepped);
}

static void test_a_cut_with_a_backlog_in_each_state(void **state)
{
	for_each_case(state, cut_case_with_backlog);
}

static void be_late(struct stepped_connection *stepped, const struct case_of_state *row)
{
	stepped_let_time_pass(stepped);
	if (row->late_status != 0)
		stepped_expect_page(stepped, row->late_status);
	else
		expect_end_of_case(stepped, row, row->late);
}

static void test_a_deadline_in_each_state(void **state)
{
	for_each_case(state, be_late);
}

/* The alert stands behind bytes that the client has not taken by then. */
static void test_an_alert_that_does_not_get_out_becomes_a_reset(void **state)
{
	static void (*const ends[])(struct stepped_connection *) = {stepped_cut, stepped_let_time_pass};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct stepped_connection *stepped = stepped_new();

		stepped_come_to_relaying(stepped);
		stepped_leave_backlog(stepped);
		stepped_reset_backend(stepped);
		stepped_come_to(stepped, CONNECTION_LINGERING);
		ends[i](stepped);
		stepped_expect_reset(stepped);
		stepped_free(stepped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_cut_in_each_state),
	    cmocka_unit_test(test_a_cut_with_a_backlog_in_each_state),
	    cmocka_unit_test(test_a_deadline_in_each_state),
	    cmocka_unit_test(test_an_alert_that_does_not_get_out_becomes_a_reset),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
