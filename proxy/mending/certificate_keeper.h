/* certificate_keeper - keeps one certificate of one site mended: what was given, which chain is its best, and when to
 * look again.
 *
 * It begins with what the cache completes at once. keeper_begin then mends in the background, with fetching; again
 * with growing pauses while something could not be fetched, before a certificate of the chain expires, once a day,
 * and when what it was given changes. A mend that cannot be made leaves its chain as it is, and so does one whose
 * chain fails its trial: what clients accept today is replaced only by what they accept too, be it for another
 * leaf. A chain becomes the keeper's once it is served; one that cannot be is tried again with growing pauses.
 */
#ifndef PROXY_MENDING_CERTIFICATE_KEEPER_H
#define PROXY_MENDING_CERTIFICATE_KEEPER_H

#include "proxy/log/fix_log.h"
#include "proxy/mending/chain_verdict.h"
#include "proxy/mending/mender.h"
#include "proxy/mending/site_material.h"

#define KEEPER_RETRY_FIRST_MS 30000 /* while something is missing ... */
#define KEEPER_RETRY_MAX_MS 3600000 /* ... doubling up to this */

struct certificate_keeper;

/* Everything is borrowed until keeper_free. */
struct keeper_options {
	struct mend_services *services;
	struct fix_log *fix_log;
	const struct program_log *log;
	const struct config_site *config;
	const struct site_material *material; /* stores and names */
	unsigned part; /* which certificate of the site */
	void *context;
	/* Has another chain, with its key, go out; on failure the former one goes on. Comes once from keeper_start, and
	 * then each time that there is a better one. */
	struct error (*serve)(void *context, const struct certificate_list *chain, EVP_PKEY *key);
};

/* keeper_new: `chain` (leaf first, copied) and `key` (referenced) belong together; `extra` (copied, may be NULL) are
 * further candidates. NULL when out of memory. */
struct certificate_keeper *keeper_new(const struct keeper_options *options, const struct certificate_list *chain,
				      const struct certificate_list *extra, EVP_PKEY *key);
void keeper_free(struct certificate_keeper *keeper);

/* keeper_start has the first chain served: what was given, completed by what is here, without fetching. Once, before all
 * that follows. Errors are those of `serve`; no chain is served then. */
MUST_USE struct error keeper_start(struct certificate_keeper *keeper);

/* keeper_begin starts mending in the background. */
void keeper_begin(struct certificate_keeper *keeper);

/* keeper_set_given replaces what is mended: the backend serves another chain. keeper_set_extra replaces the further
 * candidates. Either mends anew when there is a difference; the first completes it from the cache at once. */
void keeper_set_given(struct certificate_keeper *keeper, const struct certificate_list *chain, EVP_PKEY *key);
void keeper_set_extra(struct certificate_keeper *keeper, const struct certificate_list *extra);

/* keeper_set_withdrawn: clients rejected the mended chain and another one goes out in its place; the fix log has it. */
void keeper_set_withdrawn(struct certificate_keeper *keeper, bool withdrawn);

/* keeper_finds_revoked judges another chain for the same key by the CRLs that are here: true where a certificate of
 * it is revoked, or where it cannot be judged. */
bool keeper_finds_revoked(const struct certificate_keeper *keeper, const struct certificate_list *chain);

/* keeper_chain is what was served last, keeper_given what it was given: both have a leaf at least. */
const struct certificate_list *keeper_chain(const struct certificate_keeper *keeper);
const struct certificate_list *keeper_given(const struct certificate_keeper *keeper);

/* keeper_verdict is what the last mend said. */
const struct chain_verdict *keeper_verdict(const struct certificate_keeper *keeper);

/* keeper_is_trusted says whether what is here completed the chain, before anything was fetched. */
bool keeper_is_trusted(const struct certificate_keeper *keeper);

#endif
