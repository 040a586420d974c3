/* chain_audit - what is wrong with the chain that is served, told by comparing it with the mended one. */
#ifndef CHAINCACHE_MEND_CHAIN_AUDIT_H
#define CHAINCACHE_MEND_CHAIN_AUDIT_H

#include "chaincache/mend/audit.h"

void chain_audit(struct audit *audit);

/* chain_audit_code is the code under which a path's fault is told. */
enum finding_code chain_audit_code(enum path_fault fault);

#endif
