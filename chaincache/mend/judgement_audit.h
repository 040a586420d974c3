/* judgement_audit - reports what cannot be judged on the mended chain: keys and signatures of kinds that BoringSSL does
 * not know (issuer_match_ask). Each certificate is reported once.
 */
#ifndef CHAINCACHE_MEND_JUDGEMENT_AUDIT_H
#define CHAINCACHE_MEND_JUDGEMENT_AUDIT_H

#include "chaincache/mend/audit.h"

void judgement_audit(struct audit *audit);

#endif
