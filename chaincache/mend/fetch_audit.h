/* fetch_audit - why issuers could not be fetched: only what a person can act on, a warning while a chain is missing. */
#ifndef CHAINCACHE_MEND_FETCH_AUDIT_H
#define CHAINCACHE_MEND_FETCH_AUDIT_H

#include "chaincache/mend/audit.h"

void fetch_audit(struct audit *audit);

#endif
