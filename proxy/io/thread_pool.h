/* thread_pool - runs jobs in threads of its own, and hands each back on the loop's thread.
 *
 * For what takes long and needs no loop: verifying, reading files. Jobs that belong to one share wait together. The
 * share that has used the least CPU time lately goes first, and no share holds more threads than the pool allows, so
 * that a share with much work delays the others by one job at the most.
 *
 * All functions are called on the loop's thread; `run` alone is called in a thread of the pool.
 */
#ifndef PROXY_IO_THREAD_POOL_H
#define PROXY_IO_THREAD_POOL_H

#include <stdbool.h>

#include "chaincache/base/error.h"
#include "proxy/io/pool_job.h"
#include "proxy/io/pool_share.h"

#define THREAD_POOL_MAX_THREADS 16
#define THREAD_POOL_CLOSE_WAIT_MS 1000 /* for jobs that run; only a file that hangs takes longer */

struct loop;
struct thread_pool;

struct thread_pool_options {
	const char *name; /* of the threads, as tools show it: 15 characters at the most */
	unsigned num_threads; /* 1 to THREAD_POOL_MAX_THREADS */
	unsigned max_running_a_share; /* 1 to num_threads */
};

MUST_USE struct error thread_pool_open(struct loop *loop, const struct thread_pool_options *options,
				       struct thread_pool **out);

/* thread_pool_submit takes the job until it is handed back: on_done comes exactly once, from the loop or from
 * thread_pool_wait, and never before this returned. `share` NULL: the pool's own. An urgent job goes before the others
 * of its share. */
void thread_pool_submit(struct thread_pool *pool, struct pool_share *share, struct pool_job *take_job, bool urgent);

/* thread_pool_cancel prevents on_done. A job that runs is discarded after its run, any other before this returns. An idle
 * one stays the caller's, and nothing happens. */
void thread_pool_cancel(struct thread_pool *pool, struct pool_job *job);

/* thread_pool_wait waits, and hands back what is done, until `is_over` says so, which is asked after each job, or until
 * `timeout_ms` have passed. */
void thread_pool_wait(struct thread_pool *pool, uint64_t timeout_ms, void *context, bool (*is_over)(void *context));

/* thread_pool_close discards the jobs that wait, waits for those that run, and discards them too. Not to be called by a
 * job's callback. NULL is fine. False where one runs after THREAD_POOL_CLOSE_WAIT_MS, such as the read of a file, which
 * cannot be cut short: it, its thread and what waits behind it in its share are left as they are, and the process is to
 * be ended by _exit(), since they would see exit() at work. What the job uses must be there until then. */
bool thread_pool_close(struct thread_pool *pool);

#endif
