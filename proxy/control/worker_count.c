#include "proxy/control/worker_count.h"

#include <sched.h>

#include "proxy/system/listen_socket.h"

static unsigned count_cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

unsigned worker_count_of(const struct config *config)
{
	unsigned count = config->workers > 0 ? config->workers : count_cores();
	return count < LISTEN_MAX_WORKERS ? count : LISTEN_MAX_WORKERS;
}
