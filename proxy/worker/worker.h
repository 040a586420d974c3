/* worker - one thread with its own loop, its own listening sockets and its own connections; nothing else.
 *
 * All functions are called by the control thread.
 */
#ifndef PROXY_WORKER_WORKER_H
#define PROXY_WORKER_WORKER_H

#include "proxy/shared/counters.h"
#include "proxy/shared/snapshot.h"
#include "proxy/shared/worker_event.h"
#include "proxy/worker/worker_options.h"

struct worker;

/* worker_start starts the thread, which serves by `snapshot` (a reference is taken). */
MUST_USE struct error worker_start(const struct worker_options *options, struct snapshot *snapshot,
				   struct worker **out);

/* worker_publish serves new connections by `snapshot`, and listens as it says. ERROR_MEMORY: nothing has changed;
 * publish again. */
MUST_USE struct error worker_publish(struct worker *worker, struct snapshot *snapshot);

/* worker_give_verdict answers WORKER_VERIFY_BACKEND; `reason` in words when not trusted. Late answers are dropped. */
void worker_give_verdict(struct worker *worker, uint64_t connection, bool trusted, const char *reason);

/* worker_drain closes the listeners; open connections go on until they end or `timeout_ms` has passed. The worker then
 * posts WORKER_STOPPED. May be called again with a shorter timeout. */
void worker_drain(struct worker *worker, uint64_t timeout_ms);

/* worker_join waits for the thread after WORKER_STOPPED and frees the worker. */
void worker_join(struct worker *worker);

const struct counters *worker_counters(const struct worker *worker);

#endif
