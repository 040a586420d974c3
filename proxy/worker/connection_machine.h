/* connection_machine - executes proxy/wire/connection_table with the two sides of a connection.
 *
 * An event of a socket comes in, bytes go through, what happened is fired at the table, and its action follows. When
 * a turn's work is done, EVENT_TURN_DONE has the table look at what has become of both sides.
 */
#ifndef PROXY_WORKER_CONNECTION_MACHINE_H
#define PROXY_WORKER_CONNECTION_MACHINE_H

#include "proxy/worker/worker_thread.h"

/* connection_open takes an accepted socket with the place that was taken for it, and its client's network. */
void connection_open(struct worker_thread *thread, const struct snapshot_listener *listener, int take_fd,
		     uint64_t network);

/* connections_give_verdict answers the question of a connection, if it still waits; `reason` in words when not
 * trusted. */
void connections_give_verdict(struct worker_thread *thread, uint64_t question, bool trusted, const char *reason);

/* connections_cut_all closes all that are open. */
void connections_cut_all(struct worker_thread *thread);

#endif
