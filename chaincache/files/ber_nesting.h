/* ber_nesting - how deep elements stand within each other in BER (X.690), DER included.
 *
 * BoringSSL turns BER into DER level by level, and moves all that is inside each time: a container of 4 MiB that is nested
 * 2000 deep takes it seconds. What other programs write is not half as deep as the maximum.
 */
#ifndef CHAINCACHE_FILES_BER_NESTING_H
#define CHAINCACHE_FILES_BER_NESTING_H

#include "chaincache/base/bytes.h"

#define BER_MAX_NESTING 64

/* ber_nesting_is_bounded says whether nothing is nested deeper than BER_MAX_NESTING, as far as it parses. What an OCTET STRING
 * holds counts as nested in it, since PKCS#12 wraps its parts so. Each byte is looked at once. */
bool ber_nesting_is_bounded(struct bytes ber);

#endif
