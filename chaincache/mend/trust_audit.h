/* trust_audit - where the mended chain ends, for whom that is good, and what keeps the others out. */
#ifndef CHAINCACHE_MEND_TRUST_AUDIT_H
#define CHAINCACHE_MEND_TRUST_AUDIT_H

#include "chaincache/mend/audit.h"

void trust_audit(struct audit *audit);

#endif
