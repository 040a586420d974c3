#include "proxy/glue/counters.h"

void counters_sum(struct counters *sum, const struct counters *from)
{
#define X(name) counters_add(&sum->name, atomic_load_explicit(&from->name, memory_order_relaxed));
	COUNTERS(X)
#undef X
}
