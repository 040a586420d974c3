#include "proxy/io/pool_share.h"

#include <stdlib.h>

#include "proxy/io/pool_share_queue.h"

struct pool_share *pool_share_new(void)
{
	struct pool_share *share = calloc(1, sizeof(*share));
	if (share == NULL)
		return NULL;
	share->references = 1;
	TAILQ_INIT(&share->urgent);
	TAILQ_INIT(&share->ordinary);
	return share;
}

struct pool_share *pool_share_ref(struct pool_share *share)
{
	share->references++;
	return share;
}

void pool_share_unref(struct pool_share *share)
{
	if (share != NULL && --share->references == 0)
		free(share);
}

void pool_share_queue_init(struct pool_share_queue *queue, unsigned max_running)
{
	*queue = (struct pool_share_queue){.max_running = max_running};
	TAILQ_INIT(&queue->shares);
}

static bool has_jobs(const struct pool_share *share)
{
	return !TAILQ_EMPTY(&share->urgent) || !TAILQ_EMPTY(&share->ordinary);
}

/* Searches from the end, where most shares belong. */
static void insert(struct pool_share_queue *queue, struct pool_share *share)
{
	struct pool_share *before = TAILQ_LAST(&queue->shares, pool_share_list);

	while (before != NULL && before->time_ns > share->time_ns)
		before = TAILQ_PREV(before, pool_share_list, link);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&queue->shares, share, link);
	else
		TAILQ_INSERT_AFTER(&queue->shares, before, share, link);
}

/* Puts the share where it belongs after anything about it has changed. */
static void place(struct pool_share_queue *queue, struct pool_share *share)
{
	if (share->is_queued)
		TAILQ_REMOVE(&queue->shares, share, link);
	share->is_queued = has_jobs(share) && share->num_running < queue->max_running;
	if (share->is_queued)
		insert(queue, share);
}

static struct pool_job_list *list_of(const struct pool_job *job)
{
	return job->urgent ? &job->share->urgent : &job->share->ordinary;
}

void pool_share_queue_add(struct pool_share_queue *queue, struct pool_job *job)
{
	struct pool_share *share = job->share;
	bool was_idle = !has_jobs(share) && share->num_running == 0;

	TAILQ_INSERT_TAIL(list_of(job), job, link);
	if (was_idle && share->time_ns < queue->now_ns)
		share->time_ns = queue->now_ns;
	if (!share->is_queued)
		place(queue, share);
}

void pool_share_queue_remove(struct pool_share_queue *queue, struct pool_job *job)
{
	TAILQ_REMOVE(list_of(job), job, link);
	if (!has_jobs(job->share))
		place(queue, job->share);
}

struct pool_job *pool_share_queue_take(struct pool_share_queue *queue)
{
	struct pool_share *share = TAILQ_FIRST(&queue->shares);
	if (share == NULL)
		return NULL;
	struct pool_job *job = TAILQ_FIRST(TAILQ_EMPTY(&share->urgent) ? &share->ordinary : &share->urgent);

	TAILQ_REMOVE(list_of(job), job, link);
	if (share->time_ns > queue->now_ns) /* never back: a share that comes then would be ahead of all others */
		queue->now_ns = share->time_ns;
	share->num_running++;
	place(queue, share);
	return job;
}

void pool_share_queue_charge(struct pool_share_queue *queue, struct pool_share *share, uint64_t used_ns)
{
	share->num_running--;
	share->time_ns += used_ns;
	place(queue, share);
}
