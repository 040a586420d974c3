#include "proxy/worker/connection_deadline.h"

#include "proxy/worker/connection_http.h"

bool connection_deadline_is_premature(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	enum connection_deadline deadline = connection_rules_now(connection).deadline;

	if (deadline != DEADLINE_IDLE && deadline != DEADLINE_LINGER && deadline != DEADLINE_HTTP)
		return false;
	uint64_t deadline_ms = deadline == DEADLINE_HTTP
				   ? connection_http_due_ms(connection)
				   : connection->last_active_ms + connection_deadline_ms(connection, deadline);
	if (deadline_ms <= thread->now_ms)
		return false;
	timer_arm(&thread->timers, &connection->timer, deadline_ms);
	return true;
}
