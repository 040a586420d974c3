/* trust_audit - where the mended chain ends, for whom that is good, and what keeps the others out. */
#ifndef CHAINCACHE_TRUST_AUDIT_H
#define CHAINCACHE_TRUST_AUDIT_H

#include "chaincache/audit.h"

void trust_audit(struct audit *audit);

#endif
