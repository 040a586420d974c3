/* stranger_audit - reports a served certificate that issued nothing in the chain: another certificate for the leaf, an
 * authority's with another key, what stands above a gap, a root.
 */
#ifndef CHAINCACHE_MEND_STRANGER_AUDIT_H
#define CHAINCACHE_MEND_STRANGER_AUDIT_H

#include "chaincache/mend/audit.h"

/* A chain was chosen, and `certificate` is not in it. */
void stranger_audit(struct audit *audit, const struct certificate *certificate);

#endif
