/* pool_share_queue - the shares of a pool that have jobs waiting, and which of them is next. The caller holds the lock.
 *
 * Start-time fair queueing: each share has a time, which moves on by what its jobs used. The earliest share is next. One
 * that had nothing to do begins at the latest time of those that were served.
 */
#ifndef PROXY_IO_POOL_SHARE_QUEUE_H
#define PROXY_IO_POOL_SHARE_QUEUE_H

#include <stdbool.h>

#include "proxy/io/pool_job.h"

TAILQ_HEAD(pool_job_list, pool_job);
TAILQ_HEAD(pool_share_list, pool_share);

struct pool_share {
	unsigned references;
	TAILQ_ENTRY(pool_share) link; /* where is_queued */
	struct pool_job_list urgent;
	struct pool_job_list ordinary;
	unsigned num_running;
	bool is_queued; /* it has waiting jobs and may run one more */
	uint64_t time_ns;
};

/* Holds always: the shares are in the order of their times, and each that may run a job is among them. */
struct pool_share_queue {
	struct pool_share_list shares;
	unsigned max_running; /* of a share */
	uint64_t now_ns; /* the latest time of a share that was served */
};

void pool_share_queue_init(struct pool_share_queue *queue, unsigned max_running);

/* pool_share_queue_add puts a job after those of its share. */
void pool_share_queue_add(struct pool_share_queue *queue, struct pool_job *job);

/* pool_share_queue_remove takes a waiting job out. */
void pool_share_queue_remove(struct pool_share_queue *queue, struct pool_job *job);

/* pool_share_queue_take takes the next job out, to be run; NULL where none may run. */
struct pool_job *pool_share_queue_take(struct pool_share_queue *queue);

/* pool_share_queue_charge ends the run of a job, which used so much. */
void pool_share_queue_charge(struct pool_share_queue *queue, struct pool_share *share, uint64_t used_ns);

#endif
