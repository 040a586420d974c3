#include "proxy/wire/relay.h"

void relay_init(struct relay *relay)
{
	*relay = (struct relay){0};
	buffer_init(&relay->held, RELAY_MAX_HELD_BYTES);
}

void relay_cleanup(struct relay *relay)
{
	buffer_cleanup(&relay->held);
}

bool relay_may_read(struct relay *relay, size_t sink_backlog_bytes)
{
	size_t backlog = relay->held.len + sink_backlog_bytes;

	if (backlog >= RELAY_HIGH_WATER_BYTES)
		relay->paused = true;
	else if (backlog <= RELAY_LOW_WATER_BYTES)
		relay->paused = false;
	return !relay->paused && !relay->source_ended;
}

struct error relay_hold(struct relay *relay, struct bytes bytes)
{
	return buffer_append(&relay->held, bytes);
}

void relay_release(struct relay *relay)
{
	buffer_cleanup(&relay->held);
}

void relay_end(struct relay *relay)
{
	relay->source_ended = true;
}

void relay_break(struct relay *relay)
{
	relay->source_ended = relay->source_broken = true;
}

bool relay_has_end(const struct relay *relay)
{
	return relay->source_ended && !relay->source_broken && relay->held.len == 0;
}
