/* managed_certificate - one certificate of one site: the keeper that mends it, and the chain that goes out for it. */
#ifndef PROXY_SITES_MANAGED_CERTIFICATE_H
#define PROXY_SITES_MANAGED_CERTIFICATE_H

#include "proxy/mending/certificate_keeper.h"
#include "proxy/sites/outgoing_chain.h"

/* All borrowed. */
struct managed_certificate_options {
	struct mend_services *services;
	struct fix_log *fix_log; /* NULL for a look without a loop */
	const struct program_log *log;
	const struct config_site *config;
	const struct site_material *material;
	struct pool_share *share; /* of the mending threads' time; may be NULL */
	struct chain_watch *watch; /* NULL for a look without a loop */
	unsigned part; /* which certificate of the site */
	struct credential *reusable; /* of before a reload, by the same keys of the site; NULL: there is none */
	void *context;
	void (*on_change)(void *context); /* another chain goes out; from managed_certificate_begin on */
};

/* A chain to mend, with its key. */
struct given_certificate {
	const struct certificate_list *chain; /* leaf first */
	const struct certificate_keeper *former; /* of the same leaf before a reload; may be NULL */
	EVP_PKEY *key;
};

struct managed_certificate;

/* managed_certificate_new makes the first credential, and begins the first mend (keeper_start). `former` (may be NULL) is the same
 * certificate before a reload; its withdrawn chain stays withdrawn. */
MUST_USE struct error managed_certificate_new(const struct managed_certificate_options *options,
					      const struct given_certificate *given,
					      const struct managed_certificate *former,
					      struct managed_certificate **out);
void managed_certificate_free(struct managed_certificate *certificate); /* NULL is fine */

/* managed_certificate_begin starts mending in the background. */
void managed_certificate_begin(struct managed_certificate *certificate);

/* managed_certificate_keeper returns its keeper, to which other chains may be given. */
struct certificate_keeper *managed_certificate_keeper(const struct managed_certificate *certificate);

/* managed_certificate_credential returns what goes out; never NULL. */
struct credential *managed_certificate_credential(const struct managed_certificate *certificate);

/* managed_certificate_tell_watch, _roll_back, _tick: as managed_site's of the same names. */
MUST_USE bool managed_certificate_tell_watch(const struct managed_certificate *certificate, int64_t now_ms);
bool managed_certificate_roll_back(struct managed_certificate *certificate, const struct chain_roll_back *roll_back,
				   int64_t now_ms);
void managed_certificate_tick(struct managed_certificate *certificate, int64_t now_ms);

#endif
