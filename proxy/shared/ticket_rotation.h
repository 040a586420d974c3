/* ticket_rotation - ticket keys made in memory: a new one every TICKET_KEY_LIFETIME_S, the one before it is still
 * read.
 *
 * For the control thread alone. It outlives reloads, so that resumption does.
 */
#ifndef PROXY_SHARED_TICKET_ROTATION_H
#define PROXY_SHARED_TICKET_ROTATION_H

#include "proxy/shared/ticket_keys.h"

#define TICKET_KEY_LIFETIME_S (UINT64_C(12) * 60 * 60)

struct ticket_rotation {
	struct ticket_secret current;
	struct ticket_secret former;
	bool has_former;
	uint64_t made_s; /* when `current` was made */
	struct ticket_keys *keys; /* of the two; one reference */
};

/* ticket_rotation_init makes the first key. `now_s` is a monotonic time in seconds, here and below. */
MUST_USE struct error ticket_rotation_init(struct ticket_rotation *rotation, uint64_t now_s);
void ticket_rotation_cleanup(struct ticket_rotation *rotation); /* wipes; a zeroed one is fine */

/* ticket_rotation_step makes a new key, and new `keys`, when the present one is old enough: *out_changed says so. A
 * failure leaves all as it was, for the next step. */
MUST_USE struct error ticket_rotation_step(struct ticket_rotation *rotation, uint64_t now_s, bool *out_changed);

#endif
