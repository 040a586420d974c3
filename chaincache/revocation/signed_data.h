/* signed_data - the signed form of certificates, CRLs and OCSP responses: a content, the algorithm, the signature, one
 * after the other (RFC 5280 4.1.1, RFC 6960 4.2.1).
 */
#ifndef CHAINCACHE_REVOCATION_SIGNED_DATA_H
#define CHAINCACHE_REVOCATION_SIGNED_DATA_H

#include <openssl/bytestring.h>

#include "chaincache/certificate/certificate.h"

/* The three elements, tag and length included; borrowed from the input. */
struct signed_data {
	struct bytes content; /* a SEQUENCE */
	struct bytes algorithm; /* AlgorithmIdentifier */
	struct bytes signature; /* BIT STRING */
};

/* signed_data_read takes the three elements off `in`; false when they do not stand there. */
bool signed_data_read(CBS *in, struct signed_data *out);

/* signed_data_verifies says whether signer's key verifies the signature: one public-key operation over all of the
 * content. MD5, and keys that are not usable, verify nothing. *out_of_memory becomes true, and stays as it is otherwise,
 * where memory did not suffice to say. */
bool signed_data_verifies(const struct signed_data *data, const struct certificate *signer, bool *out_of_memory);

/* signed_data_read_time reads an UTCTime or a GeneralizedTime off `in`, as seconds since 1970. */
bool signed_data_read_time(CBS *in, int64_t *out);

#endif
