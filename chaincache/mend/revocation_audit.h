/* revocation_audit - reports what CRLs and a stapled OCSP response say of the leaf and of the mended chain. */
#ifndef CHAINCACHE_MEND_REVOCATION_AUDIT_H
#define CHAINCACHE_MEND_REVOCATION_AUDIT_H

#include "chaincache/mend/audit.h"

/* revocation_audit_leaf judges the leaf before the result is put together, and reports nothing. */
struct leaf_revocation revocation_audit_leaf(struct chain_search *search, const struct mend_input *input);

bool revocation_audit_is_revoked(const struct leaf_revocation *leaf);

void revocation_audit(struct audit *audit);

#endif
