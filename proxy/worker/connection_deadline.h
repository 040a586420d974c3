/* connection_deadline - limits the time in a state: arms the connection's timer with the site's timeouts. */
#ifndef PROXY_WORKER_CONNECTION_DEADLINE_H
#define PROXY_WORKER_CONNECTION_DEADLINE_H

#include "proxy/worker/connection.h"

#define CONNECTION_LINGER_MS 3000 /* for a client to read the last bytes, and to close */

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
	if (deadline == DEADLINE_NONE)
		timer_disarm(&thread->timers, &connection->timer);
	else
		timer_arm(&thread->timers, &connection->timer,
			  thread->now_ms + connection_deadline_ms(connection, deadline));
}

/* connection_deadline_is_premature is called when the timer is due. A deadline that counts from the last byte is not
 * moved with each byte: here it is compared with the last one, and the timer armed again for the rest. */
bool connection_deadline_is_premature(struct connection *connection);

#endif
