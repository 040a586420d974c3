#include "proxy/worker/admission.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FILES_A_CONNECTION = 2 };

struct waiter {
	atomic_bool waits;
	int fd; /* an eventfd */
};

/* The atomic operations are sequentially consistent, since their order counts in one place: a worker that waits sets
 * its flag and then looks for room; one that gives back makes room and then looks for flags. */
struct admission {
	_Atomic uint64_t num_open;
	atomic_uint num_waiting;
	uint64_t max_connections;
	unsigned num_workers;
	struct waiter waiters[];
};

struct error admission_new(uint64_t max_connections, unsigned num_workers, struct admission **out)
{
	struct admission *admission = calloc(1, sizeof(*admission) + num_workers * sizeof(admission->waiters[0]));
	if (admission == NULL)
		return error_of(ERROR_MEMORY, 0, "count connections");

	admission->max_connections = max_connections;
	for (unsigned i = 0; i < num_workers; i++) {
		admission->waiters[i].fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (admission->waiters[i].fd < 0) {
			struct error error = error_system("make an eventfd");
			admission_free(admission);
			return error;
		}
		admission->num_workers++;
	}
	*out = admission;
	return error_none();
}

void admission_free(struct admission *admission)
{
	if (admission == NULL)
		return;
	for (unsigned i = 0; i < admission->num_workers; i++)
		close(admission->waiters[i].fd);
	free(admission);
}

uint64_t admission_most(uint64_t max_connections, uint64_t max_files, uint64_t num_fixed)
{
	uint64_t kept = num_fixed + ADMISSION_SPARE_FILES;
	uint64_t most = max_files > kept ? (max_files - kept) / FILES_A_CONNECTION : 0;

	if (most > max_connections)
		most = max_connections;
	return most > 0 ? most : 1;
}

uint64_t admission_max(const struct admission *admission)
{
	return admission->max_connections;
}

/* Compares before it adds: a place that is taken and given back would, in between, send another worker to sleep. */
bool admission_take(struct admission *admission)
{
	uint64_t num_open = atomic_load_explicit(&admission->num_open, memory_order_relaxed);

	while (num_open < admission->max_connections)
		if (atomic_compare_exchange_weak(&admission->num_open, &num_open, num_open + 1))
			return true;
	return false;
}

/* Clears the flag. True for one caller alone, which then wakes the worker. */
static bool take_flag(struct admission *admission, unsigned worker)
{
	struct waiter *waiter = &admission->waiters[worker];

	if (!atomic_load(&waiter->waits) || !atomic_exchange(&waiter->waits, false))
		return false;
	atomic_fetch_sub(&admission->num_waiting, 1);
	return true;
}

/* Wakes the first one that waits behind `worker`, and `worker` last. */
static void wake_next(struct admission *admission, unsigned worker)
{
	for (unsigned i = 1; i <= admission->num_workers; i++) {
		unsigned next = (worker + i) % admission->num_workers;

		if (take_flag(admission, next)) {
			eventfd_write(admission->waiters[next].fd, 1);
			return;
		}
	}
}

void admission_give_back(struct admission *admission, unsigned worker)
{
	atomic_fetch_sub(&admission->num_open, 1);
	if (atomic_load(&admission->num_waiting) > 0)
		wake_next(admission, worker);
}

bool admission_has_room(const struct admission *admission)
{
	return atomic_load(&admission->num_open) < admission->max_connections;
}

void admission_wait(struct admission *admission, unsigned worker)
{
	if (!atomic_exchange(&admission->waiters[worker].waits, true))
		atomic_fetch_add(&admission->num_waiting, 1);
}

void admission_stop_waiting(struct admission *admission, unsigned worker)
{
	eventfd_t wakings = 0;

	take_flag(admission, worker);
	eventfd_read(admission->waiters[worker].fd, &wakings);
}

int admission_fd(const struct admission *admission, unsigned worker)
{
	return admission->waiters[worker].fd;
}
