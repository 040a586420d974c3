/* leaf_audit - reports faults that no chain repairs (the leaf's validity, purpose, key and signature, the private
 * key), and what will break soon.
 */
#ifndef CHAINCACHE_MEND_LEAF_AUDIT_H
#define CHAINCACHE_MEND_LEAF_AUDIT_H

#include "chaincache/mend/audit.h"

#define EXPIRES_SOON_MAX_S ((int64_t)30 * 24 * 3600) /* or a third of the lifetime, whichever is less */

void leaf_audit(struct audit *audit);

/* leaf_audit_links reports certificates of the mended chain, and its root, that expire before the leaf or soon. */
void leaf_audit_links(struct audit *audit);

/* leaf_audit_size reports a mended chain above the configured maximum. */
void leaf_audit_size(struct audit *audit);

#endif
