/* reported_names - remembers which names a worker has reported to the control thread lately, so that a name that is asked
 * for again and again costs a hash and a comparison.
 *
 * A name is forgotten where another one needs its slot: it is reported too early then, never too late. Pure.
 */
#ifndef PROXY_WORKER_REPORTED_NAMES_H
#define PROXY_WORKER_REPORTED_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define REPORTED_NAMES_SLOTS 256
#define REPORTED_NAMES_MS 600000 /* until a name is reported again */

/* Zero-initialised: none was reported. */
struct reported_names {
	struct reported_name {
		uint64_t hash; /* of site and name */
		uint64_t reported_ms; /* 0: the slot is free */
	} slots[REPORTED_NAMES_SLOTS];
};

/* reported_names_is_due says whether to report `name`, and counts it as reported. `site` keeps sites apart; `now_ms` is
 * above 0. */
bool reported_names_is_due(struct reported_names *names, const void *site, const char *name, uint64_t now_ms);

#endif
