#include "proxy/io/thread_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proxy/io/clock.h"
#include "proxy/io/loop_uv.h"
#include "proxy/io/pool_share_queue.h"
#include "proxy/io/wake.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

struct thread_pool {
	uv_mutex_t lock; /* over all up to `num_ended`, and each job's state and `cancelled` */
	uv_cond_t has_work; /* for the threads */
	uv_cond_t has_done; /* for thread_pool_wait and thread_pool_close */
	struct pool_share_queue waiting;
	struct pool_job_list done; /* not handed back yet */
	bool is_closing;
	bool is_left; /* with threads that have not ended: nothing else is there any more */
	unsigned num_ended; /* threads */

	struct wake *wake;
	struct pool_share *own_share;
	char name[16];
	pthread_t threads[THREAD_POOL_MAX_THREADS];
	unsigned num_threads;
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void run_job(struct pool_job *job)
{
	uint64_t begun_ns = thread_cpu_ns();

	job->waited_ns = clock_now_ns() - job->submitted_ns;
	job->run(job);
	job->cpu_ns = thread_cpu_ns() - begun_ns;
}

/* With the lock. NULL: the pool closes. */
static struct pool_job *await_job(struct thread_pool *pool)
{
	struct pool_job *job = NULL;

	while (!pool->is_closing && (job = pool_share_queue_take(&pool->waiting)) == NULL)
		uv_cond_wait(&pool->has_work, &pool->lock);
	return job;
}

static void *run_thread(void *argument)
{
	struct thread_pool *pool = argument;
	struct pool_job *job;

	pthread_setname_np(pthread_self(), pool->name);
	uv_mutex_lock(&pool->lock);
	while ((job = await_job(pool)) != NULL) {
		job->state = POOL_JOB_RUNNING;
		uv_mutex_unlock(&pool->lock);
		run_job(job);
		uv_mutex_lock(&pool->lock);
		if (pool->is_left)
			break;
		job->state = POOL_JOB_DONE;
		pool_share_queue_charge(&pool->waiting, job->share, job->cpu_ns);
		TAILQ_INSERT_TAIL(&pool->done, job, link);
		uv_cond_signal(&pool->has_done);
		/* Inside the lock: the pool is not closed before this thread ends. */
		wake_send(pool->wake);
	}
	pool->num_ended++;
	uv_cond_signal(&pool->has_done);
	uv_mutex_unlock(&pool->lock);
	return NULL;
}

/* The job is no longer the pool's when its callback begins. */
static void hand_back(struct pool_job *job, bool discarded)
{
	pool_share_unref(job->share);
	job->share = NULL;
	job->state = POOL_JOB_IDLE;
	job->cancelled = false;
	if (discarded)
		job->discard(job);
	else
		job->on_done(job);
}

/* False: none is done. */
static bool hand_back_one(struct thread_pool *pool)
{
	bool discarded = false;

	uv_mutex_lock(&pool->lock);
	struct pool_job *job = TAILQ_FIRST(&pool->done);
	if (job != NULL) {
		TAILQ_REMOVE(&pool->done, job, link);
		discarded = job->cancelled;
	}
	uv_mutex_unlock(&pool->lock);
	if (job == NULL)
		return false;
	hand_back(job, discarded);
	return true;
}

static void on_wake(void *context)
{
	struct thread_pool *pool = context;

	while (hand_back_one(pool))
		continue;
}

/* Frees what thread_pool_open had made when the step with this number failed. */
static void free_parts(struct thread_pool *pool, int num_made)
{
	if (num_made > 2)
		uv_cond_destroy(&pool->has_done);
	if (num_made > 1)
		uv_cond_destroy(&pool->has_work);
	if (num_made > 0)
		uv_mutex_destroy(&pool->lock);
	wake_close(pool->wake);
	pool_share_unref(pool->own_share);
	free(pool);
}

static struct error make_locks(struct thread_pool *pool, int *num_made)
{
	int status = uv_mutex_init(&pool->lock);

	if (status == 0) {
		*num_made = 1;
		status = uv_cond_init(&pool->has_work);
	}
	if (status == 0) {
		*num_made = 2;
		status = uv_cond_init(&pool->has_done);
	}
	if (status == 0)
		*num_made = 3;
	return status == 0 ? error_none() : error_of(ERROR_SYSTEM, -status, "make the locks of threads");
}

static struct error start_threads(struct thread_pool *pool, unsigned num_threads)
{
	while (pool->num_threads < num_threads) {
		int status = pthread_create(&pool->threads[pool->num_threads], NULL, run_thread, pool);
		if (status != 0)
			return error_of(ERROR_SYSTEM, status, "start a thread");
		pool->num_threads++;
	}
	return error_none();
}

struct error thread_pool_open(struct loop *loop, const struct thread_pool_options *options, struct thread_pool **out)
{
	struct thread_pool *pool = calloc(1, sizeof(*pool));
	int num_made = 0;

	*out = NULL;
	if (pool == NULL)
		return error_of(ERROR_MEMORY, 0, "make a pool of threads");
	snprintf(pool->name, sizeof(pool->name), "%s", options->name);
	pool_share_queue_init(&pool->waiting, options->max_running_a_share);
	TAILQ_INIT(&pool->done);
	pool->own_share = pool_share_new();
	struct error error =
	    pool->own_share != NULL ? make_locks(pool, &num_made) : error_of(ERROR_MEMORY, 0, "make a pool of threads");
	if (!failed(error))
		error = wake_open(loop, pool, on_wake, &pool->wake);
	if (failed(error)) {
		free_parts(pool, num_made);
		return error;
	}
	error = start_threads(pool, options->num_threads);
	if (failed(error))
		(void)thread_pool_close(pool); /* no job runs yet */
	else
		*out = pool;
	return error;
}

void thread_pool_submit(struct thread_pool *pool, struct pool_share *share, struct pool_job *take_job, bool urgent)
{
	take_job->share = pool_share_ref(share != NULL ? share : pool->own_share);
	take_job->urgent = urgent;
	take_job->submitted_ns = clock_now_ns();
	uv_mutex_lock(&pool->lock);
	take_job->state = POOL_JOB_WAITING;
	pool_share_queue_add(&pool->waiting, take_job);
	uv_cond_signal(&pool->has_work);
	uv_mutex_unlock(&pool->lock);
}

void thread_pool_cancel(struct thread_pool *pool, struct pool_job *job)
{
	uv_mutex_lock(&pool->lock);
	enum pool_job_state state = job->state;
	if (state == POOL_JOB_WAITING)
		pool_share_queue_remove(&pool->waiting, job);
	if (state == POOL_JOB_DONE)
		TAILQ_REMOVE(&pool->done, job, link);
	job->cancelled = state == POOL_JOB_RUNNING;
	uv_mutex_unlock(&pool->lock);
	if (state == POOL_JOB_WAITING || state == POOL_JOB_DONE)
		hand_back(job, true);
}

/* Returns when a job is done, or at `until_ns`; false then. */
static bool await_done(struct thread_pool *pool, uint64_t until_ns)
{
	uint64_t now_ns = clock_now_ns();

	uv_mutex_lock(&pool->lock);
	while (TAILQ_EMPTY(&pool->done) && now_ns < until_ns) {
		(void)uv_cond_timedwait(&pool->has_done, &pool->lock, until_ns - now_ns);
		now_ns = clock_now_ns();
	}
	uv_mutex_unlock(&pool->lock);
	return now_ns < until_ns;
}

void thread_pool_wait(struct thread_pool *pool, uint64_t timeout_ms, void *context, bool (*is_over)(void *context))
{
	uint64_t until_ns = clock_now_ns() + timeout_ms * NS_PER_MS;

	while (!is_over(context) && await_done(pool, until_ns))
		(void)hand_back_one(pool);
}

/* Returns whether all threads have ended in time. Those that have not are left. */
static bool end_threads(struct thread_pool *pool)
{
	uint64_t until_ns = clock_now_ns() + THREAD_POOL_CLOSE_WAIT_MS * NS_PER_MS;
	uint64_t now_ns;

	uv_mutex_lock(&pool->lock);
	pool->is_closing = true;
	uv_cond_broadcast(&pool->has_work);
	while (pool->num_ended < pool->num_threads && (now_ns = clock_now_ns()) < until_ns)
		(void)uv_cond_timedwait(&pool->has_done, &pool->lock, until_ns - now_ns);
	pool->is_left = pool->num_ended < pool->num_threads;
	bool is_left = pool->is_left;
	uv_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->num_threads; i++) {
		if (is_left)
			pthread_detach(pool->threads[i]);
		else
			pthread_join(pool->threads[i], NULL);
	}
	return !is_left;
}

bool thread_pool_close(struct thread_pool *pool)
{
	struct pool_job *job;

	if (pool == NULL)
		return true;
	bool has_ended = end_threads(pool);
	/* From here on one thread looks at the queue: what still waits is next without a limit. */
	pool->waiting.max_running = UINT32_MAX;
	while ((job = TAILQ_FIRST(&pool->done)) != NULL) {
		TAILQ_REMOVE(&pool->done, job, link);
		hand_back(job, true);
	}
	while ((job = pool_share_queue_take(&pool->waiting)) != NULL)
		hand_back(job, true);
	if (has_ended)
		free_parts(pool, 3);
	else
		wake_close(pool->wake);
	return has_ended;
}
