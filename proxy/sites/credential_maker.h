/* credential_maker - what a certificate goes out as: a credential made of its keeper's chain, or of the chain that
 * stands in for one that clients made us withdraw.
 */
#ifndef PROXY_SITES_CREDENTIAL_MAKER_H
#define PROXY_SITES_CREDENTIAL_MAKER_H

#include "proxy/clients/chain_watch.h"
#include "proxy/mending/certificate_keeper.h"

/* All borrowed. */
struct credential_order {
	const struct config_site *config;
	struct chain_watch *watch; /* NULL in a look without a loop: nothing is counted, nothing stands in */
	struct certificate_keeper *keeper; /* is told whether its chain is withdrawn */
	unsigned part; /* which certificate of the site */
};

/* credential_maker_may_replace says whether the configuration wants another chain to stand in at all. */
bool credential_maker_may_replace(const struct config_site *config);

/* credential_maker_make: the credential counts its handshakes for the watch. Errors are those of credential_new. */
MUST_USE struct error credential_maker_make(const struct credential_order *order, struct credential **out);

#endif
