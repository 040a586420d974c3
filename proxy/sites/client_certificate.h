/* client_certificate - the certificate that a site shows to backends that ask for one (`backend_certificate`): kept mended
 * like any other, with the TLS context that shows it.
 *
 * It is completed from the cache at once and by fetching in the background. Neither names nor the site's trust stores judge
 * it: what a backend trusts is not known here.
 */
#ifndef PROXY_SITES_CLIENT_CERTIFICATE_H
#define PROXY_SITES_CLIENT_CERTIFICATE_H

#include "proxy/sites/kept_certificate.h"

/* Its numbers in the fix log, with the subject `certificate`: after those of the site's own and of their renewals. */
#define CLIENT_CERTIFICATE_PART (2 * SITE_MAX_CREDENTIALS)
#define CLIENT_CERTIFICATE_RENEWAL_PART (CLIENT_CERTIFICATE_PART + 1)

/* All borrowed. `material` has a context that shows the certificate of the file. */
struct client_certificate_options {
	struct mend_services *services;
	struct fix_log *fix_log;
	const struct program_log *log;
	const struct config_site *config;
	const struct site_material *material;
	struct pool_share *share; /* of the mending threads' time; may be NULL */
	bool operator_decides; /* a renewal takes over at once, whatever renewal.h says */
	void *context;
	void (*on_change)(void *context); /* client_certificate_context gives another one; from _begin on */
};

struct client_certificate;

/* client_certificate_new: `former` (may be NULL) is the same site's before a reload. */
MUST_USE struct error client_certificate_new(const struct client_certificate_options *options,
					     const struct client_certificate *former, struct client_certificate **out);
void client_certificate_free(struct client_certificate *certificate); /* NULL is fine */

/* client_certificate_begin starts mending in the background; client_certificate_tick: as kept_certificate_tick. */
void client_certificate_begin(struct client_certificate *certificate);
void client_certificate_tick(struct client_certificate *certificate, int64_t now_s);

/* client_certificate_context returns the TLS context that sends it at present (borrowed). */
SSL_CTX *client_certificate_context(const struct client_certificate *certificate);

#endif
