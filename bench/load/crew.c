#include "bench/load/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/loop.h"

/* Holds the input of a thread, and its result. */
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
		wake_send(crew->threads[i].wake);
}

void crew_let_go(struct crew *crew)
{
	atomic_store(&crew->let_go, true);
	wake_all(crew);
}

static void on_signal(void *context, int number)
{
	struct crew *crew = context;

	(void)number;
	crew->interrupted = true;
	atomic_store(&crew->stop, true);
	wake_all(crew);
}

static void on_tick(void *context)
{
	struct crew *crew = context;

	progress_show(&crew->progress, crew->threads, crew->num_threads, load_clock_ns() - crew->begin_ns);
	if (crew->on_tick != NULL)
		crew->on_tick(crew, crew->tick_context);
	alarm_set(crew->ticker, CREW_TICK_MS);
}

static void on_ended(void *context)
{
	struct crew *crew = context;

	if (atomic_load(&crew->num_running) == 0)
		loop_stop(crew->loop);
}

static struct error open_loop(struct crew *crew)
{
	static const int numbers[CREW_NUM_SIGNALS] = {SIGINT, SIGTERM};

	for (size_t i = 0; i < CREW_NUM_SIGNALS; i++) {
		crew->signals[i] = signal_watch_new(crew->loop, numbers[i], crew, on_signal);
		if (crew->signals[i] == NULL)
			return error_of(ERROR_MEMORY, 0, "watch signals");
	}
	crew->ticker = alarm_new(crew->loop, crew, on_tick);
	if (crew->ticker == NULL)
		return error_of(ERROR_MEMORY, 0, "make a timer");
	return wake_open(crew->loop, crew, on_ended, &crew->ended);
}

struct error crew_open(struct crew *crew, const struct load_plan *plan, const struct target *target)
{
	memset(crew, 0, sizeof(*crew));
	crew->plan = plan;
	progress_init(&crew->progress, plan);
	struct error error = loop_new(&crew->loop);
	if (failed(error)) {
		crew->plan = NULL;
		return error;
	}
	error = open_loop(crew);
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

void crew_close(struct crew *crew)
{
	if (crew->plan == NULL)
		return;
	for (unsigned i = 0; i < crew->num_threads; i++)
		load_thread_cleanup(&crew->threads[i]);
	free(crew->threads);
	for (size_t i = 0; i < CREW_NUM_SIGNALS; i++)
		signal_watch_free(crew->signals[i]);
	alarm_free(crew->ticker);
	wake_close(crew->ended);
	loop_free(crew->loop);
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
	wake_send(crew->ended);
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
		alarm_set(crew->ticker, CREW_TICK_MS);
		loop_run(crew->loop);
		alarm_stop(crew->ticker);
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
		tally_merge(into, &crew->threads[i].context.tally);
		gave_up = gave_up || atomic_load(&crew->threads[i].context.gauge.gave_up);
	}
	return gave_up;
}
