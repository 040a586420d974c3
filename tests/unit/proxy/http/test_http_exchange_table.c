#include "proxy/http/http_exchange_table.h"
#include "tests/support/unit.h"

#include <stdbool.h>
#include <string.h>

static enum http_exchange_state state_of(int number)
{
	return (enum http_exchange_state)number;
}

static enum http_exchange_event event_of(int number)
{
	return (enum http_exchange_event)number;
}

static bool is_final(enum http_exchange_state state)
{
	return state == EXCHANGE_TUNNEL || state == EXCHANGE_OVER;
}

/* Each state by each event: one that is forgotten breaks the connection off. */
static void test_which_event_can_come_in_which_state(void **state)
{
	static const struct {
		enum http_exchange_state state;
		const char *events; /* in their order; '-': it cannot come */
	} rows[] = {
	    /* request Begun, Read, Whole, Refused; backend Open, None, Ended; answer Read, Whole, Refused, Switched;
	     * client Ended, Late, Drain, Shortage */
	    /* clang-format off */
	    {EXCHANGE_IDLE,       "B--- --E --R- ELDS"},
	    {EXCHANGE_HEAD,       "-R-R --E --R- ELDS"},
	    {EXCHANGE_CONNECTING, "---- ON- ---- E-DS"},
	    {EXCHANGE_SENDING,    "--WR --E R-RS ELDS"},
	    {EXCHANGE_WAITING,    "---- --E R-RS ELDS"},
	    {EXCHANGE_BOTH,       "--WR --E -WR- ELDS"},
	    {EXCHANGE_ANSWERING,  "---- --E -WR- ELDS"},
	    {EXCHANGE_FINISHING,  "--WR --E --R- ELDS"},
	    {EXCHANGE_TUNNEL,     "BRWR ONE RWRS ELDS"},
	    {EXCHANGE_OVER,       "BRWR ONE RWRS ELDS"},
	    /* clang-format on */
	};
	const struct http_exchange_step *impossible = http_exchange_steps_of(EXCHANGE_IDLE, ON_REQUEST_WHOLE);

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), NUM_HTTP_EXCHANGE_STATES);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = rows[i].events;

		for (int e = 0; e < NUM_HTTP_EXCHANGE_EVENTS; e++) {
			const struct http_exchange_step *step = http_exchange_steps_of(rows[i].state, event_of(e));

			at += *at == ' ';
			if ((step != impossible) != (*at != '-'))
				fail_msg("%s in %s", http_exchange_event_name(event_of(e)),
					 http_exchange_state_name(rows[i].state));
			at++;
		}
		assert_int_equal(*at, '\0');
	}
}

/* The last step of a cell has no guard, so that one is always found. */
static void test_every_cell_ends_without_a_guard(void **state)
{
	(void)state;
	for (int s = 0; s < NUM_HTTP_EXCHANGE_STATES; s++) {
		for (int e = 0; e < NUM_HTTP_EXCHANGE_EVENTS; e++) {
			const struct http_exchange_step *step = http_exchange_steps_of(state_of(s), event_of(e));

			if (step->guard != IF_ALWAYS)
				assert_int_equal(step[1].guard, IF_ALWAYS);
		}
	}
}

/* Where the client may have a part of an answer, only its own end may read as the whole. */
static void test_what_fails_within_an_answer_breaks_off(void **state)
{
	static const enum http_exchange_state answering[] = {EXCHANGE_BOTH, EXCHANGE_ANSWERING};
	static const enum http_exchange_event failures[] = {ON_BACKEND_ENDED, ON_ANSWER_REFUSED, ON_LATE, ON_SHORTAGE};

	(void)state;
	for (size_t s = 0; s < sizeof(answering) / sizeof(answering[0]); s++)
		for (size_t e = 0; e < sizeof(failures) / sizeof(failures[0]); e++)
			assert_int_equal(http_exchange_steps_of(answering[s], failures[e])->action, DO_BREAK);
	assert_int_equal(http_exchange_steps_of(EXCHANGE_BOTH, ON_REQUEST_REFUSED)->action, DO_BREAK);
}

static bool ends(enum http_exchange_action action)
{
	return action >= DO_REFUSE;
}

/* What ends the connection leads to EXCHANGE_OVER, which nothing leaves. */
static void test_what_ends_is_over(void **state)
{
	(void)state;
	for (int s = 0; s < NUM_HTTP_EXCHANGE_STATES; s++) {
		for (int e = 0; e < NUM_HTTP_EXCHANGE_EVENTS; e++) {
			const struct http_exchange_step *step = http_exchange_steps_of(state_of(s), event_of(e));

			for (bool more = true; more; step++) {
				more = step->guard != IF_ALWAYS;
				if (is_final(state_of(s)))
					assert_true(step->action == DO_NOTHING && step->next == EXCHANGE_SAME);
				else
					assert_int_equal(ends(step->action), step->next == EXCHANGE_OVER);
			}
		}
	}
}

static void test_every_state_has_a_limit_or_waits_for_the_connection(void **state)
{
	(void)state;
	for (int s = 0; s < NUM_HTTP_EXCHANGE_STATES; s++) {
		bool none = http_exchange_limit(state_of(s)) == HTTP_LIMIT_NONE;

		assert_int_equal(none, s == EXCHANGE_CONNECTING || is_final(state_of(s)));
	}
}

static void test_names(void **state)
{
	(void)state;
	for (int s = 0; s < NUM_HTTP_EXCHANGE_STATES; s++)
		assert_true(strlen(http_exchange_state_name(state_of(s))) > 0);
	for (int e = 0; e < NUM_HTTP_EXCHANGE_EVENTS; e++)
		assert_true(strlen(http_exchange_event_name(event_of(e))) > 0);
	assert_string_equal(http_exchange_action_name(DO_BREAK), "break off");
	assert_string_equal(http_exchange_guard_name(IF_CLIENT_GOES_ON), "the client's connection goes on");
	assert_string_equal(http_limit_name(HTTP_LIMIT_HEAD), "head_timeout");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_event_can_come_in_which_state),
	    cmocka_unit_test(test_every_cell_ends_without_a_guard),
	    cmocka_unit_test(test_what_fails_within_an_answer_breaks_off),
	    cmocka_unit_test(test_what_ends_is_over),
	    cmocka_unit_test(test_every_state_has_a_limit_or_waits_for_the_connection),
	    cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
