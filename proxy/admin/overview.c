#include "proxy/admin/overview.h"

void overview_sum_counters(const struct overview *overview, struct counter_sums *out)
{
	*out = (struct counter_sums){0};
	for (unsigned i = 0; i < overview->num_workers; i++) {
		if (overview->workers[i] == NULL)
			continue;
		const struct counters *counters = worker_counters(overview->workers[i]);
#define X(field, ...) out->field += atomic_load_explicit(&counters->field, memory_order_relaxed);
		COUNTERS(X)
#undef X
	}
}
