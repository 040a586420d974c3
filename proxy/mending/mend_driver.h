/* mend_driver - drives one mend to its end: fetches the URLs that it asks for, side by side, gives it each answer, and
 * ends all fetching when the time is up.
 *
 * The mend opens no socket and reads no clock (chaincache/mend/mend.h).
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
	struct mend_tally *tally; /* counts the fetches by outcome; may be NULL */
	uint64_t timeout_ms; /* for all fetches together; 0: each URL fails */
};

/* `fetching_ms` counts from the first fetch to the end; 0 where nothing was fetched. */
typedef void mend_driver_done(void *context, uint64_t fetching_ms);

struct mend_driver;

/* mend_driver_start borrows `mend`. `on_done` comes exactly once, from the loop and never before this returned, unless the
 * driver is cancelled; the mend is then in MEND_DONE and the driver is freed. NULL when out of memory: on_done does not
 * come. */
struct mend_driver *mend_driver_start(const struct mend_driver_options *options, struct mend *mend, void *context,
				      mend_driver_done *on_done);

/* mend_driver_cancel ends the fetches and frees the driver: on_done does not come, and the mend is good for mend_free
 * alone. NULL is fine. */
void mend_driver_cancel(struct mend_driver *driver);

#endif
