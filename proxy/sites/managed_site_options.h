/* managed_site_options - what all sites share. */
#ifndef PROXY_SITES_MANAGED_SITE_OPTIONS_H
#define PROXY_SITES_MANAGED_SITE_OPTIONS_H

#include "proxy/clients/chain_watch.h"
#include "proxy/mending/backend_trust.h"

/* Everything is borrowed. */
struct managed_site_options {
	struct mend_services *services;
	struct fix_log *fix_log; /* NULL for a look without a loop */
	const struct program_log *log;
	struct backend_trust *trust; /* NULL for a look without a loop */
	unsigned num_workers; /* that count for it; 0 for a look without a loop */
	struct chain_watch *watch; /* NULL for a look without a loop */
	bool operator_decides; /* an operator reloads: withdrawn chains are served again. Not where files are wrong */
	void *context;
	void (*on_change)(void *context); /* managed_site_fill gives something else now */
};

#endif
