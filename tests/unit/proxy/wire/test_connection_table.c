#include "proxy/wire/connection_table.h"
#include "tests/support/unit.h"

#include <stdbool.h>
#include <string.h>

static void test_every_entry_names_a_state_and_an_action(void **state)
{
	(void)state;
	for (int s = 0; s < NUM_CONNECTION_STATES; s++) {
		for (int e = 0; e < NUM_CONNECTION_EVENTS; e++) {
			struct connection_step step =
			    connection_step_of((enum connection_state)s, (enum connection_event)e);

			assert_in_range(step.action, 0, NUM_CONNECTION_ACTIONS - 1);
			assert_in_range(step.next, 0, NUM_CONNECTION_STATES - 1);
			if (step.action == ACTION_CLOSE || step.action == ACTION_IMPOSSIBLE)
				assert_int_equal(step.next, CONNECTION_CLOSED);
			if (step.next == CONNECTION_CLOSED && s != CONNECTION_CLOSED)
				assert_true(step.action == ACTION_CLOSE || step.action == ACTION_IMPOSSIBLE);
		}
	}
}

static void test_every_state_can_be_reached(void **state)
{
	bool reached[NUM_CONNECTION_STATES] = {[CONNECTION_HANDSHAKE] = true};

	(void)state;
	for (int round = 0; round < NUM_CONNECTION_STATES; round++)
		for (int s = 0; s < NUM_CONNECTION_STATES; s++)
			for (int e = 0; reached[s] && e < NUM_CONNECTION_EVENTS; e++) {
				struct connection_step step =
				    connection_step_of((enum connection_state)s, (enum connection_event)e);
				if (step.action != ACTION_IMPOSSIBLE)
					reached[step.next] = true;
			}
	for (int s = 0; s < NUM_CONNECTION_STATES; s++)
		if (!reached[s])
			fail_msg("nothing leads to %s", connection_state_name((enum connection_state)s));
}

static void test_every_action_is_used(void **state)
{
	bool used[NUM_CONNECTION_ACTIONS] = {false};

	(void)state;
	for (int s = 0; s < NUM_CONNECTION_STATES; s++)
		for (int e = 0; e < NUM_CONNECTION_EVENTS; e++)
			used[connection_step_of((enum connection_state)s, (enum connection_event)e).action] = true;
	for (int a = 0; a < NUM_CONNECTION_ACTIONS; a++)
		if (!used[a])
			fail_msg("nothing brings about %s", connection_action_name((enum connection_action)a));
}

/* Whatever state it is in: a cut, a reset client and a deadline are met, so that nothing stays open for ever. */
static void test_what_can_always_come_is_always_met(void **state)
{
	(void)state;
	for (int s = 0; s < NUM_CONNECTION_STATES; s++) {
		enum connection_state from = (enum connection_state)s;

		assert_int_not_equal(connection_step_of(from, EVENT_DEADLINE).action, ACTION_IMPOSSIBLE);
		assert_int_not_equal(connection_step_of(from, EVENT_CLIENT_BROKEN).action, ACTION_IMPOSSIBLE);
		assert_int_equal(connection_step_of(from, EVENT_CUT).next, CONNECTION_CLOSED);
		if (s != CONNECTION_CLOSED)
			assert_int_not_equal(connection_deadline_of(from), DEADLINE_NONE);
	}
	assert_int_equal(connection_deadline_of(CONNECTION_CLOSED), DEADLINE_NONE);
}

static void test_walks(void **state)
{
	static const struct {
		const char *what;
		enum connection_event events[6]; /* ended by EVENT_NONE */
		enum connection_state end;
	} walks[] = {
	    {"plain",
	     {EVENT_HANDSHAKE_DONE, EVENT_BACKEND_READY, EVENT_CLIENT_ENDED, EVENT_BACKEND_ENDED, EVENT_FLUSHED,
	      EVENT_NONE},
	     CONNECTION_CLOSED},
	    {"the other way round",
	     {EVENT_HANDSHAKE_DONE, EVENT_BACKEND_READY, EVENT_BACKEND_ENDED, EVENT_CLIENT_ENDED, EVENT_NONE},
	     CONNECTION_FLUSHING},
	    {"judged backend",
	     {EVENT_HANDSHAKE_DONE, EVENT_CONNECTED, EVENT_VERDICT_NEEDED, EVENT_VERDICT_GIVEN, EVENT_BACKEND_READY,
	      EVENT_NONE},
	     CONNECTION_RELAYING},
	    {"second address",
	     {EVENT_HANDSHAKE_DONE, EVENT_BACKEND_FAILED, EVENT_BACKEND_READY, EVENT_NONE},
	     CONNECTION_RELAYING},
	    {"no address",
	     {EVENT_HANDSHAKE_DONE, EVENT_BACKEND_FAILED, EVENT_NO_BACKEND_LEFT, EVENT_NONE},
	     CONNECTION_LINGERING},
	    {"a knock", {EVENT_CLIENT_ENDED, EVENT_NONE}, CONNECTION_CLOSED},
	};

	(void)state;
	for (size_t w = 0; w < sizeof(walks) / sizeof(walks[0]); w++) {
		enum connection_state at = CONNECTION_HANDSHAKE;

		for (size_t i = 0; walks[w].events[i] != EVENT_NONE; i++) {
			struct connection_step step = connection_step_of(at, walks[w].events[i]);

			if (step.action == ACTION_IMPOSSIBLE)
				fail_msg("%s: %s in %s", walks[w].what, connection_event_name(walks[w].events[i]),
					 connection_state_name(at));
			at = step.next;
		}
		assert_int_equal(at, walks[w].end);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(connection_state_name(CONNECTION_CLOSED), "closed");
	assert_string_equal(connection_event_name(EVENT_CUT), "cut");
	assert_string_equal(connection_event_name(EVENT_NONE), "none");
	assert_string_equal(connection_action_name(ACTION_CLOSE), "close");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_entry_names_a_state_and_an_action),
	    cmocka_unit_test(test_every_state_can_be_reached),
	    cmocka_unit_test(test_every_action_is_used),
	    cmocka_unit_test(test_what_can_always_come_is_always_met),
	    cmocka_unit_test(test_walks),
	    cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
