/* pool_job - one piece of work for a thread pool (thread_pool.h): a function for a thread, and a callback for the
 * loop's thread. */
#ifndef PROXY_IO_POOL_JOB_H
#define PROXY_IO_POOL_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct pool_share;

enum pool_job_state { POOL_JOB_IDLE, POOL_JOB_WAITING, POOL_JOB_RUNNING, POOL_JOB_DONE };

/* Embedded in what the job works on. The caller sets the callbacks; the rest is the pool's, and zero at first. */
struct pool_job {
	void (*run)(struct pool_job *job); /* reads and writes what the job owns, and reads what never changes */
	void (*on_done)(struct pool_job *job); /* the job is the caller's again, and may be submitted anew */
	void (*discard)(struct pool_job *job); /* in place of on_done, after a cancel: frees the job */

	TAILQ_ENTRY(pool_job) link;
	enum pool_job_state state;
	bool urgent;
	bool cancelled; /* while it ran */
	struct pool_share *share; /* one reference, from the submit to the hand-back */
	uint64_t submitted_ns; /* by CLOCK_MONOTONIC */
	uint64_t waited_ns; /* from the submit to the start of `run`, of its last run */
	uint64_t cpu_ns; /* CPU time of its last run */
};

#endif
