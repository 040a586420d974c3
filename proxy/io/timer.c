#include "proxy/io/timer.h"

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms)
{
	for (size_t i = 0; i < TIMER_SLOTS; i++)
		wheel->slots[i].next = wheel->slots[i].previous = &wheel->slots[i];
	wheel->tick = now_ms / TIMER_TICK_MS;
	wheel->num_armed = 0;
}

bool timer_is_armed(const struct timer *timer)
{
	return timer->next != NULL;
}

void timer_disarm(struct timer_wheel *wheel, struct timer *timer)
{
	if (!timer_is_armed(timer))
		return;
	timer->next->previous = timer->previous;
	timer->previous->next = timer->next;
	timer->next = timer->previous = NULL;
	wheel->num_armed--;
}

static void insert(struct timer *head, struct timer *timer)
{
	timer->next = head;
	timer->previous = head->previous;
	head->previous->next = timer;
	head->previous = timer;
}

/* The tick that ends at or after the deadline: never early. */
static uint64_t tick_of(uint64_t deadline_ms)
{
	return deadline_ms > UINT64_MAX - TIMER_TICK_MS ? UINT64_MAX / TIMER_TICK_MS
							: (deadline_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
}

void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline_ms)
{
	uint64_t tick = tick_of(deadline_ms);

	timer_disarm(wheel, timer);
	if (tick < wheel->tick)
		tick = wheel->tick;
	timer->deadline_ms = deadline_ms;
	insert(&wheel->slots[tick % TIMER_SLOTS], timer);
	wheel->num_armed++;
}

/* The due ones are moved to a ring of their own first: on_due may change the slot that is being walked. */
static void run_slot(struct timer_wheel *wheel, struct timer *head, uint64_t now_ms)
{
	struct timer due = {.next = &due, .previous = &due};
	struct timer *next;

	for (struct timer *timer = head->next; timer != head; timer = next) {
		next = timer->next;
		if (timer->deadline_ms > now_ms)
			continue;
		timer->next->previous = timer->previous;
		timer->previous->next = timer->next;
		insert(&due, timer);
	}
	while (due.next != &due) {
		struct timer *timer = due.next;

		timer_disarm(wheel, timer);
		timer->on_due(timer);
	}
}

void timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms)
{
	uint64_t now_tick = now_ms / TIMER_TICK_MS;
	uint64_t first = wheel->tick;

	if (now_tick < first)
		return;
	/* After a long sleep every slot is looked at once, not once a turn. */
	uint64_t num_ticks = now_tick - first + 1;
	wheel->tick = now_tick + 1;
	for (uint64_t i = 0; i < num_ticks && i < TIMER_SLOTS && wheel->num_armed > 0; i++)
		run_slot(wheel, &wheel->slots[(first + i) % TIMER_SLOTS], now_ms);
}

int timer_wheel_wait_ms(const struct timer_wheel *wheel, uint64_t now_ms)
{
	if (wheel->num_armed == 0)
		return -1;
	if (now_ms / TIMER_TICK_MS >= wheel->tick)
		return 0;
	return (int)(wheel->tick * TIMER_TICK_MS - now_ms);
}
