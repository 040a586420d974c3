/* mend_services - holds what all mends of one configuration share: the loop, the fetcher, the known issuers, the queues.
 *
 * One a configuration, on the control thread: a reload makes another one, so that no connection and no remembered
 * failure outlives the rules under which it came about. Issuers that were fetched pass from the old one to the new
 * one.
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

struct mend_services {
	struct loop *loop; /* borrowed; NULL for a look without a loop (--check-config) */
	const struct program_log *log; /* borrowed */
	struct fetcher *fetcher; /* NULL: `fetch = off` */
	struct mend_queue *queue; /* of the mends; NULL without a loop */
	struct mend_queue *probes; /* of the backends' probes; NULL without a loop */
	struct mend_tally *tally; /* borrowed; NULL: nobody counts */
	struct cache_dir cache_dir;
	bool has_cache_dir;
	bool told_cache_write; /* that the cache directory cannot be written */
	struct issuer_store *issuers; /* read-only while anybody else holds a reference */
	struct certificate_list cached; /* what stands in `issuers`, for making it anew ... */
	struct certificate_list kept; /* ... with what was fetched by this process */
	size_t num_kept_known; /* of kept, those that are in `issuers` */
	unsigned num_borrowers; /* of `issuers` */
};

/* mend_services_new opens the cache directory and makes the fetcher. What cannot be used is no error: a cache that
 * cannot be read or written is told in `log`. A wrong fetch rule or proxy is an error, written to `errors` as a
 * line. `former` (may be NULL) hands over what was fetched. NULL on error. */
struct mend_services *mend_services_new(struct loop *loop, const struct config *config, const struct program_log *log,
					const struct mend_services *former, struct buffer *errors);

/* mend_services_free: no mender may be left. NULL is fine. */
void mend_services_free(struct mend_services *services);

/* mend_services_borrow_issuers returns a store that does not change until mend_services_return_issuers; NULL when out
 * of memory. */
struct issuer_store *mend_services_borrow_issuers(struct mend_services *services);
void mend_services_return_issuers(struct mend_services *services, struct issuer_store *issuers);

/* mend_services_keep remembers a fetched issuer for all later mends, and writes it to the cache directory. */
void mend_services_keep(struct mend_services *services, const struct fetched_issuer *fetched, int64_t now);

#endif
