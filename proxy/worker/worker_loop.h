/* worker_loop - runs a worker's thread: waits for sockets, timers and mail, which acceptors and connections handle. */
#ifndef PROXY_WORKER_WORKER_LOOP_H
#define PROXY_WORKER_WORKER_LOOP_H

#include "proxy/worker/worker_thread.h"

MUST_USE struct error worker_loop_init(struct worker_thread *thread, const struct worker_options *options,
				       mailbox_handler *on_mail, void *context);
void worker_loop_cleanup(struct worker_thread *thread);

/* worker_loop_run serves until `quit` is set. */
void worker_loop_run(struct worker_thread *thread);

/* worker_loop_use serves new connections by the lease's snapshot: opens its listeners, closes those that it lacks. */
void worker_loop_use(struct worker_thread *thread, struct snapshot_lease *take_lease);

/* worker_loop_drain as worker_drain. */
void worker_loop_drain(struct worker_thread *thread, uint64_t timeout_ms);

#endif
