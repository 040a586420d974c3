/* server_memory - the memory of a server's processes, in bytes, as Linux sums it up in /proc/PID/smaps_rollup.
 *
 * The processes' own alone: what the kernel holds for their sockets is in neither figure.
 */
#ifndef BENCH_LOAD_SERVER_MEMORY_H
#define BENCH_LOAD_SERVER_MEMORY_H

#include <stdint.h>

#include "bench/load/process_set.h"
#include "chaincache/base/bytes.h"

struct server_memory {
	uint64_t rss_bytes; /* resident; what processes share counts once for each */
	uint64_t pss_bytes; /* what is shared is divided among those who share it */
	uint64_t private_bytes; /* shared with nobody */
};

/* server_memory_read sums all processes. ERROR_USAGE where the system does not let us look. */
MUST_USE struct error server_memory_read(struct server_memory *memory, const pid_t *roots, size_t num_roots,
					 bool children);

/* server_memory_add adds the figures of one smaps_rollup; false when there are none in the text (which ends with a
 * NUL). */
bool server_memory_add(struct server_memory *memory, const char *text);

#endif
