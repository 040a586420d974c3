/* fetch_audit - reports why issuers could not be fetched, as far as a person can act on it. A warning while the chain
 * is incomplete. */
#ifndef CHAINCACHE_MEND_FETCH_AUDIT_H
#define CHAINCACHE_MEND_FETCH_AUDIT_H

#include "chaincache/mend/audit.h"

void fetch_audit(struct audit *audit);

#endif
