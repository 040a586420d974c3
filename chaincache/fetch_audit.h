/* fetch_audit - why issuers could not be fetched: only what a person can act on, a warning while a chain is missing. */
#ifndef CHAINCACHE_FETCH_AUDIT_H
#define CHAINCACHE_FETCH_AUDIT_H

#include "chaincache/audit.h"

void fetch_audit(struct audit *audit);

#endif
