/* limits - how much work a search for paths may do (the contract's section 8).
 *
 * A real hierarchy never meets them, a hostile set of certificates always does; budget.h counts the work.
 */
#ifndef CHAINCACHE_PATHS_LIMITS_H
#define CHAINCACHE_PATHS_LIMITS_H

#define MEND_MAX_DEPTH 10 /* certificates in a path, leaf and anchor included */
#define MEND_MAX_SIGNATURE_CHECKS 100 /* distinct (certificate, issuer) pairs a mend */
#define MEND_MAX_STEPS 1000 /* candidates looked at a mend */
#define MEND_MAX_VERIFICATIONS 64 /* of whole paths, a mend */

#endif
