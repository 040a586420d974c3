/* certificate_keeper - keeps one certificate of one site mended: knows the chain that was given and the best one for it,
 * and when to look again.
 *
 * Serves at once the chain from before a reload, or the given one. The first mend completes it from the cache.
 * keeper_begin then mends in the background, with fetching: once a day, before a certificate of the chain expires, when
 * another chain is given, and with growing pauses while something could not be fetched. A chain that clients accept is
 * replaced only by one that they accept too (chain_trial.h). A chain becomes the keeper's once it is served; one that
 * cannot be served is tried again with growing pauses.
 */
#ifndef PROXY_MENDING_CERTIFICATE_KEEPER_H
#define PROXY_MENDING_CERTIFICATE_KEEPER_H

#include "proxy/mending/chain_verdict.h"
#include "proxy/mending/keeper_options.h"
#include "proxy/mending/revocation_look.h"

#define KEEPER_RETRY_FIRST_MS 30000 /* while something is missing ... */
#define KEEPER_RETRY_MAX_MS 3600000 /* ... doubling up to this */

struct certificate_keeper;

/* keeper_new: `chain` (leaf first, copied) and `key` (referenced) belong together. `former` (may be NULL) kept the same
 * leaf before a reload, and is read before this returns: the chain that it served is served at first. Where nothing
 * that a mend depends on has changed, its verdict and the time of its next mend are kept. NULL when out of memory. */
struct certificate_keeper *keeper_new(const struct keeper_options *options, const struct certificate_list *chain,
				      const struct certificate_keeper *former, EVP_PKEY *key);
void keeper_free(struct certificate_keeper *keeper);

/* keeper_start serves the first chain, and begins the first mend in the services' threads (mend_services_await_first);
 * without threads, the first chain is the mended one. Called once, before all that follows. Errors are those of `serve`;
 * no chain is served then. */
MUST_USE struct error keeper_start(struct certificate_keeper *keeper);

/* keeper_begin starts mending in the background. */
void keeper_begin(struct certificate_keeper *keeper);

/* keeper_set_given replaces the given chain (the backend serves the same leaf with another one), keeper_set_extra the
 * further candidates.
 * Both mend anew where there is a difference; keeper_set_given first without fetching. */
void keeper_set_given(struct certificate_keeper *keeper, const struct certificate_list *chain);
void keeper_set_extra(struct certificate_keeper *keeper, const struct certificate_list *extra);

/* keeper_set_quiet: a quiet keeper mends, and reports nothing about it: its chain is not served (yet). */
void keeper_set_quiet(struct certificate_keeper *keeper, bool quiet);

/* keeper_set_withdrawn: clients rejected the mended chain, and another one is served. Goes into the fix log. */
void keeper_set_withdrawn(struct certificate_keeper *keeper, bool withdrawn);

/* keeper_finds_revoked judges another chain for the same key by the site's CRLs, as revocation_look_ask does. */
enum revocation_answer keeper_finds_revoked(struct certificate_keeper *keeper, const struct certificate_list *chain);

/* keeper_chain is the chain that was served last, keeper_given the one that was given: each has a leaf at least. */
const struct certificate_list *keeper_chain(const struct certificate_keeper *keeper);
const struct certificate_list *keeper_given(const struct certificate_keeper *keeper);

/* keeper_key is the key of what was given (borrowed). */
EVP_PKEY *keeper_key(const struct certificate_keeper *keeper);

/* keeper_verdict is the verdict of the last mend. */
const struct chain_verdict *keeper_verdict(const struct certificate_keeper *keeper);

/* keeper_is_trusted says whether the chain was complete before anything was fetched. */
bool keeper_is_trusted(const struct certificate_keeper *keeper);

#endif
