#include "proxy/io/timer.h"

#include <limits.h>

enum { BITS = 64 };

static void ring_init(struct timer *head)
{
	head->next = head->previous = head;
}

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms)
{
	for (size_t i = 0; i < TIMER_SLOTS; i++)
		ring_init(&wheel->slots[i]);
	for (size_t i = 0; i < TIMER_SPANS; i++)
		ring_init(&wheel->spans[i]);
	for (size_t i = 0; i < TIMER_SLOTS / BITS; i++)
		wheel->in_use[i] = 0;
	wheel->spans_in_use = 0;
	wheel->tick = now_ms / TIMER_TICK_MS;
	wheel->num_armed = 0;
}

bool timer_is_armed(const struct timer *timer)
{
	return timer->next != NULL;
}

static void unlink_timer(struct timer *timer)
{
	timer->next->previous = timer->previous;
	timer->previous->next = timer->next;
	timer->next = timer->previous = NULL;
}

void timer_disarm(struct timer_wheel *wheel, struct timer *timer)
{
	if (!timer_is_armed(timer))
		return;
	unlink_timer(timer);
	wheel->num_armed--;
}

static void insert(struct timer *head, struct timer *timer)
{
	timer->next = head;
	timer->previous = head->previous;
	head->previous->next = timer;
	head->previous = timer;
}

/* Returns the tick that ends at or after the deadline: never early. */
static uint64_t tick_of(uint64_t deadline_ms)
{
	return deadline_ms > UINT64_MAX - TIMER_TICK_MS ? UINT64_MAX / TIMER_TICK_MS
							: (deadline_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
}

static void put(struct timer_wheel *wheel, struct timer *timer)
{
	uint64_t tick = tick_of(timer->deadline_ms);
	uint64_t slot;

	if (tick < wheel->tick)
		tick = wheel->tick;
	if (tick - wheel->tick >= TIMER_SLOTS) {
		uint64_t span = tick / TIMER_SLOTS % TIMER_SPANS;
		wheel->spans_in_use |= UINT64_C(1) << span;
		insert(&wheel->spans[span], timer);
		return;
	}
	slot = tick % TIMER_SLOTS;
	wheel->in_use[slot / BITS] |= UINT64_C(1) << slot % BITS;
	insert(&wheel->slots[slot], timer);
}

void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline_ms)
{
	timer_disarm(wheel, timer);
	timer->deadline_ms = deadline_ms;
	put(wheel, timer);
	wheel->num_armed++;
}

/* Moves what is due to `due`; the rest is put where it belongs now. */
static void sort(struct timer_wheel *wheel, struct timer *head, uint64_t now_ms, struct timer *due)
{
	struct timer all = {.next = &all, .previous = &all};

	if (head->next == head)
		return;
	all.next = head->next;
	all.previous = head->previous;
	all.next->previous = all.previous->next = &all;
	ring_init(head);
	while (all.next != &all) {
		struct timer *timer = all.next;

		unlink_timer(timer);
		if (timer->deadline_ms <= now_ms)
			insert(due, timer);
		else
			put(wheel, timer);
	}
}

static void sort_slot(struct timer_wheel *wheel, uint64_t slot, uint64_t now_ms, struct timer *due)
{
	uint64_t bit = UINT64_C(1) << slot % BITS;

	if (!(wheel->in_use[slot / BITS] & bit))
		return;
	wheel->in_use[slot / BITS] &= ~bit;
	sort(wheel, &wheel->slots[slot], now_ms, due);
}

static void sort_span(struct timer_wheel *wheel, uint64_t span, uint64_t now_ms, struct timer *due)
{
	wheel->spans_in_use &= ~(UINT64_C(1) << span);
	sort(wheel, &wheel->spans[span], now_ms, due);
}

/* Moves the timers that are due to a ring of their own first: on_due may change every other one. */
void timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms)
{
	struct timer due = {.next = &due, .previous = &due};
	uint64_t now_tick = now_ms / TIMER_TICK_MS;
	uint64_t first = wheel->tick;

	if (now_tick < first)
		return;
	/* After a long sleep every slot and every span is looked at once, not once a turn. */
	uint64_t num_ticks = now_tick - first + 1;
	uint64_t num_spans = (now_tick + 1) / TIMER_SLOTS - first / TIMER_SLOTS;
	wheel->tick = now_tick + 1;
	if (wheel->num_armed == 0)
		return;
	for (uint64_t i = 0; i < num_ticks && i < TIMER_SLOTS; i++)
		sort_slot(wheel, (first + i) % TIMER_SLOTS, now_ms, &due);
	for (uint64_t i = 1; i <= num_spans && i <= TIMER_SPANS; i++)
		sort_span(wheel, (first / TIMER_SLOTS + i) % TIMER_SPANS, now_ms, &due);
	while (due.next != &due) {
		struct timer *timer = due.next;

		timer_disarm(wheel, timer);
		timer->on_due(timer);
	}
}

/* Returns how many ticks from now on the next slot in use is: UINT64_MAX when none is. */
static uint64_t ticks_to_slot(const struct timer_wheel *wheel)
{
	uint64_t first = wheel->tick % TIMER_SLOTS;

	for (uint64_t i = 0; i <= TIMER_SLOTS / BITS; i++) {
		uint64_t word = (first / BITS + i) % (TIMER_SLOTS / BITS);
		uint64_t bits = wheel->in_use[word];

		if (i == 0)
			bits &= UINT64_MAX << first % BITS;
		if (bits != 0)
			return (word * BITS + (uint64_t)__builtin_ctzll(bits) + TIMER_SLOTS - first) % TIMER_SLOTS;
	}
	return UINT64_MAX;
}

/* Returns how many ticks from now on the next span in use begins: UINT64_MAX when none is. The present one is last:
 * what its ring holds is due a whole turn later. */
static uint64_t ticks_to_span(const struct timer_wheel *wheel)
{
	uint64_t next = wheel->tick / TIMER_SLOTS + 1;
	uint64_t turned = next % TIMER_SPANS;
	uint64_t bits = wheel->spans_in_use;

	if (bits == 0)
		return UINT64_MAX;
	if (turned > 0)
		bits = bits >> turned | bits << (TIMER_SPANS - turned);
	return (next + (uint64_t)__builtin_ctzll(bits)) * TIMER_SLOTS - wheel->tick;
}

int timer_wheel_wait_ms(const struct timer_wheel *wheel, uint64_t now_ms)
{
	if (wheel->num_armed == 0)
		return -1;
	if (now_ms / TIMER_TICK_MS >= wheel->tick)
		return 0;
	/* A span that begins may hold what is due before the next slot in use. */
	uint64_t ticks = ticks_to_slot(wheel);
	uint64_t to_span = ticks_to_span(wheel);
	if (to_span < ticks)
		ticks = to_span;
	if (ticks == UINT64_MAX)
		return -1;
	uint64_t wait_ms = (wheel->tick + ticks) * TIMER_TICK_MS - now_ms;
	return wait_ms < INT_MAX ? (int)wait_ms : INT_MAX;
}
