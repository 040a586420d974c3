/* keeper_inherit - what a certificate_keeper takes over from the one that kept the same leaf before a reload. For
 * certificate_keeper.c alone. `former` may be NULL. */
#ifndef PROXY_MENDING_KEEPER_INHERIT_H
#define PROXY_MENDING_KEEPER_INHERIT_H

#include "proxy/mending/certificate_keeper_state.h"

/* keeper_inherit_chains fills the keeper's lists: `chain` is given, the first chain is that which `former` served, while
 * it is valid, and the further candidates are those of the same backends. */
MUST_USE struct error keeper_inherit_chains(struct certificate_keeper *keeper, const struct certificate_list *chain,
					    const struct certificate_keeper *former);

/* keeper_inherit_verdict takes over the verdict and the time of the next mend, where nothing that a mend depends on has
 * changed. Call it after keeper_inherit_chains. */
void keeper_inherit_verdict(struct certificate_keeper *keeper, const struct certificate_keeper *former);

#endif
