#include "proxy/io/alarm.h"

#include <stdlib.h>

#include "proxy/io/loop_uv.h"

struct alarm {
	uv_timer_t timer;
	void *context;
	void (*on_ring)(void *context);
};

struct alarm *alarm_new(struct loop *loop, void *context, void (*on_ring)(void *context))
{
	struct alarm *alarm = calloc(1, sizeof(*alarm));
	if (alarm == NULL)
		return NULL;
	alarm->context = context;
	alarm->on_ring = on_ring;
	uv_timer_init(&loop->uv, &alarm->timer);
	alarm->timer.data = alarm;
	return alarm;
}

static void on_timer(uv_timer_t *timer)
{
	struct alarm *alarm = timer->data;
	alarm->on_ring(alarm->context);
}

void alarm_set(struct alarm *alarm, uint64_t pause_ms)
{
	/* The loop's own time may be old after long work: the pause counts from now. */
	uv_update_time(alarm->timer.loop);
	uv_timer_start(&alarm->timer, on_timer, pause_ms, 0);
}

void alarm_stop(struct alarm *alarm)
{
	uv_timer_stop(&alarm->timer);
}

bool alarm_is_set(const struct alarm *alarm)
{
	return uv_is_active((const uv_handle_t *)&alarm->timer) != 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void alarm_free(struct alarm *alarm)
{
	if (alarm != NULL)
		uv_close((uv_handle_t *)&alarm->timer, on_closed);
}
