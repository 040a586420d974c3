#include "bench/load/load_run.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <uv.h>

#include "bench/load/load_thread.h"
#include "bench/load/progress.h"
#include "bench/load/server_cpu.h"
#include "bench/load/target.h"

#define NS_PER_S UINT64_C(1000000000)
#define SPARE_DESCRIPTORS 64 /* beside the connections */
#define PROGRESS_MS 250

struct load_run {
	const struct load_plan *plan;
	struct load_result *result;
	struct load_thread *threads; /* plan->threads of them */
	unsigned num_threads; /* that are initialised */
	_Atomic bool stop;
	_Atomic bool let_go;
	struct target target;

	uv_loop_t loop; /* of the control thread: signals, the progress line, the end of a phase */
	uv_signal_t signals[2];
	uv_timer_t timer;
	uv_async_t ended;
	_Atomic unsigned num_running;
	struct progress progress;
	uint64_t begin_ns;
};

/* What a thread is started with, and brings back. */
struct job {
	struct load_run *run;
	struct load_thread *thread;
	const struct load_phase *phase;
	uint64_t begin_ns;
	struct error error;
	pthread_t handle;
};

static void on_signal(uv_signal_t *handle, int number)
{
	struct load_run *run = handle->data;

	(void)number;
	run->result->interrupted = true;
	atomic_store(&run->stop, true);
}

static void on_timer(uv_timer_t *handle)
{
	struct load_run *run = handle->data;

	progress_show(&run->progress, run->threads, run->num_threads, load_clock_ns() - run->begin_ns);
}

static void on_ended(uv_async_t *handle)
{
	struct load_run *run = handle->data;

	if (atomic_load(&run->num_running) == 0)
		uv_stop(&run->loop);
}

static struct error open_loop(struct load_run *run)
{
	static const int numbers[] = {SIGINT, SIGTERM};
	int status = uv_loop_init(&run->loop);

	if (status != 0)
		return error_of(ERROR_SYSTEM, -status, "make a loop");
	for (size_t i = 0; i < 2 && status == 0; i++) {
		status = uv_signal_init(&run->loop, &run->signals[i]);
		run->signals[i].data = run;
		if (status == 0)
			status = uv_signal_start(&run->signals[i], on_signal, numbers[i]);
	}
	run->timer.data = run->ended.data = run;
	if (status == 0)
		status = uv_timer_init(&run->loop, &run->timer);
	if (status == 0)
		status = uv_async_init(&run->loop, &run->ended, on_ended);
	return status == 0 ? error_none() : error_of(ERROR_SYSTEM, -status, "watch signals");
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void close_loop(struct load_run *run)
{
	uv_walk(&run->loop, close_handle, NULL);
	uv_run(&run->loop, UV_RUN_DEFAULT);
	uv_loop_close(&run->loop);
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

	pin(job->run->plan, job->thread->index);
	job->error = load_thread_run(job->thread, job->phase, job->begin_ns);
	atomic_fetch_sub(&job->run->num_running, 1);
	uv_async_send(&job->run->ended);
	return NULL;
}

static struct error run_phase(struct load_run *run, const struct load_phase *phase)
{
	struct job jobs[LOAD_MAX_THREADS];
	struct error error = error_none();
	unsigned num_jobs = 0;

	run->begin_ns = load_clock_ns();
	progress_begin(&run->progress, phase);
	atomic_store(&run->num_running, run->num_threads);
	for (; num_jobs < run->num_threads && !failed(error); num_jobs++) {
		struct job *job = &jobs[num_jobs];
		*job = (struct job){run, &run->threads[num_jobs], phase, run->begin_ns, error_none(), 0};
		int code = pthread_create(&job->handle, NULL, work, job);
		if (code != 0)
			error = error_of(ERROR_SYSTEM, code, "start a thread");
	}
	if (failed(error)) {
		num_jobs--;
		atomic_store(&run->stop, true);
	} else {
		uv_timer_start(&run->timer, on_timer, PROGRESS_MS, PROGRESS_MS);
		uv_run(&run->loop, UV_RUN_DEFAULT);
		uv_timer_stop(&run->timer);
	}
	for (unsigned i = 0; i < num_jobs; i++) {
		pthread_join(jobs[i].handle, NULL);
		if (!failed(error))
			error = jobs[i].error;
	}
	progress_end(&run->progress);
	return error;
}

static struct error raise_descriptors(const struct load_plan *plan)
{
	struct rlimit limit;
	uint64_t wanted = (plan->idle > 0 ? plan->idle : plan->connections) + SPARE_DESCRIPTORS + 4 * plan->threads;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return error_system("look up the limit of open files");
	if (limit.rlim_cur >= wanted)
		return error_none();
	if (limit.rlim_max < wanted)
		return error_of(ERROR_USAGE, 0, "so many connections need more open files than are allowed: raise the hard "
						"limit (ulimit -Hn)");
	limit.rlim_cur = wanted;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? error_none() : error_system("raise the limit of open files");
}

static struct error make_threads(struct load_run *run)
{
	const struct load_plan *plan = run->plan;
	struct error error = error_none();

	run->threads = calloc(plan->threads, sizeof(*run->threads));
	if (run->threads == NULL)
		return error_of(ERROR_MEMORY, 0, "make the threads");
	for (unsigned i = 0; i < plan->threads && !failed(error); i++) {
		error = load_thread_init(&run->threads[i], plan, i, (const struct sockaddr *)&run->target.address,
					 run->target.address_len, &run->stop, &run->let_go);
		if (!failed(error))
			run->num_threads++;
	}
	return error;
}

static uint64_t own_cpu_ns(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (uint64_t)spent.tv_sec * NS_PER_S + (uint64_t)spent.tv_nsec;
}

static void gather(struct load_run *run, struct tally *into)
{
	for (unsigned i = 0; i < run->num_threads; i++) {
		tally_merge(into, &run->threads[i].tally);
		if (atomic_load(&run->threads[i].gauge.gave_up))
			run->result->gave_up = true;
	}
}

/* Full handshakes for the first sessions, and what the server does only once. Neither is measured. */
static struct error prepare(struct load_run *run)
{
	const struct load_plan *plan = run->plan;
	const struct load_phase prime = {.kind = PHASE_PRIME};
	const struct load_phase warm_up = {.kind = PHASE_WARM_UP, .duration_ms = plan->warm_up_ms};
	struct error error = error_none();

	if (plan->resume) {
		error = run_phase(run, &prime);
		run->result->has_priming = true;
		for (unsigned i = 0; i < run->num_threads; i++)
			run->result->priming_sessions += run->threads[i].tally.tickets;
	}
	if (!failed(error) && plan->warm_up_ms > 0 && !atomic_load(&run->stop))
		error = run_phase(run, &warm_up);
	return error;
}

static struct error measure(struct load_run *run)
{
	const struct load_plan *plan = run->plan;
	const struct load_phase phase = {PHASE_MEASURE, plan->count, plan->duration_ms};
	struct server_cpu before, after;
	bool watched = plan->num_server_pids > 0;
	struct error error = error_none();

	if (watched)
		error = server_cpu_settle(&before, plan->server_pids, plan->num_server_pids, plan->server_children);
	if (failed(error))
		return error;
	uint64_t own_ns = own_cpu_ns();
	error = run_phase(run, &phase);
	run->result->seconds = (double)(load_clock_ns() - run->begin_ns) / (double)NS_PER_S;
	run->result->client_cpu_ns = own_cpu_ns() - own_ns;
	gather(run, &run->result->tally);
	if (failed(error) || !watched)
		return error;
	error = server_cpu_settle(&after, plan->server_pids, plan->num_server_pids, plan->server_children);
	if (failed(error)) /* the server has ended: what was counted still stands */
		return error_none();
	run->result->has_server_cpu = true;
	run->result->server_cpu_ns = server_cpu_between(&before, &after, &run->result->lost_processes);
	return error;
}

struct error load_run_execute(const struct load_plan *plan, struct load_result *result)
{
	struct load_run run = {.plan = plan, .result = result};

	memset(result, 0, sizeof(*result));
	progress_init(&run.progress, plan);
	struct error error = raise_descriptors(plan);
	if (!failed(error))
		error = target_find(plan, &run.target);
	if (failed(error))
		return error;
	target_print(&run.target, result->address, sizeof(result->address));
	error = open_loop(&run);
	if (!failed(error))
		error = make_threads(&run);
	if (!failed(error))
		error = prepare(&run);
	if (!failed(error) && !atomic_load(&run.stop))
		error = measure(&run);
	for (unsigned i = 0; i < run.num_threads; i++)
		load_thread_cleanup(&run.threads[i]);
	free(run.threads);
	close_loop(&run);
	return error;
}
