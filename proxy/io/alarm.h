/* alarm - a one-shot timer on a loop; freed in its close callback. */
#ifndef PROXY_IO_ALARM_H
#define PROXY_IO_ALARM_H

#include <stdbool.h>
#include <stdint.h>

struct alarm;
struct loop;

/* alarm_new: `on_ring` is called once for each alarm_set, never before that returned. NULL when out of memory. */
struct alarm *alarm_new(struct loop *loop, void *context, void (*on_ring)(void *context));

/* alarm_set sets it to ring in `pause_ms`, in place of any earlier setting. */
void alarm_set(struct alarm *alarm, uint64_t pause_ms);
void alarm_stop(struct alarm *alarm);
bool alarm_is_set(const struct alarm *alarm);

/* alarm_free may be called from on_ring. NULL is fine. */
void alarm_free(struct alarm *alarm);

#endif
