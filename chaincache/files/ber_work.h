/* ber_work - measures how much work BoringSSL has with a structure in BER (X.690), DER included.
 *
 * BoringSSL turns BER into DER level by level and moves all that is inside each time: a container of 4 MiB that is nested
 * 2000 deep takes it seconds. It hashes a password as often as a structure says. Both are measured in what BoringSSL
 * will see: an OCTET STRING in pieces is joined first.
 */
#ifndef CHAINCACHE_FILES_BER_WORK_H
#define CHAINCACHE_FILES_BER_WORK_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

#define BER_MAX_NESTING 64 /* other programs write less than half as deep */

struct ber_work {
	size_t nesting; /* of the deepest element, 0 for one that holds none; BER_MAX_NESTING + 1 for all above */
	uint64_t turns; /* of all password hashes together; UINT64_MAX for all above, and above BER_MAX_NESTING */
};

/* ber_work_measure reads as far as `ber` parses: BoringSSL stops there too. The content of an OCTET STRING counts as
 * nested in it, because PKCS#12 wraps its parts in them. ERROR_MEMORY. */
MUST_USE struct error ber_work_measure(struct bytes ber, struct ber_work *out);

#endif
