/* revocation_reason - why a certificate was revoked (CRLReason, RFC 5280 5.3.1), in words. */
#ifndef CHAINCACHE_REVOCATION_REVOCATION_REASON_H
#define CHAINCACHE_REVOCATION_REVOCATION_REASON_H

#define REVOCATION_REASON_UNSPECIFIED 0
#define REVOCATION_REASON_HOLD 6
#define REVOCATION_REASON_REMOVED 8 /* removeFromCRL: it is revoked no more */

/* revocation_reason_words is "key compromise" and the like; "no reason given" for unspecified, absent (-1) and unknown
 * ones. */
const char *revocation_reason_words(int reason);

#endif
