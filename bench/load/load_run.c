#include "bench/load/load_run.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/load/crew.h"
#include "bench/load/server_cpu.h"
#include "proxy/cli/output.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define SPARE_DESCRIPTORS 64 /* beside the connections */
#define DESCRIPTORS_A_THREAD 8

/* Of a run with idle connections, while they are held. */
struct hold {
	const struct load_plan *plan;
	struct load_result *result;
	uint64_t since_ns; /* all are held; 0: not yet */
	struct error error;
};

static struct error raise_descriptors(const struct load_plan *plan)
{
	struct rlimit limit;
	uint64_t wanted = (plan->idle > 0 ? plan->idle : plan->connections) + SPARE_DESCRIPTORS +
			  (uint64_t)DESCRIPTORS_A_THREAD * plan->threads;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return error_system("look up the limit of open files");
	if (limit.rlim_cur >= wanted)
		return error_none();
	if (limit.rlim_max < wanted)
		return error_of(ERROR_USAGE, 0,
				"so many connections need more open files than are allowed: raise the hard "
				"limit (ulimit -Hn)");
	limit.rlim_cur = wanted;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? error_none() : error_system("raise the limit of open files");
}

static uint64_t own_cpu_ns(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (uint64_t)spent.tv_sec * NS_PER_S + (uint64_t)spent.tv_nsec;
}

/* Full handshakes for the first sessions, and what the server does only once. Neither is measured. */
static struct error prepare(struct crew *crew, struct load_result *result)
{
	const struct load_plan *plan = crew->plan;
	const struct load_phase prime = {.kind = PHASE_PRIME};
	const struct load_phase warm_up = {.kind = PHASE_WARM_UP, .duration_ms = plan->warm_up_ms};
	struct error error = error_none();

	if (plan->resume) {
		error = crew_run(crew, &prime);
		for (unsigned i = 0; i < crew->num_threads; i++)
			result->priming_tickets += crew->threads[i].context.tally.tickets;
		if (!failed(error) && result->priming_tickets == 0 && !atomic_load(&crew->stop))
			complain_as("chainmend-bench",
				    "the server sent no session ticket, so that nothing can be resumed: "
				    "some send it with their first answer alone (--request asks for one)");
	}
	if (!failed(error) && plan->warm_up_ms > 0 && !atomic_load(&crew->stop))
		error = crew_run(crew, &warm_up);
	return error;
}

static struct error run_phase(struct crew *crew, const struct load_phase *phase, struct load_result *result)
{
	uint64_t own_ns = own_cpu_ns();
	struct error error = crew_run(crew, phase);

	result->seconds = (double)(load_clock_ns() - crew->begin_ns) / (double)NS_PER_S;
	result->client_cpu_ns = own_cpu_ns() - own_ns;
	result->gave_up = crew_gather(crew, &result->tally);
	return error;
}

static struct error measure(struct crew *crew, struct load_result *result)
{
	const struct load_plan *plan = crew->plan;
	const struct load_phase phase = {PHASE_MEASURE, plan->count, plan->duration_ms};
	struct server_cpu before, after;
	bool watched = plan->num_server_pids > 0;
	struct error error = error_none();

	if (watched)
		error = server_cpu_settle(&before, plan->server_pids, plan->num_server_pids, plan->server_children);
	if (!failed(error))
		error = run_phase(crew, &phase, result);
	if (failed(error) || !watched)
		return error;
	error = server_cpu_settle(&after, plan->server_pids, plan->num_server_pids, plan->server_children);
	if (failed(error)) /* the server has ended: what was counted still stands */
		return error_none();
	result->has_server_cpu = true;
	result->server_cpu_ns = server_cpu_between(&before, &after, &result->lost_processes);
	return error;
}

static void on_hold_tick(struct crew *crew, void *context)
{
	struct hold *hold = context;
	const struct load_plan *plan = hold->plan;
	uint64_t now_ns = load_clock_ns(), held = 0;

	for (unsigned i = 0; i < crew->num_threads; i++) {
		if (!atomic_load(&crew->threads[i].context.gauge.held_all))
			return;
		held += atomic_load(&crew->threads[i].context.gauge.held);
	}
	if (hold->since_ns == 0)
		hold->since_ns = now_ns;
	if (now_ns - hold->since_ns < plan->hold_ms * NS_PER_MS || atomic_load(&crew->let_go))
		return;
	hold->error =
	    server_memory_read(&hold->result->after, plan->server_pids, plan->num_server_pids, plan->server_children);
	hold->result->held = held;
	hold->result->has_memory = !failed(hold->error);
	crew_let_go(crew);
}

static struct error hold_idle(struct crew *crew, struct load_result *result)
{
	const struct load_plan *plan = crew->plan;
	const struct load_phase phase = {.kind = PHASE_HOLD, .count = plan->idle};
	struct hold hold = {.plan = plan, .result = result, .error = error_none()};
	struct error error =
	    server_memory_read(&result->before, plan->server_pids, plan->num_server_pids, plan->server_children);

	if (failed(error))
		return error;
	crew->on_tick = on_hold_tick;
	crew->tick_context = &hold;
	error = run_phase(crew, &phase, result);
	return failed(error) ? error : hold.error;
}

struct error load_run_execute(const struct load_plan *plan, struct load_result *result)
{
	struct target target;
	struct crew crew;

	memset(result, 0, sizeof(*result));
	struct error error = raise_descriptors(plan);
	if (!failed(error))
		error = target_find(plan, &target);
	if (failed(error))
		return error;
	target_print(&target, result->address, sizeof(result->address));
	error = crew_open(&crew, plan, &target);
	if (!failed(error))
		error = prepare(&crew, result);
	if (!failed(error) && !atomic_load(&crew.stop))
		error = plan->idle > 0 ? hold_idle(&crew, result) : measure(&crew, result);
	result->interrupted = crew.interrupted;
	crew_close(&crew);
	return error;
}
