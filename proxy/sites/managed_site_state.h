/* managed_site_state - the members of a managed_site, for the files that implement it. */
#ifndef PROXY_SITES_MANAGED_SITE_STATE_H
#define PROXY_SITES_MANAGED_SITE_STATE_H

#include "proxy/sites/backend_addresses.h"
#include "proxy/sites/backend_speech.h"
#include "proxy/sites/client_certificate.h"
#include "proxy/sites/leaf_follower.h"
#include "proxy/sites/managed_certificate.h"
#include "proxy/sites/managed_site_options.h"

struct managed_site {
	struct managed_site_options options;
	const struct config_site *config;
	const struct site_material *material;
	struct managed_certificate *certificates[SITE_MAX_CREDENTIALS];
	size_t num_certificates; /* 0 while the backend's leaf is not known */
	struct backend_addresses *addresses;
	struct pool_share *share; /* of the mending threads' time, before and after a reload */
	struct prober *prober; /* NULL for tcp backends */
	struct backend_speech speech;
	struct site_tally *tally; /* NULL in a look without a loop */
	struct client_certificate *client_certificate; /* NULL: backends are shown none */
	struct asked_names asked_names; /* over reloads too */
	struct leaf_follower *follower; /* NULL unless `certificate = backend` */
	bool begun;
};

#endif
