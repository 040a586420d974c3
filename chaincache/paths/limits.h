/* limits - how much work a search for paths may do (the contract's section 8).
 *
 * A real hierarchy never meets them, a hostile set of certificates always does; budget.h counts the work.
 */
#ifndef CHAINCACHE_PATHS_LIMITS_H
#define CHAINCACHE_PATHS_LIMITS_H

#include <stddef.h>

#define MEND_MAX_DEPTH 16 /* certificates in a path, leaf and anchor included */
#define MEND_MAX_SIGNATURE_CHECKS 100 /* distinct (certificate, issuer) pairs a mend */
#define MEND_MAX_STEPS 1000 /* candidates looked at a mend */
#define MEND_MAX_VERIFICATIONS 64 /* of whole paths, a mend */
#define MEND_MAX_SIGNATURE_WORK 4096 /* of whole paths' signatures, a mend; 1 is one by an RSA key of 2048 bits */
#define MEND_MAX_NAME_COMPARISONS ((size_t)1 << 19) /* with name constraints, a mend */

#endif
