/* worker_thread - the state that the connections of one worker share. No other thread touches it, but for the counters,
 * which others read, and the mailbox. worker_loop runs it.
 */
#ifndef PROXY_WORKER_WORKER_THREAD_H
#define PROXY_WORKER_WORKER_THREAD_H

#include "proxy/io/poller.h"
#include "proxy/io/timer.h"
#include "proxy/shared/counters.h"
#include "proxy/wire/tls_pump.h"
#include "proxy/worker/backend_choice.h"
#include "proxy/worker/backend_pool.h"
#include "proxy/worker/event_limit.h"
#include "proxy/worker/reported_names.h"
#include "proxy/worker/worker_options.h"

/* Of one read; its plain text is never longer. In bulk, 128 KiB cost 8% less CPU a byte than 64, and 256 no less. */
#define WORKER_READ_BYTES ((size_t)128 * 1024)
#define WORKER_MAX_REASON 192
#define WORKER_MAX_VERDICTS 64 /* about the chains of backends, of one snapshot */
#define WORKER_VERDICT_MS 10000 /* for which a good one is kept, so that a new verdict counts soon */
#define WORKER_WAITING_LISTS 1024 /* ten thousand that wait make ten a list */

/* A snapshot's reference shared by the connections of one thread, so that they count without atomics. */
struct snapshot_lease {
	struct snapshot *snapshot;
	size_t users; /* connections, and one while it is the present one */
	struct verdict_memory *verdicts; /* good ones, given under this snapshot; NULL: none yet */
};

struct snapshot_lease *snapshot_lease_new(struct snapshot *snapshot); /* with one user; NULL when out of memory */
void snapshot_lease_unref(struct snapshot_lease *lease);

struct acceptor;
struct http_gather;
struct connection;

struct worker_thread {
	struct worker_options options;
	struct loop *loop;
	struct mailbox *mailbox;
	struct poller poller;
	struct timer_wheel timers;
	uint64_t now_ms; /* monotonic, of this turn */
	struct tls_channel channel;
	uint8_t *received; /* WORKER_READ_BYTES, of the event that is being handled */
	struct http_gather *gather; /* made for the first HTTP connection; NULL: none yet */
	uint8_t *plain; /* WORKER_READ_BYTES, the plain text of `received` */
	char reason[WORKER_MAX_REASON]; /* why the backend of the event failed */
	struct counters counters;
	struct site_tally *nobody; /* counts for sites without a tally */
	struct backend_choice choice;
	struct backend_pool pool; /* of the present lease's sites */
	struct event_limit limit;
	struct timer limit_timer;
	bool traces; /* log_level = debug */
	unsigned num_traced; /* lines since `trace_since_ms` (connection_trace.h) */
	uint64_t trace_since_ms;
	struct reported_names reported_names;

	struct snapshot_lease *lease; /* the present one */
	struct acceptor *acceptors;
	struct acceptor *leaving; /* those that only wait for room for their last clients */
	bool accepting_paused;
	/* acceptors_pause (acceptor.h), handed in: connections do not depend on acceptors. */
	void (*pause)(struct worker_thread *thread, int code);
	struct timer resume_timer;
	struct pollable room; /* readable when a place was given back that this worker waits for */

	struct connection *connections; /* all open ones */
	struct connection *closed; /* freed at the end of the turn */
	struct connection
	    *waiting[WORKER_WAITING_LISTS]; /* for a verdict or for addresses, by the number of their question */
	size_t num_connections;
	uint64_t num_questions; /* that connections have waited for */

	struct timer drain_timer;
	bool draining;
	bool stop_reported;
	bool quit;
};

/* worker_thread_report sends an event about a site, at most once a second; `text` is cut to what fits. */
void worker_thread_report(struct worker_thread *thread, enum worker_event_kind kind, struct snapshot *snapshot,
			  size_t site, uint8_t alert, const char *text);
void worker_thread_report_entry(struct worker_thread *thread, const struct event_limit_entry *report);

#endif
