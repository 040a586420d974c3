/* mend_driver - drives one mend to its end: fetches the URLs that it asks for, side by side, gives it each answer, and
 * ends all fetching when the time is up.
 *
 * The mend opens no socket and reads no clock (chaincache/mend/mend.h). Its steps run in a pool of threads where there is
 * one: nobody else may look at the mend, nor change what it borrows, before on_done or on_released.
 */
#ifndef PROXY_MENDING_MEND_DRIVER_H
#define PROXY_MENDING_MEND_DRIVER_H

#include "chaincache/mend/mend.h"
#include "proxy/fetch/fetcher.h"

struct loop;
struct mend_tally;
struct pool_share;
struct thread_pool;

/* Everything is borrowed while the driver lives. */
struct mend_driver_options {
	struct loop *loop;
	struct thread_pool *threads; /* NULL: the steps run on the loop's thread */
	struct pool_share *share; /* of the threads' time; NULL: the pool's own */
	bool urgent; /* its steps go before the others of the share */
	struct fetcher *fetcher; /* NULL: each URL that the mend asks for fails */
	struct mend_tally *tally; /* counts the fetches by outcome, and the steps; may be NULL */
	uint64_t timeout_ms; /* for all fetches together; 0: each URL fails */
	/* Called once the mend is in MEND_DONE, on the thread of its last step; may be NULL. */
	void *end_context;
	void (*end)(void *end_context);
};

/* `fetching_ms` counts from the first fetch to the end; 0 where nothing was fetched. */
typedef void mend_driver_done(void *context, uint64_t fetching_ms);

struct mend_driver;

/* mend_driver_start borrows `mend`. `on_done` comes exactly once, from the loop and never before this returned, unless the
 * driver is cancelled; the mend is then in MEND_DONE and the driver is freed. NULL when out of memory: on_done does not
 * come. */
struct mend_driver *mend_driver_start(const struct mend_driver_options *options, struct mend *mend, void *context,
				      mend_driver_done *on_done);

/* mend_driver_cancel ends the fetches and frees the driver: on_done does not come. The mend may only be freed then,
 * after `on_released`, which comes before this returns, or when a step that runs in a thread has ended. */
void mend_driver_cancel(struct mend_driver *driver, void *context, void (*on_released)(void *context));

#endif
