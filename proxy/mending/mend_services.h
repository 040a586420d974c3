/* mend_services - holds what all mends of one configuration share: the loop, the fetcher, the known issuers, the queues.
 *
 * Used by the control thread alone. A reload makes a new one, so that no connection and no remembered failure outlives
 * the rules that it came from. Fetched issuers are passed on to the new one.
 */
#ifndef PROXY_MENDING_MEND_SERVICES_H
#define PROXY_MENDING_MEND_SERVICES_H

#include "chaincache/mend/mend.h"
#include "chaincache/stores/cache_dir.h"
#include "proxy/fetch/fetcher.h"
#include "proxy/log/program_log.h"
#include "proxy/mending/mend_queue.h"

#define MEND_SERVICES_MAX_MENDS 64 /* with fetching under way at one time; further ones wait for their turn */
#define MEND_SERVICES_MAX_PROBES 24 /* of backends, at one time: with what is fetched, within ADMISSION_SPARE_FILES */
#define MEND_SERVICES_MAX_KEPT 10000 /* issuers fetched in this process, beside those of the cache directory */

struct mend_tally;
struct thread_pool;

struct mend_services {
	struct loop *loop; /* borrowed; NULL for a look without a loop (--check-config) */
	const struct config *config; /* borrowed; what is fetched and cached */
	const struct program_log *log; /* borrowed */
	struct fetcher *fetcher; /* NULL: `fetch = off` */
	struct mend_queue *queue; /* of the mends; NULL without a loop */
	struct mend_queue *probes; /* of the backends' probes; NULL without a loop */
	struct mend_tally *tally; /* borrowed; may be NULL */
	struct cache_dir cache_dir;
	bool has_cache_dir;
	bool logged_cache_write; /* that the cache directory cannot be written */
	struct thread_pool *threads; /* that mends run in; borrowed; NULL: they run on the loop's thread */
	struct issuer_store *issuers; /* read-only while anybody else holds a reference */
	struct certificate_list cached; /* of the cache directory: for making `issuers` anew ... */
	struct certificate_list kept; /* ... with those that this process fetched */
	size_t num_kept_known; /* of kept, those that are in `issuers` */
	bool same_as_former; /* the same settings and issuers as before the reload: a mend comes to the same result */
	size_t num_first; /* certificates whose first mend, without fetching, is not done yet */
};

/* mend_services_new opens the cache directory and makes the fetcher. A cache that cannot be read or written is logged
 * and is no error. A wrong fetch rule or proxy is one: NULL, with a line in `errors`. The issuers that `former` (may be
 * NULL) fetched are taken over. */
struct mend_services *mend_services_new(struct loop *loop, const struct config *config, const struct program_log *log,
					const struct mend_services *former, struct buffer *errors);

/* mend_services_free: every mender and every probe has ended. NULL is fine. */
void mend_services_free(struct mend_services *services);

/* mend_services_issuers returns a reference to a store that does not change while it is held, by any thread. */
struct issuer_store *mend_services_issuers(struct mend_services *services);

/* mend_services_await_first waits, for `timeout_ms` at most, until each certificate's first mend is done and its answer
 * was given. Without threads, it returns at once. */
void mend_services_await_first(struct mend_services *services, uint64_t timeout_ms);

/* mend_services_keep remembers a fetched issuer for all later mends, and writes it to the cache directory. */
void mend_services_keep(struct mend_services *services, const struct fetched_issuer *fetched, int64_t now);

#endif
