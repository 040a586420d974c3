/* connection_machine - executes proxy/wire/connection_table with the two sides of a connection.
 *
 * A socket's event comes in, bytes are passed on, the result is fired at the table, and the action of its step follows.
 * EVENT_TURN_DONE is fired at the end of each turn, for steps whose guards look at both sides.
 */
#ifndef PROXY_WORKER_CONNECTION_MACHINE_H
#define PROXY_WORKER_CONNECTION_MACHINE_H

#include "proxy/worker/worker_thread.h"

/* connection_open takes an accepted socket, the place that was taken for it, and its client's network; it is served by
 * `listener` of `lease`. Where memory is short, it is closed, and new clients wait for a while. */
void connection_open(struct worker_thread *thread, struct snapshot_lease *lease,
		     const struct snapshot_listener *listener, int take_fd, uint64_t network);

/* connections_give_verdict answers the question of a connection, if it still waits; `reason` in words when not
 * trusted. */
void connections_give_verdict(struct worker_thread *thread, uint64_t question, bool trusted, const char *reason);

/* connections_give_addresses goes on with each connection that has waited for the addresses of its backends, and whose
 * list is known now. */
void connections_give_addresses(struct worker_thread *thread);

/* connections_cut_all closes all that are open. */
/* connections_drain lets HTTP connections end behind the answers that are under way. */
void connections_drain(struct worker_thread *thread);
void connections_cut_all(struct worker_thread *thread);

#endif
