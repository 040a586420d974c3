#include "proxy/wire/connection_table.h"
#include "tests/support/unit.h"

#include <stdbool.h>
#include <string.h>

enum { NUM_CELLS = NUM_CONNECTION_STATES * NUM_CONNECTION_EVENTS };

/* A step, and where it stands. */
struct arrow {
	enum connection_state from;
	enum connection_event event;
	const struct connection_step *step;
};

/* All of them, those of a cell one after the other down to the one without a guard. */
static struct arrow arrows[NUM_CELLS * CONNECTION_MAX_STEPS];
static size_t num_arrows;

static int setup(void **state)
{
	(void)state;
	for (int cell = 0; cell < NUM_CELLS; cell++) {
		struct arrow arrow = {.from = (enum connection_state)(cell / NUM_CONNECTION_EVENTS),
				      .event = (enum connection_event)(cell % NUM_CONNECTION_EVENTS)};

		arrow.step = connection_steps_of(arrow.from, arrow.event);
		for (; arrow.step->guard != GUARD_NONE; arrow.step++)
			arrows[num_arrows++] = arrow;
		arrows[num_arrows++] = arrow;
	}
	return 0;
}

static bool is_possible(enum connection_state state, enum connection_event event)
{
	return connection_steps_of(state, event)->action != ACTION_IMPOSSIBLE;
}

static bool closes(enum connection_action action)
{
	return action == ACTION_CLOSE || action == ACTION_CLOSE_FAILED || action == ACTION_CUT ||
	       action == ACTION_CUT_LATE || action == ACTION_RESET || action == ACTION_IMPOSSIBLE;
}

/* Lists the events that can come in each state: one that is forgotten closes the connection. */
static void test_which_event_can_come_in_which_state(void **state)
{
	static const struct {
		enum connection_state state;
		const char *events; /* in their order; '-': it cannot come */
	} rows[] = {
	    /* preamble done, failed; verdict needed, given; addresses Needed, Known; Connected, connect Failed,
	     * no backend Left, Shortage; end of client,
	     * backend; client failed; client, backend broken; turn, deadline, cut; of HTTP:
	     * Drain, backend wanted, Ended, Broken, switched */
	    /* clang-format off */
	    {CONNECTION_CLOSED,            "df ng NK CFLS cb f cb tdc DwEBs"},
	    {CONNECTION_CLIENT_PREAMBLE,   "df -- -- ---S -- - c- tdc -----"},
	    {CONNECTION_ADDRESSES,         "-- -- -K ---S c- f c- tdc -----"},
	    {CONNECTION_CONNECTING,        "-- -- N- CFLS c- f c- tdc -----"},
	    {CONNECTION_BACKEND_PREAMBLE,  "df n- -- ---S c- f cb tdc -----"},
	    {CONNECTION_VERDICT,           "-f -g -- ---S c- f c- tdc -----"},
	    {CONNECTION_HTTP,              "-- -- -- ---S cb f cb tdc DwEBs"},
	    {CONNECTION_HTTP_ADDRESSES,    "-- -- -K ---S c- f c- tdc D-E--"},
	    {CONNECTION_HTTP_CONNECTING,   "-- -- N- CFLS c- f c- tdc D-E--"},
	    {CONNECTION_HTTP_PREAMBLE,     "df n- -- ---S c- f cb tdc D-E--"},
	    {CONNECTION_HTTP_VERDICT,      "-f -g -- ---S c- f c- tdc D-E--"},
	    {CONNECTION_RELAYING,          "-- -- -- ---S cb f cb tdc -----"},
	    {CONNECTION_CLIENT_ENDED,      "-- -- -- ---S -b f -b tdc -----"},
	    {CONNECTION_BACKEND_ENDED,     "-- -- -- ---S c- f cb tdc -----"},
	    {CONNECTION_FLUSHING,          "-- -- -- ---- -- - -- tdc -----"},
	    {CONNECTION_LINGERING,         "-- -- -- ---- -- - c- tdc -----"},
	    /* clang-format on */
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), NUM_CONNECTION_STATES);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = rows[i].events;

		for (int e = 0; e < NUM_CONNECTION_EVENTS; e++) {
			enum connection_event event = (enum connection_event)e;

			at += *at == ' ';
			if (is_possible(rows[i].state, event) != (*at != '-'))
				fail_msg("%s in %s", connection_event_name(event),
					 connection_state_name(rows[i].state));
			at++;
		}
		assert_int_equal(*at, '\0');
	}
}

static void test_every_step_names_what_there_is(void **state)
{
	(void)state;
	for (const struct arrow *arrow = arrows; arrow < arrows + num_arrows; arrow++) {
		const struct connection_step *step = arrow->step;

		assert_in_range(step->guard, 0, NUM_CONNECTION_GUARDS - 1);
		assert_in_range(step->action, 0, NUM_CONNECTION_ACTIONS - 1);
		assert_in_range(step->next, 0, CONNECTION_SAME);
		if (arrow->from != CONNECTION_CLOSED)
			assert_int_equal(step->next == CONNECTION_CLOSED, closes(step->action));
		if (step->action == ACTION_NOTHING)
			assert_int_equal(step->next, CONNECTION_SAME);
	}
}

/* The guards of a cell differ, and what stands behind the last step is empty: so that one without a guard is always
 * found within the cell. */
static void test_every_cell_ends_without_a_guard(void **state)
{
	static const struct connection_step empty;

	(void)state;
	for (int cell = 0; cell < NUM_CELLS; cell++) {
		const struct connection_step *steps = connection_steps[0][0] + (ptrdiff_t)cell * CONNECTION_MAX_STEPS;
		bool seen[NUM_CONNECTION_GUARDS] = {false};
		bool ended = false;

		for (size_t i = 0; i < CONNECTION_MAX_STEPS; i++) {
			if (ended) {
				assert_memory_equal(&steps[i], &empty, sizeof(empty));
				continue;
			}
			assert_false(seen[steps[i].guard]);
			seen[steps[i].guard] = true;
			ended = steps[i].guard == GUARD_NONE;
		}
		assert_true(ended);
	}
}

static void test_every_state_can_be_reached(void **state)
{
	bool reached[NUM_CONNECTION_STATES + 1] = {[CONNECTION_CLIENT_PREAMBLE] = true};

	(void)state;
	for (int round = 0; round < NUM_CONNECTION_STATES; round++)
		for (const struct arrow *arrow = arrows; arrow < arrows + num_arrows; arrow++)
			if (reached[arrow->from] && arrow->step->action != ACTION_IMPOSSIBLE)
				reached[arrow->step->next] = true;
	for (int s = 0; s < NUM_CONNECTION_STATES; s++)
		if (!reached[s])
			fail_msg("nothing leads to %s", connection_state_name((enum connection_state)s));
}

/* From wherever it is, a connection comes to its end by its own deadlines alone. */
static void test_every_state_is_left_by_its_deadline(void **state)
{
	bool ends[NUM_CONNECTION_STATES + 1] = {[CONNECTION_CLOSED] = true};

	(void)state;
	for (int i = 0; i < NUM_CONNECTION_STATES * NUM_CONNECTION_STATES; i++) {
		enum connection_state from = (enum connection_state)(i % NUM_CONNECTION_STATES);
		const struct connection_step *step = connection_steps_of(from, EVENT_DEADLINE);

		/* Addresses are tried one by one until none is left. */
		if (step->action == ACTION_CONNECT_NEXT || step->action == ACTION_CONNECT_OTHER)
			step = connection_steps_of(step->next, EVENT_NO_BACKEND_LEFT);
		/* The exchange ends HTTP once its limit is reached. */
		if (step->action == ACTION_HTTP_LATE)
			step = connection_steps_of(CONNECTION_HTTP, EVENT_HTTP_ENDED);
		if (ends[step->next])
			ends[from] = true;
	}
	for (int s = 0; s < NUM_CONNECTION_STATES; s++) {
		enum connection_state from = (enum connection_state)s;

		if (!ends[from])
			fail_msg("%s has no end", connection_state_name(from));
		assert_int_equal(connection_rules_of(from).deadline == DEADLINE_NONE, from == CONNECTION_CLOSED);
	}
}

static void test_every_action_and_guard_is_used(void **state)
{
	bool actions[NUM_CONNECTION_ACTIONS] = {false};
	bool guards[NUM_CONNECTION_GUARDS] = {false};

	(void)state;
	for (const struct arrow *arrow = arrows; arrow < arrows + num_arrows; arrow++)
		actions[arrow->step->action] = guards[arrow->step->guard] = true;
	for (int a = 0; a < NUM_CONNECTION_ACTIONS; a++)
		if (!actions[a])
			fail_msg("nothing brings about %s", connection_action_name((enum connection_action)a));
	for (int g = 0; g < NUM_CONNECTION_GUARDS; g++)
		if (!guards[g])
			fail_msg("nothing asks whether %s", connection_guard_name((enum connection_guard)g));
}

/* Lists what the client sees of each step. An end that may read as the whole of an answer is there only where the backend
 * or the client itself has ended. Rows that show the client nothing and keep it connected are left out. */
static void test_what_the_client_sees(void **state)
{
	static const struct {
		enum connection_state state;
		enum connection_event event;
		enum connection_guard guard;
		enum connection_end end; /* END_NONE: it is closed, and has been told or is gone */
	} rows[] = {
	    /* clang-format off */
	    {CONNECTION_CLIENT_PREAMBLE,  EVENT_PREAMBLE_FAILED, GUARD_CLIENT_SILENT,         END_NONE},
	    {CONNECTION_CLIENT_PREAMBLE,  EVENT_PREAMBLE_FAILED, GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CLIENT_PREAMBLE,  EVENT_SHORTAGE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CLIENT_PREAMBLE,  EVENT_CLIENT_BROKEN,   GUARD_CLIENT_SILENT,         END_NONE},
	    {CONNECTION_CLIENT_PREAMBLE,  EVENT_CLIENT_BROKEN,   GUARD_NONE,                  END_NONE},
	    {CONNECTION_CLIENT_PREAMBLE,  EVENT_TURN_DONE,       GUARD_CLIENT_GONE,           END_NONE},
	    {CONNECTION_CLIENT_PREAMBLE,  EVENT_DEADLINE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CLIENT_PREAMBLE,  EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_ADDRESSES,        EVENT_SHORTAGE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_ADDRESSES,        EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_ADDRESSES,        EVENT_TURN_DONE,       GUARD_CLIENT_GONE_WRITTEN,   END_NONE},
	    {CONNECTION_ADDRESSES,        EVENT_DEADLINE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_ADDRESSES,        EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CONNECTING,       EVENT_NO_BACKEND_LEFT, GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CONNECTING,       EVENT_SHORTAGE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CONNECTING,       EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CONNECTING,       EVENT_TURN_DONE,       GUARD_CLIENT_GONE_WRITTEN,   END_NONE},
	    {CONNECTION_CONNECTING,       EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_BACKEND_PREAMBLE, EVENT_SHORTAGE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_BACKEND_PREAMBLE, EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_BACKEND_PREAMBLE, EVENT_TURN_DONE,       GUARD_CLIENT_GONE_WRITTEN,   END_NONE},
	    {CONNECTION_BACKEND_PREAMBLE, EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_VERDICT,          EVENT_SHORTAGE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_VERDICT,          EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_VERDICT,          EVENT_TURN_DONE,       GUARD_CLIENT_GONE_WRITTEN,   END_NONE},
	    {CONNECTION_VERDICT,          EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP,             EVENT_SHORTAGE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP,             EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP,             EVENT_CLIENT_BROKEN,   GUARD_NONE,                  END_NONE},
	    {CONNECTION_HTTP,             EVENT_TURN_DONE,       GUARD_CLIENT_GONE,           END_NONE},
	    {CONNECTION_HTTP,             EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP,             EVENT_HTTP_ENDED,      GUARD_NONE,                  END_SAME},
	    {CONNECTION_HTTP,             EVENT_HTTP_BROKEN,     GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_ADDRESSES,   EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_ADDRESSES,   EVENT_CLIENT_BROKEN,   GUARD_NONE,                  END_NONE},
	    {CONNECTION_HTTP_ADDRESSES,   EVENT_TURN_DONE,       GUARD_CLIENT_GONE,           END_NONE},
	    {CONNECTION_HTTP_ADDRESSES,   EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_ADDRESSES,   EVENT_HTTP_ENDED,      GUARD_NONE,                  END_SAME},
	    {CONNECTION_HTTP_CONNECTING,   EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_CONNECTING,   EVENT_CLIENT_BROKEN,   GUARD_NONE,                  END_NONE},
	    {CONNECTION_HTTP_CONNECTING,   EVENT_TURN_DONE,       GUARD_CLIENT_GONE,           END_NONE},
	    {CONNECTION_HTTP_CONNECTING,   EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_CONNECTING,   EVENT_HTTP_ENDED,      GUARD_NONE,                  END_SAME},
	    {CONNECTION_HTTP_PREAMBLE,     EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_PREAMBLE,     EVENT_CLIENT_BROKEN,   GUARD_NONE,                  END_NONE},
	    {CONNECTION_HTTP_PREAMBLE,     EVENT_TURN_DONE,       GUARD_CLIENT_GONE,           END_NONE},
	    {CONNECTION_HTTP_PREAMBLE,     EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_PREAMBLE,     EVENT_HTTP_ENDED,      GUARD_NONE,                  END_SAME},
	    {CONNECTION_HTTP_VERDICT,      EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_VERDICT,      EVENT_CLIENT_BROKEN,   GUARD_NONE,                  END_NONE},
	    {CONNECTION_HTTP_VERDICT,      EVENT_TURN_DONE,       GUARD_CLIENT_GONE,           END_NONE},
	    {CONNECTION_HTTP_VERDICT,      EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_HTTP_VERDICT,      EVENT_HTTP_ENDED,      GUARD_NONE,                  END_SAME},
	    {CONNECTION_RELAYING,         EVENT_SHORTAGE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_RELAYING,         EVENT_BACKEND_ENDED,   GUARD_NONE,                  END_SAME},
	    {CONNECTION_RELAYING,         EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_RELAYING,         EVENT_BACKEND_BROKEN,  GUARD_NONE,                  END_ALERT},
	    {CONNECTION_RELAYING,         EVENT_TURN_DONE,       GUARD_CLIENT_GONE_DELIVERED, END_NONE},
	    {CONNECTION_RELAYING,         EVENT_DEADLINE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_RELAYING,         EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CLIENT_ENDED,     EVENT_SHORTAGE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CLIENT_ENDED,     EVENT_BACKEND_ENDED,   GUARD_NONE,                  END_SAME},
	    {CONNECTION_CLIENT_ENDED,     EVENT_CLIENT_FAILED,   GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CLIENT_ENDED,     EVENT_BACKEND_BROKEN,  GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CLIENT_ENDED,     EVENT_TURN_DONE,       GUARD_CLIENT_GONE_DELIVERED, END_NONE},
	    {CONNECTION_CLIENT_ENDED,     EVENT_DEADLINE,        GUARD_NONE,                  END_ALERT},
	    {CONNECTION_CLIENT_ENDED,     EVENT_CUT,             GUARD_NONE,                  END_ALERT},
	    {CONNECTION_BACKEND_ENDED,    EVENT_TURN_DONE,       GUARD_CLIENT_GONE_DELIVERED, END_NONE},
	    {CONNECTION_BACKEND_ENDED,    EVENT_CUT,             GUARD_FLUSHED,               END_NONE},
	    {CONNECTION_BACKEND_ENDED,    EVENT_CUT,             GUARD_NONE,                  END_RESET},
	    {CONNECTION_FLUSHING,         EVENT_TURN_DONE,       GUARD_FLUSHED,               END_NONE},
	    {CONNECTION_FLUSHING,         EVENT_DEADLINE,        GUARD_NONE,                  END_RESET},
	    {CONNECTION_FLUSHING,         EVENT_CUT,             GUARD_NONE,                  END_RESET},
	    {CONNECTION_LINGERING,        EVENT_CLIENT_BROKEN,   GUARD_NONE,                  END_NONE},
	    {CONNECTION_LINGERING,        EVENT_TURN_DONE,       GUARD_CLIENT_GONE,           END_NONE},
	    {CONNECTION_LINGERING,        EVENT_TURN_DONE,       GUARD_CLIENT_LEFT,           END_NONE},
	    {CONNECTION_LINGERING,        EVENT_DEADLINE,        GUARD_FLUSHED,               END_NONE},
	    {CONNECTION_LINGERING,        EVENT_DEADLINE,        GUARD_NONE,                  END_RESET},
	    {CONNECTION_LINGERING,        EVENT_CUT,             GUARD_FLUSHED,               END_NONE},
	    {CONNECTION_LINGERING,        EVENT_CUT,             GUARD_NONE,                  END_RESET},
	    /* clang-format on */
	};
	size_t num_seen = 0;

	(void)state;
	for (const struct arrow *arrow = arrows; arrow < arrows + num_arrows; arrow++) {
		enum connection_end end = connection_action_end(arrow->step->action);

		if (arrow->from == CONNECTION_CLOSED || !is_possible(arrow->from, arrow->event) ||
		    (end == END_NONE && arrow->step->next != CONNECTION_CLOSED))
			continue;
		assert_true(num_seen < sizeof(rows) / sizeof(rows[0]));
		if (arrow->from != rows[num_seen].state || arrow->event != rows[num_seen].event ||
		    arrow->step->guard != rows[num_seen].guard || end != rows[num_seen].end)
			fail_msg("%s, %s, %s: %s", connection_state_name(arrow->from),
				 connection_event_name(arrow->event), connection_guard_name(arrow->step->guard),
				 connection_end_name(end));
		num_seen++;
	}
	assert_int_equal(num_seen, sizeof(rows) / sizeof(rows[0]));
	assert_int_equal(connection_action_end(ACTION_IMPOSSIBLE), END_RESET);
}

/* A client is left to linger only by a step that ends its direction, or behind one that has. */
static void test_who_lingers_has_its_end(void **state)
{
	(void)state;
	for (const struct arrow *arrow = arrows; arrow < arrows + num_arrows; arrow++) {
		if (arrow->step->next != CONNECTION_LINGERING)
			continue;
		bool has_end = arrow->from == CONNECTION_BACKEND_ENDED || arrow->from == CONNECTION_FLUSHING;
		enum connection_end end = arrow->event == EVENT_HTTP_ENDED ? END_SAME : END_ALERT;
		assert_int_equal(connection_action_end(arrow->step->action), has_end ? END_NONE : end);
	}
}

/* Whatever state it is in: a cut ends it at once. */
static void test_a_cut_closes(void **state)
{
	(void)state;
	for (const struct arrow *arrow = arrows; arrow < arrows + num_arrows; arrow++)
		if (arrow->event == EVENT_CUT && arrow->from != CONNECTION_CLOSED)
			assert_int_equal(arrow->step->next, CONNECTION_CLOSED);
}

/* Where nothing has happened, the end of a turn changes nothing; it looks first for a client that is gone. */
static void test_what_the_end_of_a_turn_looks_at(void **state)
{
	static const struct {
		enum connection_state state;
		enum connection_guard guards[CONNECTION_MAX_STEPS];
		enum connection_action actions[CONNECTION_MAX_STEPS];
	} rows[] = {
	    {CONNECTION_CLOSED, {GUARD_NONE}, {ACTION_NOTHING}},
	    {CONNECTION_CLIENT_PREAMBLE, {GUARD_CLIENT_GONE}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_ADDRESSES, {GUARD_CLIENT_GONE_WRITTEN}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_CONNECTING, {GUARD_CLIENT_GONE_WRITTEN}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_BACKEND_PREAMBLE, {GUARD_CLIENT_GONE_WRITTEN}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_VERDICT, {GUARD_CLIENT_GONE_WRITTEN}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_HTTP, {GUARD_CLIENT_GONE}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_HTTP_ADDRESSES, {GUARD_CLIENT_GONE}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_HTTP_CONNECTING, {GUARD_CLIENT_GONE}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_HTTP_PREAMBLE, {GUARD_CLIENT_GONE}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_HTTP_VERDICT, {GUARD_CLIENT_GONE}, {ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_RELAYING,
	     {GUARD_CLIENT_GONE_DELIVERED, GUARD_CLIENT_GONE_WRITTEN},
	     {ACTION_CLOSE, ACTION_AWAIT_DELIVERY, ACTION_NOTHING}},
	    {CONNECTION_CLIENT_ENDED,
	     {GUARD_CLIENT_GONE_DELIVERED, GUARD_CLIENT_GONE_WRITTEN},
	     {ACTION_CLOSE, ACTION_AWAIT_DELIVERY, ACTION_NOTHING}},
	    {CONNECTION_BACKEND_ENDED,
	     {GUARD_CLIENT_GONE_DELIVERED, GUARD_BACKEND_GONE, GUARD_CLIENT_GONE_WRITTEN},
	     {ACTION_CLOSE, ACTION_LEAVE_BACKEND, ACTION_AWAIT_DELIVERY, ACTION_NOTHING}},
	    {CONNECTION_FLUSHING,
	     {GUARD_CLIENT_SENT_MORE, GUARD_FLUSHED},
	     {ACTION_AWAIT_CLIENT, ACTION_CLOSE, ACTION_NOTHING}},
	    {CONNECTION_LINGERING,
	     {GUARD_CLIENT_GONE, GUARD_CLIENT_LEFT},
	     {ACTION_CLOSE, ACTION_CLOSE, ACTION_NOTHING}},
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), NUM_CONNECTION_STATES);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct connection_step *steps = connection_steps_of(rows[i].state, EVENT_TURN_DONE);

		for (size_t k = 0; k == 0 || steps[k - 1].guard != GUARD_NONE; k++) {
			assert_int_equal(steps[k].guard, rows[i].guards[k]);
			assert_int_equal(steps[k].action, rows[i].actions[k]);
		}
	}
}

static bool has_content(enum connection_flow flow)
{
	return flow == FLOW_HTTP || connection_flow_carries(flow);
}

/* An end can only be read where bytes are, and a backend has bytes for the client only when it has the client's. */
static void test_flows_agree_with_what_can_come(void **state)
{
	(void)state;
	for (int s = 0; s < NUM_CONNECTION_STATES; s++) {
		enum connection_state from = (enum connection_state)s;
		struct connection_rules rules = connection_rules_of(from);

		if (from == CONNECTION_CLOSED)
			continue;
		assert_int_equal(is_possible(from, EVENT_CLIENT_ENDED), has_content(rules.up));
		assert_int_equal(is_possible(from, EVENT_BACKEND_ENDED), has_content(rules.down));
		assert_int_equal(is_possible(from, EVENT_HTTP_ENDED), rules.up == FLOW_HTTP);
		assert_int_equal(is_possible(from, EVENT_HTTP_DRAIN), rules.up == FLOW_HTTP);
		assert_int_equal(is_possible(from, EVENT_CLIENT_BROKEN), rules.up != FLOW_NONE);
		assert_true(!is_possible(from, EVENT_PREAMBLE_DONE) || rules.up == FLOW_PREAMBLE ||
			    rules.down == FLOW_PREAMBLE);
		assert_int_equal(is_possible(from, EVENT_VERDICT_GIVEN), rules.awaits == AWAITS_VERDICT);
		assert_int_equal(is_possible(from, EVENT_CONNECTED), rules.awaits == AWAITS_CONNECT);
		assert_int_equal(rules.up == FLOW_EARLY,
				 rules.awaits == AWAITS_CONNECT && from != CONNECTION_HTTP_CONNECTING);
	}
	assert_false(connection_flow_carries(FLOW_HTTP));
	assert_false(connection_flow_carries(FLOW_NONE));
	assert_false(connection_flow_carries(FLOW_DROPPED));
	assert_false(connection_flow_carries(FLOW_PREAMBLE));
	assert_true(connection_flow_carries(FLOW_EARLY));
	assert_true(connection_flow_carries(FLOW_HELD));
	assert_true(connection_flow_carries(FLOW_PASSED));
}

struct happening {
	enum connection_event event;
	enum connection_guard holds; /* GUARD_NONE: no guard does */
};

static const struct connection_step *step_of(enum connection_state from, struct happening happening)
{
	const struct connection_step *step = connection_steps_of(from, happening.event);

	while (step->guard != GUARD_NONE && step->guard != happening.holds)
		step++;
	return step;
}

static void test_walks(void **state)
{
	static const struct {
		const char *what;
		struct happening steps[8]; /* ended by EVENT_NONE */
		enum connection_state end;
	} walks[] = {
	    {"plain",
	     {{EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_CONNECTED, GUARD_NONE},
	      {EVENT_CLIENT_ENDED, GUARD_NONE},
	      {EVENT_TURN_DONE, GUARD_NONE},
	      {EVENT_BACKEND_ENDED, GUARD_NONE},
	      {EVENT_TURN_DONE, GUARD_FLUSHED},
	      {EVENT_NONE, GUARD_NONE}},
	     CONNECTION_CLOSED},
	    {"the other way round",
	     {{EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_CONNECTED, GUARD_NONE},
	      {EVENT_BACKEND_ENDED, GUARD_NONE},
	      {EVENT_CLIENT_ENDED, GUARD_NONE},
	      {EVENT_TURN_DONE, GUARD_NONE},
	      {EVENT_NONE, GUARD_NONE}},
	     CONNECTION_FLUSHING},
	    {"judged backend",
	     {{EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_CONNECTED, GUARD_BACKEND_PREAMBLE},
	      {EVENT_VERDICT_NEEDED, GUARD_NONE},
	      {EVENT_VERDICT_GIVEN, GUARD_NONE},
	      {EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_NONE, GUARD_NONE}},
	     CONNECTION_RELAYING},
	    {"second address",
	     {{EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_CONNECT_FAILED, GUARD_NONE},
	      {EVENT_CONNECTED, GUARD_BACKEND_PREAMBLE},
	      {EVENT_PREAMBLE_FAILED, GUARD_NONE},
	      {EVENT_CONNECTED, GUARD_NONE},
	      {EVENT_NONE, GUARD_NONE}},
	     CONNECTION_RELAYING},
	    {"no address",
	     {{EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_CONNECT_FAILED, GUARD_NONE},
	      {EVENT_NO_BACKEND_LEFT, GUARD_NONE},
	      {EVENT_TURN_DONE, GUARD_NONE},
	      {EVENT_NONE, GUARD_NONE}},
	     CONNECTION_LINGERING},
	    {"a knock", {{EVENT_PREAMBLE_FAILED, GUARD_CLIENT_SILENT}, {EVENT_NONE, GUARD_NONE}}, CONNECTION_CLOSED},
	    {"rubbish", {{EVENT_PREAMBLE_FAILED, GUARD_NONE}, {EVENT_NONE, GUARD_NONE}}, CONNECTION_LINGERING},
	    {"a client that ends early",
	     {{EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_CLIENT_ENDED, GUARD_NONE},
	      {EVENT_CONNECTED, GUARD_BACKEND_PREAMBLE},
	      {EVENT_TURN_DONE, GUARD_NONE},
	      {EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_CLIENT_ENDED, GUARD_NONE},
	      {EVENT_NONE, GUARD_NONE}},
	     CONNECTION_CLIENT_ENDED},
	    {"a reset, once its bytes are with the backend",
	     {{EVENT_PREAMBLE_DONE, GUARD_NONE},
	      {EVENT_CONNECTED, GUARD_NONE},
	      {EVENT_CLIENT_BROKEN, GUARD_NONE},
	      {EVENT_TURN_DONE, GUARD_CLIENT_GONE_WRITTEN},
	      {EVENT_TURN_DONE, GUARD_CLIENT_GONE_DELIVERED},
	      {EVENT_NONE, GUARD_NONE}},
	     CONNECTION_CLOSED},
	};

	(void)state;
	for (size_t w = 0; w < sizeof(walks) / sizeof(walks[0]); w++) {
		enum connection_state at = CONNECTION_CLIENT_PREAMBLE;

		for (size_t i = 0; walks[w].steps[i].event != EVENT_NONE; i++) {
			const struct connection_step *step = step_of(at, walks[w].steps[i]);

			if (step->action == ACTION_IMPOSSIBLE)
				fail_msg("%s: %s in %s", walks[w].what, connection_event_name(walks[w].steps[i].event),
					 connection_state_name(at));
			at = step->next == CONNECTION_SAME ? at : step->next;
		}
		assert_string_equal(connection_state_name(at), connection_state_name(walks[w].end));
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(connection_state_name(CONNECTION_CLOSED), "closed");
	assert_string_equal(connection_state_name(CONNECTION_LINGERING), "lingering");
	assert_string_equal(connection_state_name(CONNECTION_SAME), "the same");
	assert_string_equal(connection_event_name(EVENT_CUT), "cut");
	assert_string_equal(connection_event_name(EVENT_NONE), "none");
	assert_string_equal(connection_guard_name(GUARD_FLUSHED), "nothing is left to write");
	assert_string_equal(connection_action_name(ACTION_CLOSE), "close");
	assert_string_equal(connection_end_name(END_NONE), "");
	assert_string_equal(connection_end_name(END_ALERT), "an alert");
	assert_string_equal(connection_flow_name(FLOW_PASSED), "passed on");
	assert_string_equal(connection_deadline_name(DEADLINE_LINGER), "linger");
	assert_string_equal(connection_awaits_name(AWAITS_VERDICT), "the verdict");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_event_can_come_in_which_state),
	    cmocka_unit_test(test_every_step_names_what_there_is),
	    cmocka_unit_test(test_every_cell_ends_without_a_guard),
	    cmocka_unit_test(test_every_state_can_be_reached),
	    cmocka_unit_test(test_every_state_is_left_by_its_deadline),
	    cmocka_unit_test(test_every_action_and_guard_is_used),
	    cmocka_unit_test(test_what_the_client_sees),
	    cmocka_unit_test(test_who_lingers_has_its_end),
	    cmocka_unit_test(test_a_cut_closes),
	    cmocka_unit_test(test_what_the_end_of_a_turn_looks_at),
	    cmocka_unit_test(test_flows_agree_with_what_can_come),
	    cmocka_unit_test(test_walks),
	    cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
