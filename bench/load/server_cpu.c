#include "bench/load/server_cpu.h"

#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

enum { SETTLE_TRIES = 20, SETTLE_PAUSE_NS = 10 * 1000 * 1000, SETTLE_STILL_NS = 20000 };

static uint64_t clock_of(pid_t pid)
{
	clockid_t clock;
	struct timespec spent;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0)
		return 0; /* it has just ended */
	return (uint64_t)spent.tv_sec * NS_PER_S + (uint64_t)spent.tv_nsec;
}

struct error server_cpu_sample(struct server_cpu *sample, const pid_t *roots, size_t num_roots, bool children)
{
	struct error error = process_set_gather(&sample->set, roots, num_roots, children);

	for (size_t i = 0; !failed(error) && i < sample->set.count; i++)
		sample->ns[i] = clock_of(sample->set.pids[i]);
	return error;
}

static uint64_t total_of(const struct server_cpu *sample)
{
	uint64_t total = 0;

	for (size_t i = 0; i < sample->set.count; i++)
		total += clock_of(sample->set.pids[i]);
	return total;
}

struct error server_cpu_settle(struct server_cpu *sample, const pid_t *roots, size_t num_roots, bool children)
{
	struct error error = process_set_gather(&sample->set, roots, num_roots, children);
	uint64_t before = 0;

	for (unsigned i = 0; !failed(error) && i < SETTLE_TRIES; i++) {
		const struct timespec pause = {.tv_nsec = SETTLE_PAUSE_NS};
		uint64_t now = total_of(sample);

		if (i > 0 && now - before < SETTLE_STILL_NS)
			break;
		before = now;
		nanosleep(&pause, NULL);
	}
	return failed(error) ? error : server_cpu_sample(sample, roots, num_roots, children);
}

uint64_t server_cpu_between(const struct server_cpu *before, const struct server_cpu *after, size_t *out_lost)
{
	uint64_t spent = 0;
	size_t found = 0;

	for (size_t i = 0; i < after->set.count; i++) {
		spent += after->ns[i];
		for (size_t j = 0; j < before->set.count; j++) {
			if (before->set.pids[j] != after->set.pids[i] || before->ns[j] > after->ns[i])
				continue;
			spent -= before->ns[j];
			found++;
		}
	}
	*out_lost = before->set.count - found;
	return spent;
}
