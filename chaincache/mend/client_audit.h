/* client_audit - reports what some clients refuse although others accept it: a leaf that is a CA certificate, a key that
 * browsers do not take, a validity that is too long, names that are equal and are not the same bytes.
 */
#ifndef CHAINCACHE_MEND_CLIENT_AUDIT_H
#define CHAINCACHE_MEND_CLIENT_AUDIT_H

#include "chaincache/mend/audit.h"

void client_audit(struct audit *audit);

#endif
