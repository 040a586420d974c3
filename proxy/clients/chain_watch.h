/* chain_watch - what clients make of the chains: for each certificate of each site the chain that goes out now and
 * the one before it, side by side; whether rejections have risen with the change; and, with `rollback = on`, which
 * chain stands in.
 *
 * A change is watched for CHAIN_WATCH_MS. The side before it is the last chain that was seen by enough clients to
 * say anything: one that went out for a moment alone is passed over. A verdict only ever gets worse until the chain
 * changes again. Everything is in memory: a restart begins anew. On the control thread alone.
 *
 * A chain that was withdrawn stays so until the one that stands in has expired, or until an operator decides:
 * chain_watch_suspend and chain_watch_release are for the reload that he asks for. Another new chain, be it by itself,
 * goes out and is watched like any.
 */
#ifndef PROXY_CLIENTS_CHAIN_WATCH_H
#define PROXY_CLIENTS_CHAIN_WATCH_H

#include "proxy/clients/chain_sides.h"
#include "proxy/log/fix_log.h"

#define CHAIN_WATCH_MS INT64_C(604800000) /* a week: each kind of client comes by once */
#define CHAIN_WATCH_TELL_MS 60000

struct chain_watch;

/* All borrowed. */
struct chain_watch_options {
	struct fix_log *fix_log;
	const struct program_log *log;
	unsigned num_workers;
	void *context;
	/* Has the chain that chain_watch_stand_in names go out (the site's own for NULL); false where the site does not
	 * want that. */
	bool (*roll_back)(void *context, const char *site, unsigned part);
};

struct chain_watch *chain_watch_new(const struct chain_watch_options *options); /* NULL when out of memory */
void chain_watch_free(struct chain_watch *watch);

/* chain_watch_tally is what a credential for this chain is to count by: a new reference; NULL when out of memory. */
struct chain_tally *chain_watch_tally(struct chain_watch *watch, const char *site,
				      const struct certificate_list *chain);

/* chain_watch_stand_in is the credential whose chain and key go out in the place of `chain`, which was withdrawn;
 * NULL (nearly always) where none does. Borrowed until the next call. */
const struct credential *chain_watch_stand_in(const struct chain_watch *watch, const char *site, unsigned part,
					      const struct certificate_list *chain);

/* chain_watch_published: from now on this goes out as the certificate `part` of the site. */
void chain_watch_published(struct chain_watch *watch, const char *site, unsigned part, struct credential *credential,
			   int64_t now_ms);

/* chain_watch_add counts what clients did when they were shown `credential`. */
void chain_watch_add(struct chain_watch *watch, const char *site, const struct credential *credential,
		     const struct rejection *rejection);

/* chain_watch_tick judges, tells, and rolls back: once a second, say. */
void chain_watch_tick(struct chain_watch *watch, int64_t now_ms);

/* chain_watch_suspend has chain_watch_stand_in name nothing, while what an operator wants is built;
 * chain_watch_release forgets what was withdrawn for good, chain_watch_resume takes the suspension back. */
void chain_watch_suspend(struct chain_watch *watch);
void chain_watch_resume(struct chain_watch *watch);
void chain_watch_release(struct chain_watch *watch);

/* chain_watch_keep forgets certificates that are gone. */
void chain_watch_keep(struct chain_watch *watch, bool (*is_kept)(void *context, const char *site, unsigned part),
		      void *context, int64_t now_ms);

/* chain_watch_look is what is known of one certificate; false where nothing is. The records are borrowed until the next call
 * that is not const. */
bool chain_watch_look(const struct chain_watch *watch, const char *site, unsigned part, struct chain_sides *out);

/* chain_watch_json is the array `rejections` of a finding: an object for each certificate of the site. A new
 * reference; NULL when out of memory. */
json_t *chain_watch_json(const struct chain_watch *watch, const char *site);

/* chain_watch_words says how many rejected before and after the last change, for the certificate that is rejected
 * most; "" where nothing has changed. Returns `out`. */
const char *chain_watch_words(const struct chain_watch *watch, const char *site, char out[CHAIN_SIDES_MAX_WORDS]);

#endif
