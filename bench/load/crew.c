#include "bench/load/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* What a thread is started with, and brings back. */
struct job {
	struct crew *crew;
	struct load_thread *thread;
	const struct load_phase *phase;
	struct error error;
	pthread_t handle;
};

static void wake_all(struct crew *crew)
{
	for (unsigned i = 0; i < crew->num_threads; i++)
		uv_async_send(&crew->threads[i].wake);
}

void crew_let_go(struct crew *crew)
{
	atomic_store(&crew->let_go, true);
	wake_all(crew);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct crew *crew = handle->data;

	(void)number;
	crew->interrupted = true;
	atomic_store(&crew->stop, true);
	wake_all(crew);
}

static void on_timer(uv_timer_t *handle)
{
	struct crew *crew = handle->data;

	progress_show(&crew->progress, crew->threads, crew->num_threads, load_clock_ns() - crew->begin_ns);
	if (crew->on_tick != NULL)
		crew->on_tick(crew, crew->tick_context);
}

static void on_ended(uv_async_t *handle)
{
	struct crew *crew = handle->data;

	if (atomic_load(&crew->num_running) == 0)
		uv_stop(&crew->loop);
}

static struct error open_loop(struct crew *crew)
{
	static const int numbers[] = {SIGINT, SIGTERM};
	int status = 0;

	for (size_t i = 0; i < 2 && status == 0; i++) {
		status = uv_signal_init(&crew->loop, &crew->signals[i]);
		crew->signals[i].data = crew;
		if (status == 0)
			status = uv_signal_start(&crew->signals[i], on_signal, numbers[i]);
	}
	crew->timer.data = crew->ended.data = crew;
	if (status == 0)
		status = uv_timer_init(&crew->loop, &crew->timer);
	if (status == 0)
		status = uv_async_init(&crew->loop, &crew->ended, on_ended);
	return status == 0 ? error_none() : error_of(ERROR_SYSTEM, -status, "watch signals");
}

struct error crew_open(struct crew *crew, const struct load_plan *plan, const struct target *target)
{
	memset(crew, 0, sizeof(*crew));
	crew->plan = plan;
	progress_init(&crew->progress, plan);
	int status = uv_loop_init(&crew->loop);
	if (status != 0) {
		crew->plan = NULL;
		return error_of(ERROR_SYSTEM, -status, "make a loop");
	}
	struct error error = open_loop(crew);
	crew->threads = calloc(plan->threads, sizeof(*crew->threads));
	if (!failed(error) && crew->threads == NULL)
		error = error_of(ERROR_MEMORY, 0, "make the threads");
	for (unsigned i = 0; i < plan->threads && !failed(error); i++) {
		error = load_thread_init(&crew->threads[i], plan, i, (const struct sockaddr *)&target->address,
					 target->address_len, &crew->stop, &crew->let_go);
		if (!failed(error))
			crew->num_threads++;
	}
	return error;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void crew_close(struct crew *crew)
{
	if (crew->plan == NULL)
		return;
	for (unsigned i = 0; i < crew->num_threads; i++)
		load_thread_cleanup(&crew->threads[i]);
	free(crew->threads);
	uv_walk(&crew->loop, close_handle, NULL);
	uv_run(&crew->loop, UV_RUN_DEFAULT);
	uv_loop_close(&crew->loop);
	crew->plan = NULL;
}

static void pin(const struct load_plan *plan, unsigned index)
{
	cpu_set_t set;

	if (plan->num_pins == 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)plan->pins[index % plan->num_pins], &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *work(void *data)
{
	struct job *job = data;
	struct crew *crew = job->crew;

	pin(crew->plan, job->thread->index);
	job->error = load_thread_run(job->thread, job->phase, crew->begin_ns);
	atomic_fetch_sub(&crew->num_running, 1);
	uv_async_send(&crew->ended);
	return NULL;
}

struct error crew_run(struct crew *crew, const struct load_phase *phase)
{
	struct job jobs[LOAD_MAX_THREADS];
	struct error error = error_none();
	unsigned num_jobs = 0;

	crew->begin_ns = load_clock_ns();
	progress_begin(&crew->progress, phase);
	atomic_store(&crew->num_running, crew->num_threads);
	while (num_jobs < crew->num_threads) {
		struct job *job = &jobs[num_jobs];
		*job = (struct job){crew, &crew->threads[num_jobs], phase, error_none(), 0};
		int code = pthread_create(&job->handle, NULL, work, job);
		if (code != 0) {
			error = error_of(ERROR_SYSTEM, code, "start a thread");
			atomic_store(&crew->stop, true);
			wake_all(crew);
			break;
		}
		num_jobs++;
	}
	if (!failed(error)) {
		uv_timer_start(&crew->timer, on_timer, CREW_TICK_MS, CREW_TICK_MS);
		uv_run(&crew->loop, UV_RUN_DEFAULT);
		uv_timer_stop(&crew->timer);
	}
	for (unsigned i = 0; i < num_jobs; i++) {
		pthread_join(jobs[i].handle, NULL);
		if (!failed(error))
			error = jobs[i].error;
	}
	progress_end(&crew->progress);
	return error;
}

bool crew_gather(struct crew *crew, struct tally *into)
{
	bool gave_up = false;

	for (unsigned i = 0; i < crew->num_threads; i++) {
		tally_merge(into, &crew->threads[i].tally);
		gave_up = gave_up || atomic_load(&crew->threads[i].gauge.gave_up);
	}
	return gave_up;
}
