/* chain_watch - compares how clients take the present and the former chain of each certificate, and judges whether
 * rejections have risen with the change.
 *
 * A change is watched for CHAIN_WATCH_MS. The former side is the last chain that enough clients saw. A verdict only gets
 * worse until the chain changes again. Everything is in memory: a restart begins anew. On the control thread alone.
 *
 * It asks for a roll-back, and does not publish: chain_watch_published says whether the roll-back was done.
 */
#ifndef PROXY_CLIENTS_CHAIN_WATCH_H
#define PROXY_CLIENTS_CHAIN_WATCH_H

#include "proxy/clients/chain_sides.h"
#include "proxy/log/fix_log.h"

#define CHAIN_WATCH_MS INT64_C(604800000) /* a week: each kind of client connects at least once */
#define CHAIN_WATCH_REPORT_MS 60000

struct chain_watch;

/* Asks to serve `former` in the place of `withdrawn`. */
struct chain_roll_back {
	const char *site;
	unsigned part; /* which certificate of the site */
	struct credential *withdrawn; /* was published last, and clients reject it */
	struct credential *former;
};

/* All borrowed. */
struct chain_watch_options {
	struct fix_log *fix_log;
	const struct program_log *log;
	unsigned num_workers;
	void *context;
	/* True when `former` is served, from the next publication on. */
	bool (*roll_back)(void *context, const struct chain_roll_back *roll_back);
};

struct chain_watch *chain_watch_new(const struct chain_watch_options *options); /* NULL when out of memory */
void chain_watch_free(struct chain_watch *watch);

/* chain_watch_tally returns the tally of this chain, for a new credential: a new reference; NULL when out of memory. */
struct chain_tally *chain_watch_tally(struct chain_watch *watch, const char *site,
				      const struct certificate_list *chain);

/* A chain that clients are shown from now on. */
struct chain_publication {
	const char *site;
	unsigned part; /* which certificate of the site */
	struct credential *credential;
	bool rolled_back; /* it is a former chain, in the place of one that was withdrawn */
};

/* chain_watch_published makes it the present chain of its certificate. False when out of memory: call it again. */
MUST_USE bool chain_watch_published(struct chain_watch *watch, const struct chain_publication *publication,
				    int64_t now_ms);

/* chain_watch_add counts what clients did when they were shown `credential`. */
void chain_watch_add(struct chain_watch *watch, const char *site, const struct credential *credential,
		     const struct rejection *rejection);

/* chain_watch_tick judges, reports, and asks for roll-backs. Call it once a second. */
void chain_watch_tick(struct chain_watch *watch, int64_t now_ms);

/* chain_watch_keep forgets certificates that are gone. */
void chain_watch_keep(struct chain_watch *watch, bool (*is_kept)(void *context, const char *site, unsigned part),
		      void *context, int64_t now_ms);

/* chain_watch_look gets both sides of one certificate; false where it is not known. The records are borrowed until
 * the next call that is not const. */
bool chain_watch_look(const struct chain_watch *watch, const char *site, unsigned part, struct chain_sides *out);

/* chain_watch_json makes the array `rejections` of a finding: an object for each certificate of the site. A new
 * reference; NULL when out of memory. */
json_t *chain_watch_json(const struct chain_watch *watch, const char *site);

/* chain_watch_words says how many rejected before and after the last change, for the certificate that is rejected
 * most; "" where nothing has changed. Returns `out`. */
const char *chain_watch_words(const struct chain_watch *watch, const char *site, char out[CHAIN_SIDES_MAX_WORDS]);

#endif
