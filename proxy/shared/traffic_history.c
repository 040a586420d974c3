#include "proxy/shared/traffic_history.h"

/* A worker's part is read while it is written, so a total may lag behind; it is never taken for less than none. */
static uint64_t difference(uint64_t total, uint64_t last)
{
	return total > last ? total - last : 0;
}

struct traffic_sample traffic_history_running(const struct traffic_history *history, struct traffic_sample total)
{
	return (struct traffic_sample){
	    .handshakes = difference(total.handshakes, history->last.handshakes),
	    .rejected = difference(total.rejected, history->last.rejected),
	    .failed = difference(total.failed, history->last.failed),
	};
}

void traffic_history_end_minute(struct traffic_history *history, struct traffic_sample total)
{
	history->minutes[history->next] = traffic_history_running(history, total);
	history->next = (history->next + 1) % TRAFFIC_HISTORY_MINUTES;
	history->last = total;
}

struct traffic_sample traffic_history_get(const struct traffic_history *history, size_t age)
{
	return history->minutes[(history->next + 2 * TRAFFIC_HISTORY_MINUTES - 1 - age) % TRAFFIC_HISTORY_MINUTES];
}

void traffic_history_continue(struct traffic_history *history, const struct traffic_history *former)
{
	*history = *former;
	history->last = (struct traffic_sample){0};
}
