/* backend_choice - chooses the address of a site's backends that is tried next: in the order of the configuration,
 * those that failed a moment ago last. One a worker. Pure: the time comes in.
 */
#ifndef PROXY_WORKER_BACKEND_CHOICE_H
#define PROXY_WORKER_BACKEND_CHOICE_H

#include "proxy/shared/snapshot.h"

#define BACKEND_REST_MS 10000 /* of an address that failed */
#define BACKEND_CHOICE_MAX_RESTING 256 /* beyond it the one that has rested longest is forgotten */

_Static_assert(BACKEND_LIST_MAX <= 32, "tried addresses are bits of an uint32_t");

struct backend_rest {
	struct sockaddr_storage address;
	socklen_t address_len;
	uint64_t until_ms;
};

struct backend_choice {
	struct backend_rest *resting; /* BACKEND_CHOICE_MAX_RESTING, made at the first failure */
	size_t num_resting;
};

void backend_choice_cleanup(struct backend_choice *choice);

/* backend_choice_next gives the index of the next address whose bit is not in `tried`. */
bool backend_choice_next(struct backend_choice *choice, const struct site *site, uint32_t tried, uint64_t now_ms,
			 size_t *out_index);

/* backend_choice_rest puts an address behind the others for BACKEND_REST_MS; backend_choice_forget ends that. */
void backend_choice_rest(struct backend_choice *choice, const struct backend_address *address, uint64_t now_ms);
void backend_choice_forget(struct backend_choice *choice, const struct backend_address *address);

#endif
