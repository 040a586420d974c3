/* mend_services - holds what all mends of one configuration share: the loop, the fetcher, the known issuers, the queues.
 *
 * Used by the control thread alone. A reload makes a new one, so that no connection and no remembered failure outlives
 * the rules that it came from. Fetched issuers are handed on to the new one.
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
	struct mend_tally *tally; /* borrowed; may be NULL */
	struct cache_dir cache_dir;
	bool has_cache_dir;
	bool logged_cache_write; /* that the cache directory cannot be written */
	struct issuer_store *issuers; /* read-only while anybody else holds a reference */
	struct certificate_list cached; /* of the cache directory: for making `issuers` anew ... */
	struct certificate_list kept; /* ... with those that this process fetched */
	size_t num_kept_known; /* of kept, those that are in `issuers` */
	unsigned num_borrowers; /* of `issuers` */
};

/* mend_services_new opens the cache directory and makes the fetcher. A cache that cannot be read or written is logged and
 * is no error. A wrong fetch rule or proxy is one: NULL, with a line in `errors`. `former` (may be NULL) hands on the
 * issuers that it fetched. */
struct mend_services *mend_services_new(struct loop *loop, const struct config *config, const struct program_log *log,
					const struct mend_services *former, struct buffer *errors);

/* mend_services_free: every mender and every probe has ended. NULL is fine. */
void mend_services_free(struct mend_services *services);

/* mend_services_borrow_issuers returns a store that does not change until mend_services_return_issuers. */
struct issuer_store *mend_services_borrow_issuers(struct mend_services *services);
void mend_services_return_issuers(struct mend_services *services, struct issuer_store *issuers);

/* mend_services_keep remembers a fetched issuer for all later mends, and writes it to the cache directory. */
void mend_services_keep(struct mend_services *services, const struct fetched_issuer *fetched, int64_t now);

#endif
