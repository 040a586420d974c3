/* mend_driver - drives one mend to its end: fetches what it asks for, side by side, gives it each answer, and ends all
 * fetching when the time is up.
 *
 * The mend itself is a machine that opens no socket and reads no clock (chaincache/mend/mend.h); all that waits is here.
 */
#ifndef PROXY_MENDING_MEND_DRIVER_H
#define PROXY_MENDING_MEND_DRIVER_H

#include "chaincache/mend/mend.h"
#include "proxy/fetch/fetcher.h"

struct loop;
struct mend_tally;

/* Everything is borrowed while the driver lives. */
struct mend_driver_options {
	struct loop *loop;
	struct fetcher *fetcher; /* NULL: each URL that the mend asks for fails */
	struct mend_tally *tally; /* counts what the fetches came to; NULL: nobody counts */
	uint64_t timeout_ms; /* of all fetching together; 0: each URL fails */
};

/* `fetching_ms` is how long it took from the first URL that was asked for; 0 when there was none. */
typedef void mend_driver_done(void *context, uint64_t fetching_ms);

struct mend_driver;

/* mend_driver_start borrows `mend`, which is in MEND_DONE when `on_done` comes: exactly once, from the loop and never
 * before this returned, unless it is cancelled. The driver is gone when on_done begins. NULL when out of memory: no
 * on_done comes. */
struct mend_driver *mend_driver_start(const struct mend_driver_options *options, struct mend *mend, void *context,
				      mend_driver_done *on_done);

/* mend_driver_cancel ends its fetches and frees it: on_done will not come. NULL is fine. */
void mend_driver_cancel(struct mend_driver *driver);

#endif
