#include "proxy/control/publisher.h"

#include <stdlib.h>

#include "proxy/io/alarm.h"
#include "proxy/system/retry.h"

struct publisher {
	void *context;
	bool (*publish)(void *context);
	struct alarm *alarm;
	struct retry retry;
	bool soon; /* the alarm is set for a change, not for a retry */
};

void publisher_now(struct publisher *publisher)
{
	alarm_stop(publisher->alarm);
	publisher->soon = false;
	if (publisher->publish(publisher->context)) {
		retry_reset(&publisher->retry);
		return;
	}
	/* Nothing else would publish it: a change is announced once. One that was announced meanwhile comes sooner. */
	if (!alarm_is_set(publisher->alarm))
		alarm_set(publisher->alarm, retry_next(&publisher->retry));
}

static void on_alarm(void *context)
{
	publisher_now(context);
}

struct publisher *publisher_new(struct loop *loop, void *context, bool (*publish)(void *context))
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));
	if (publisher == NULL)
		return NULL;
	publisher->context = context;
	publisher->publish = publish;
	retry_init(&publisher->retry, PUBLISHER_RETRY_FIRST_MS, PUBLISHER_RETRY_MAX_MS);
	publisher->alarm = alarm_new(loop, publisher, on_alarm);
	if (publisher->alarm != NULL)
		return publisher;
	free(publisher);
	return NULL;
}

void publisher_free(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	alarm_free(publisher->alarm);
	free(publisher);
}

void publisher_change(struct publisher *publisher)
{
	if (publisher->soon)
		return;
	publisher->soon = true;
	alarm_set(publisher->alarm, PUBLISHER_PAUSE_MS);
}
