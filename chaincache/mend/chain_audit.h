/* chain_audit - reports the faults of the served chain, by comparing it with the mended one. */
#ifndef CHAINCACHE_MEND_CHAIN_AUDIT_H
#define CHAINCACHE_MEND_CHAIN_AUDIT_H

#include "chaincache/mend/audit.h"

void chain_audit(struct audit *audit);

/* chain_audit_code returns the code that reports a fault of a path. */
enum finding_code chain_audit_code(enum path_fault fault);

#endif
