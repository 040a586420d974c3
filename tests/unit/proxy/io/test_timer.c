#include "proxy/io/timer.h"
#include "tests/support/unit.h"

#include <stdlib.h>

struct probe {
	struct timer timer; /* first */
	unsigned calls;
	uint64_t again_ms; /* armed again by on_due, 0: not */
	struct timer_wheel *wheel;
	struct timer *disarms; /* by on_due */
};

static void on_due(struct timer *timer)
{
	struct probe *probe = (struct probe *)(void *)timer;

	probe->calls++;
	assert_false(timer_is_armed(timer));
	if (probe->again_ms != 0)
		timer_arm(probe->wheel, timer, probe->again_ms);
	if (probe->disarms != NULL)
		timer_disarm(probe->wheel, probe->disarms);
}

static struct probe probe_of(struct timer_wheel *wheel)
{
	return (struct probe){.timer = {.on_due = on_due}, .wheel = wheel};
}

static struct timer_wheel wheel;

/* Never early, at most a tick late, wherever in a tick or a turn of the wheel the deadline is. */
static void test_due_within_a_tick(void **state)
{
	static const uint64_t waits[] = {0, 1, 99, 100, 101, 5000, 102399, 102400, 102401, 600000, 3600000};

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		uint64_t start = 1000007;
		struct probe probe = probe_of(&wheel);

		timer_wheel_init(&wheel, start);
		timer_arm(&wheel, &probe.timer, start + waits[i]);
		for (uint64_t now = start; now < start + waits[i]; now += 50) {
			timer_wheel_advance(&wheel, now);
			assert_int_equal(probe.calls, 0);
		}
		timer_wheel_advance(&wheel, start + waits[i] + TIMER_TICK_MS);
		assert_int_equal(probe.calls, 1);
		assert_int_equal(wheel.num_armed, 0);
	}
}

static void test_long_sleep_forgets_nothing(void **state)
{
	struct probe probes[50];

	(void)state;
	timer_wheel_init(&wheel, 0);
	for (size_t i = 0; i < 50; i++) {
		probes[i] = probe_of(&wheel);
		timer_arm(&wheel, &probes[i].timer, i * 7919);
	}
	timer_wheel_advance(&wheel, UINT64_C(10000000000));
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(probes[i].calls, 1);
}

static void test_arming_moves_and_disarming_removes(void **state)
{
	struct probe moved = probe_of(&wheel);
	struct probe removed = probe_of(&wheel);

	(void)state;
	timer_wheel_init(&wheel, 0);
	timer_arm(&wheel, &moved.timer, 1000);
	timer_arm(&wheel, &moved.timer, 5000);
	timer_arm(&wheel, &removed.timer, 1000);
	assert_int_equal(wheel.num_armed, 2);
	timer_disarm(&wheel, &removed.timer);
	timer_disarm(&wheel, &removed.timer);
	assert_int_equal(wheel.num_armed, 1);
	timer_wheel_advance(&wheel, 4000);
	assert_int_equal(moved.calls, 0);
	timer_wheel_advance(&wheel, 5100);
	assert_int_equal(moved.calls, 1);
	assert_int_equal(removed.calls, 0);
}

/* A timer that is due may arm itself again and disarm its neighbour of the same slot. */
static void test_changes_while_it_runs(void **state)
{
	struct probe first = probe_of(&wheel);
	struct probe second = probe_of(&wheel);

	(void)state;
	timer_wheel_init(&wheel, 0);
	first.disarms = &second.timer;
	first.again_ms = 300;
	timer_arm(&wheel, &first.timer, 100);
	timer_arm(&wheel, &second.timer, 100);
	timer_wheel_advance(&wheel, 200);
	assert_int_equal(first.calls, 1);
	assert_int_equal(second.calls, 0);
	timer_wheel_advance(&wheel, 400);
	assert_int_equal(first.calls, 2);
}

/* A loop that sleeps as it is told meets every deadline, and wakes for nothing else but spans that begin. */
static void test_sleeping_from_deadline_to_deadline(void **state)
{
	enum { NUM_PROBES = 300 };
	static struct probe probes[NUM_PROBES];
	uint64_t now = 1000007;
	uint64_t last = now;
	unsigned num_wakings = 0;
	unsigned num_called = 0;

	(void)state;
	timer_wheel_init(&wheel, now);
	for (size_t i = 0; i < NUM_PROBES; i++) {
		/* From nothing to four hours: more than a turn of the spans. */
		uint64_t deadline = now + (i * i * i * 7919) % 14400000;
		probes[i] = probe_of(&wheel);
		timer_arm(&wheel, &probes[i].timer, deadline);
		last = deadline > last ? deadline : last;
	}
	for (int wait = 0; (wait = timer_wheel_wait_ms(&wheel, now)) >= 0; num_wakings++) {
		now += (uint64_t)wait;
		timer_wheel_advance(&wheel, now);
		num_called = 0;
		for (size_t i = 0; i < NUM_PROBES; i++) {
			num_called += probes[i].calls;
			assert_true(probes[i].calls > 0 || probes[i].timer.deadline_ms > now - TIMER_TICK_MS);
			assert_true(probes[i].calls == 0 || probes[i].timer.deadline_ms <= now);
		}
	}
	assert_int_equal(num_called, NUM_PROBES);
	assert_true(now <= last + TIMER_TICK_MS);
	assert_true(num_wakings <= NUM_PROBES + 14400000 / (TIMER_TICK_MS * TIMER_SLOTS) + 1);
}

/* Ten thousand connections that do nothing until their deadline is far away do not wake anybody. */
static void test_far_deadlines_wake_nobody(void **state)
{
	enum { NUM_PROBES = 10000, IDLE_MS = 600000 };
	struct probe *probes = calloc(NUM_PROBES, sizeof(*probes));
	uint64_t now = 5000;
	unsigned num_wakings = 0;

	(void)state;
	assert_non_null(probes);
	timer_wheel_init(&wheel, now);
	for (size_t i = 0; i < NUM_PROBES; i++) {
		probes[i] = probe_of(&wheel);
		timer_arm(&wheel, &probes[i].timer, now + IDLE_MS + i);
	}
	while (now < 5000 + IDLE_MS - TIMER_TICK_MS) {
		now += (uint64_t)timer_wheel_wait_ms(&wheel, now);
		timer_wheel_advance(&wheel, now);
		num_wakings++;
	}
	assert_true(num_wakings <= 3);
	timer_wheel_advance(&wheel, now + NUM_PROBES + TIMER_TICK_MS);
	assert_int_equal(wheel.num_armed, 0);
	free(probes);
}

static void test_the_wait_ends_with_the_next_timer(void **state)
{
	struct probe probe = probe_of(&wheel);

	(void)state;
	timer_wheel_init(&wheel, 0);
	assert_int_equal(timer_wheel_wait_ms(&wheel, 0), -1);
	timer_arm(&wheel, &probe.timer, UINT64_MAX);
	timer_wheel_advance(&wheel, 30);
	assert_true(timer_wheel_wait_ms(&wheel, 30) > TIMER_TICK_MS);
	timer_arm(&wheel, &probe.timer, 950);
	assert_int_equal(timer_wheel_wait_ms(&wheel, 30), 1000 - 30);
	assert_int_equal(timer_wheel_wait_ms(&wheel, 5000), 0);
	timer_disarm(&wheel, &probe.timer);
	assert_int_equal(timer_wheel_wait_ms(&wheel, 5000), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_due_within_a_tick),
	    cmocka_unit_test(test_long_sleep_forgets_nothing),
	    cmocka_unit_test(test_arming_moves_and_disarming_removes),
	    cmocka_unit_test(test_changes_while_it_runs),
	    cmocka_unit_test(test_sleeping_from_deadline_to_deadline),
	    cmocka_unit_test(test_far_deadlines_wake_nobody),
	    cmocka_unit_test(test_the_wait_ends_with_the_next_timer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
