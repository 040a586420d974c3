/* timer - deadlines by the thousand: a wheel of coarse ticks, one a thread, and a coarser one for what is far away.
 * Arming and disarming move a list node, so no event costs a timer; a thread sleeps until the next deadline, however
 * many there are. Pure: the time comes in.
 */
#ifndef PROXY_IO_TIMER_H
#define PROXY_IO_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMER_TICK_MS 100 /* a deadline is met at most this much late, never early */
#define TIMER_SLOTS 1024 /* one turn of the wheel is 102 s: one span */
#define TIMER_SPANS 64 /* one bit each in a word; one turn is 109 minutes, what is due later waits for its turn */

/* Embedded in the object that has the deadline, with on_due set. Zero-initialised is disarmed. */
struct timer {
	struct timer *next;
	struct timer *previous;
	uint64_t deadline_ms;
	void (*on_due)(struct timer *timer);
};

/* Holds always: an armed timer whose tick comes within one turn is in the slot of its tick, any other in the ring of
 * its span, from which it moves to a slot when that span begins. A bit of `in_use` and `spans_in_use` may be set for an
 * empty ring, never unset for another. */
struct timer_wheel {
	struct timer slots[TIMER_SLOTS]; /* heads of rings */
	struct timer spans[TIMER_SPANS];
	uint64_t in_use[TIMER_SLOTS / 64];
	uint64_t spans_in_use;
	uint64_t tick; /* all ticks before it were handled */
	size_t num_armed;
};

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms);

/* timer_arm sets the deadline, whether the timer was armed or not. */
void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline_ms);
void timer_disarm(struct timer_wheel *wheel, struct timer *timer);
bool timer_is_armed(const struct timer *timer);

/* timer_wheel_advance calls on_due for each timer whose deadline has passed; it is disarmed by then. on_due may
 * arm and disarm any timer. */
void timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms);

/* timer_wheel_wait_ms returns how long a loop may sleep: to the tick of the next deadline, or to the next span that has
 * any; -1 when nothing is armed. */
int timer_wheel_wait_ms(const struct timer_wheel *wheel, uint64_t now_ms);

#endif
