/* admission - how many connections all workers have open together, and which worker gets the next place that is free.
 *
 * A worker takes a place before it accepts, and the connection gives it back when it is closed: one atomic operation
 * each, no lock. A worker whose clients find no place waits. Each place that is given back wakes one that waits, in
 * turns, so that no worker's clients starve. Shared by all workers; every function may be called by any of them.
 */
#ifndef PROXY_WORKER_ADMISSION_H
#define PROXY_WORKER_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "chaincache/base/error.h"

#define ADMISSION_SPARE_FILES 64 /* that are kept for logs, fetches, probes and the cache */

struct admission;

MUST_USE struct error admission_new(uint64_t max_connections, unsigned num_workers, struct admission **out);
void admission_free(struct admission *admission);

/* admission_most returns how many connections (two descriptors each) a process has room for that can open `max_files`
 * and keeps `num_fixed` of them open: at most `max_connections`, at least one. */
uint64_t admission_most(uint64_t max_connections, uint64_t max_files, uint64_t num_fixed);

uint64_t admission_max(const struct admission *admission);

bool admission_take(struct admission *admission); /* false: every place is taken */
void admission_give_back(struct admission *admission, unsigned worker);
bool admission_has_room(const struct admission *admission);

/* admission_wait wakes `worker` when a place, and with it two descriptors, is given back: admission_fd is readable from
 * then on until admission_stop_waiting. Ask admission_has_room afterwards: a place may have been given back just
 * before. */
void admission_wait(struct admission *admission, unsigned worker);
void admission_stop_waiting(struct admission *admission, unsigned worker);
int admission_fd(const struct admission *admission, unsigned worker);

#endif
