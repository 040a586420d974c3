/* connection_deadline - limits the time in a state: arms the connection's timer with the site's timeouts. */
#ifndef PROXY_WORKER_CONNECTION_DEADLINE_H
#define PROXY_WORKER_CONNECTION_DEADLINE_H

#include "proxy/worker/connection.h"

#define CONNECTION_LINGER_MS 3000 /* for a client to read the last bytes, and to close; since its last byte */
#define CONNECTION_MAX_LINGER_MS 30000 /* in which bytes that are dropped count as its last */

/* connection_deadline_ms returns the length of `deadline`; 0 where none is set. */
static inline uint64_t connection_deadline_ms(const struct connection *connection, enum connection_deadline deadline)
{
	const struct config_site *config = connection->site->config;

	switch (deadline) {
	case DEADLINE_HANDSHAKE:
	case DEADLINE_BACKEND_HANDSHAKE:
		return config->handshake_timeout_ms;
	case DEADLINE_CONNECT:
		return config->connect_timeout_ms;
	case DEADLINE_IDLE:
		return config->idle_timeout_ms;
	case DEADLINE_LINGER:
		return CONNECTION_LINGER_MS;
	case DEADLINE_HTTP:
		return connection->site->http->head_timeout_ms; /* the shortest: then the exchange has its say */
	case DEADLINE_NONE:
	case DEADLINE_KEEP:
		break;
	}
	return 0;
}

/* connection_deadline_set arms the timer for `deadline`, from now on. */
static inline void connection_deadline_set(struct connection *connection, enum connection_deadline deadline)
{
	struct worker_thread *thread = connection->thread;

	if (deadline == DEADLINE_KEEP)
		return;
	if (deadline == DEADLINE_LINGER)
		connection->linger_until_ms = thread->now_ms + CONNECTION_MAX_LINGER_MS;
	if (deadline == DEADLINE_NONE)
		timer_disarm(&thread->timers, &connection->timer);
	else
		timer_arm(&thread->timers, &connection->timer,
			  thread->now_ms + connection_deadline_ms(connection, deadline));
}

/* connection_deadline_note_dropped notes that bytes of the client were dropped. They put its deadline off, since a reset
 * over what is unread may overtake its answer; unless it takes no bytes, or sends for too long. */
static inline void connection_deadline_note_dropped(struct connection *connection)
{
	uint64_t now_ms = connection->thread->now_ms;

	if (stream_backlog(&connection->client.stream) == 0 && now_ms < connection->linger_until_ms)
		connection->last_active_ms = now_ms;
}

/* connection_deadline_is_premature is called when the timer is due. A deadline that counts from the last byte is not
 * moved with each byte: here it is compared with the last one, and the timer armed again for the rest. */
bool connection_deadline_is_premature(struct connection *connection);

#endif
