/* trust_audit - reports where the mended chain ends, and why trust stores do not accept it. */
#ifndef CHAINCACHE_MEND_TRUST_AUDIT_H
#define CHAINCACHE_MEND_TRUST_AUDIT_H

#include "chaincache/mend/audit.h"

void trust_audit(struct audit *audit);

#endif
