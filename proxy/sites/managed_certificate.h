/* managed_certificate - one certificate of one site, which is kept mended, and the chain that is served for it. */
#ifndef PROXY_SITES_MANAGED_CERTIFICATE_H
#define PROXY_SITES_MANAGED_CERTIFICATE_H

#include "proxy/sites/kept_certificate.h"
#include "proxy/sites/outgoing_chain.h"

/* A certificate's two groups of findings in the fix log: its own has its number for a part, this one the renewal's. */
static inline unsigned managed_certificate_renewal_part(unsigned part)
{
	return SITE_MAX_CREDENTIALS + part;
}

/* All borrowed. */
struct managed_certificate_options {
	struct mend_services *services;
	struct fix_log *fix_log; /* NULL for a look without a loop */
	const struct program_log *log;
	const struct config_site *config;
	const struct site_material *material;
	struct pool_share *share; /* of the mending threads' time; may be NULL */
	struct chain_watch *watch; /* NULL for a look without a loop */
	const struct asked_names *asked_names; /* judged in place of `hostnames`; NULL: those are */
	unsigned part; /* which certificate of the site */
	struct credential *reusable; /* of before a reload, by the same keys of the site; NULL: there is none */
	void *context;
	void (*on_change)(void *context); /* another chain is served; from managed_certificate_begin on */
};

struct managed_certificate;

/* managed_certificate_new makes the first credential, and begins the first mend (keeper_start). `former` (may be NULL) is
 * the same certificate before a reload that came by itself; its withdrawn chain stays withdrawn, and where `given` has
 * another leaf, it serves until that is taken (kept_certificate.h). */
MUST_USE struct error managed_certificate_new(const struct managed_certificate_options *options,
					      const struct given_certificate *given,
					      const struct managed_certificate *former,
					      struct managed_certificate **out);
void managed_certificate_free(struct managed_certificate *certificate); /* NULL is fine */

/* managed_certificate_begin starts mending in the background. */
void managed_certificate_begin(struct managed_certificate *certificate);

/* managed_certificate_kept returns it as it is kept mended, to which other chains may be offered. */
struct kept_certificate *managed_certificate_kept(const struct managed_certificate *certificate);

/* managed_certificate_credential returns the served credential; never NULL. */
struct credential *managed_certificate_credential(const struct managed_certificate *certificate);

/* managed_certificate_notify_watch, _roll_back, _tick: as managed_site's of the same names. */
MUST_USE bool managed_certificate_notify_watch(const struct managed_certificate *certificate, int64_t now_ms);
bool managed_certificate_roll_back(struct managed_certificate *certificate, const struct chain_roll_back *roll_back,
				   int64_t now_ms);
void managed_certificate_tick(struct managed_certificate *certificate, int64_t now_ms);

#endif
