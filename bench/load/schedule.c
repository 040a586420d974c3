#include "bench/load/schedule.h"

#define NS_PER_S 1e9

void schedule_init(struct schedule *schedule, uint64_t begin_ns, double rate, unsigned share, unsigned num_shares)
{
	*schedule = (struct schedule){.begin_ns = begin_ns};
	if (rate <= 0)
		return;
	schedule->begin_ns += (uint64_t)(NS_PER_S / rate * share);
	schedule->interval_ns = NS_PER_S / rate * num_shares;
}

uint64_t schedule_next_ns(const struct schedule *schedule, uint64_t now_ns)
{
	if (schedule->interval_ns <= 0)
		return now_ns;
	return schedule->begin_ns + (uint64_t)((double)schedule->next * schedule->interval_ns);
}

bool schedule_take(struct schedule *schedule, uint64_t now_ns, uint64_t *out_ns)
{
	uint64_t next_ns = schedule_next_ns(schedule, now_ns);
	if (next_ns > now_ns)
		return false;
	*out_ns = next_ns;
	schedule->next++;
	return true;
}

uint64_t schedule_missed(const struct schedule *schedule, uint64_t end_ns)
{
	if (schedule->interval_ns <= 0 || schedule_next_ns(schedule, end_ns) >= end_ns)
		return 0;
	double due = (double)(end_ns - schedule->begin_ns) / schedule->interval_ns;
	uint64_t whole = (uint64_t)due;
	uint64_t num_due = whole + ((double)whole < due ? 1 : 0);
	return num_due > schedule->next ? num_due - schedule->next : 0;
}
