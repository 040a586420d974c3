#include "proxy/wire/relay.h"
#include "tests/support/unit.h"

#include <stdlib.h>

static int setup(void **state)
{
	struct relay *relay = test_calloc(1, sizeof(*relay));

	relay_init(relay);
	*state = relay;
	return 0;
}

static int teardown(void **state)
{
	relay_cleanup(*state);
	test_free(*state);
	return 0;
}

static void test_a_backlog_stops_reading_until_low_water(void **state)
{
	/* Steps of one relay: the sink's backlog, and whether the source is read then. */
	static const struct {
		size_t backlog;
		bool reads;
	} steps[] = {
	    {0, true},
	    {RELAY_HIGH_WATER_BYTES - 1, true},
	    {RELAY_HIGH_WATER_BYTES, false},
	    {RELAY_HIGH_WATER_BYTES - 1, false}, /* paused: only low water ends it */
	    {RELAY_LOW_WATER_BYTES + 1, false},
	    {RELAY_LOW_WATER_BYTES, true},
	    {RELAY_LOW_WATER_BYTES + 1, true},
	    {SIZE_MAX / 2, false},
	    {0, true},
	};
	struct relay *relay = *state;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(relay_may_read(relay, steps[i].backlog), steps[i].reads);
}

static void test_held_bytes_count(void **state)
{
	static uint8_t bytes[RELAY_HIGH_WATER_BYTES];
	struct relay *relay = *state;

	assert_ok(relay_hold(relay, bytes_of(bytes, sizeof(bytes) - 1)));
	assert_true(relay_may_read(relay, 0));
	assert_false(relay_may_read(relay, 1));
	relay_release(relay);
	assert_int_equal(relay->held.len, 0);
	assert_true(relay_may_read(relay, 0));
}

static void test_held_bytes_have_a_maximum(void **state)
{
	static uint8_t bytes[RELAY_MAX_HELD_BYTES];
	struct relay *relay = *state;

	assert_ok(relay_hold(relay, bytes_of(bytes, sizeof(bytes))));
	assert_kind(relay_hold(relay, bytes_of(bytes, 1)), ERROR_LIMIT);
	assert_int_equal(relay->held.len, sizeof(bytes));
}

static void test_end_comes_last(void **state)
{
	struct relay *relay = *state;

	assert_false(relay_has_end(relay));
	assert_ok(relay_hold(relay, bytes_of("x", 1)));
	relay_end(relay);
	assert_false(relay_may_read(relay, 0));
	assert_false(relay_has_end(relay)); /* a byte is to go first */
	relay_release(relay);
	assert_true(relay_has_end(relay));
}

/* Forwards the bytes before a break, but no end. */
static void test_break_is_no_end(void **state)
{
	struct relay *relay = *state;

	assert_ok(relay_hold(relay, bytes_of("x", 1)));
	relay_break(relay);
	assert_false(relay_may_read(relay, 0));
	assert_int_equal(relay->held.len, 1);
	relay_release(relay);
	assert_false(relay_has_end(relay));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_backlog_stops_reading_until_low_water, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_held_bytes_count, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_held_bytes_have_a_maximum, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_end_comes_last, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_break_is_no_end, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
