/* alarm - one thing to be done later on a loop: set, set again, stopped, freed in its close callback. */
#ifndef PROXY_IO_ALARM_H
#define PROXY_IO_ALARM_H

#include <stdbool.h>
#include <stdint.h>

struct alarm;
struct loop;

/* alarm_new: `on_ring` comes once each time that it was set, never before alarm_set returned. NULL when out of
 * memory. */
struct alarm *alarm_new(struct loop *loop, void *context, void (*on_ring)(void *context));

/* alarm_set has it ring in `pause_ms`, in place of any earlier setting. */
void alarm_set(struct alarm *alarm, uint64_t pause_ms);
void alarm_stop(struct alarm *alarm);
bool alarm_is_set(const struct alarm *alarm);

/* alarm_free may be called from on_ring. NULL is fine. */
void alarm_free(struct alarm *alarm);

#endif
