/* kept_certificate - a certificate with its key, kept mended, and the renewal that waits to take its place.
 *
 * A renewal has a keeper of its own, which mends it and reports nothing. renewal.h decides when it takes over: as soon as
 * it is mended, or later. Until then the fix log has `renewal_held`. The owner serves the chains.
 */
#ifndef PROXY_SITES_KEPT_CERTIFICATE_H
#define PROXY_SITES_KEPT_CERTIFICATE_H

#include "proxy/clients/asked_names.h"
#include "proxy/mending/certificate_keeper.h"

#define KEPT_CERTIFICATE_LOOK_S 60 /* between two looks at a renewal that waits */

/* The chain that is served at present. Borrowed. */
struct shown_chain {
	const struct certificate_list *chain;
	EVP_PKEY *key;
};

/* All borrowed. */
struct kept_certificate_options {
	struct mend_services *services;
	struct fix_log *fix_log; /* NULL for a look without a loop */
	const struct program_log *log;
	const struct config_site *config;
	const struct site_material *material;
	struct pool_share *share; /* of the mending threads' time; may be NULL */
	enum certificate_purpose purpose;
	const struct asked_names *asked_names; /* judge a renewal in place of `hostnames`; NULL: those do */
	unsigned part; /* the number of its findings in the fix log ... */
	unsigned renewal_part; /* ... and of those about a renewal */
	void *context;
	/* Serves another chain with its key; on failure the former one stays. */
	struct error (*serve)(void *context, const struct certificate_list *chain, EVP_PKEY *key);
	struct shown_chain (*shown)(void *context); /* there is one from the first `serve` on */
};

/* A chain to mend, with its key. */
struct given_certificate {
	const struct certificate_list *chain; /* leaf first */
	const struct certificate_keeper *former; /* of the same leaf before a reload; may be NULL */
	size_t leaf_place; /* where the leaf stood in its file, 0 for the first */
	EVP_PKEY *key;
};

struct kept_certificate;

/* kept_certificate_new serves the first chain and begins the first mend (keeper_start). `former` (may be NULL) is the same
 * certificate before a reload that came by itself: where it has another leaf, its chain is served, and `given` is its
 * renewal. *out is set before `serve` is called. */
MUST_USE struct error kept_certificate_new(const struct kept_certificate_options *options,
					   const struct given_certificate *given, const struct kept_certificate *former,
					   struct kept_certificate **out);
void kept_certificate_free(struct kept_certificate *kept); /* NULL is fine */

/* kept_certificate_begin starts mending in the background. */
void kept_certificate_begin(struct kept_certificate *kept);

/* kept_certificate_offer gives it another chain. One of the same leaf is mended anew; one of another leaf is a renewal,
 * which takes over as renewal.h decides, and at once where it is `insisted` on. The renewal before it is dropped. */
void kept_certificate_offer(struct kept_certificate *kept, const struct given_certificate *given, bool insisted);

/* kept_certificate_set_extra gives further candidates, as keeper_set_extra does. */
void kept_certificate_set_extra(struct kept_certificate *kept, const struct certificate_list *extra);

/* kept_certificate_set_withdrawn: as keeper_set_withdrawn, of what serves. */
void kept_certificate_set_withdrawn(struct kept_certificate *kept, bool withdrawn);

/* kept_certificate_finds_revoked: as keeper_finds_revoked, of what serves. */
enum revocation_answer kept_certificate_finds_revoked(struct kept_certificate *kept,
						      const struct certificate_list *chain);

/* kept_certificate_find_keeper finds the keeper of this leaf, be it what serves or the renewal; NULL where there is none. */
const struct certificate_keeper *kept_certificate_find_keeper(const struct kept_certificate *kept,
							      const struct certificate *leaf);

/* kept_certificate_keeper returns the keeper of what serves, kept_certificate_renewal that of the renewal that waits;
 * NULL: none does. */
const struct certificate_keeper *kept_certificate_keeper(const struct kept_certificate *kept);
const struct certificate_keeper *kept_certificate_renewal(const struct kept_certificate *kept);

/* kept_certificate_tick looks at a renewal that waits, when it is time. Call it once a second. */
void kept_certificate_tick(struct kept_certificate *kept, int64_t now_s);

#endif
