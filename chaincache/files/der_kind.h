/* der_kind - judges the kind of a DER (or BER) structure by its first elements. */
#ifndef CHAINCACHE_FILES_DER_KIND_H
#define CHAINCACHE_FILES_DER_KIND_H

#include "chaincache/base/bytes.h"

enum der_kind {
	DER_KIND_UNKNOWN,
	DER_KIND_CERTIFICATE,
	DER_KIND_REQUEST, /* PKCS#10 */
	DER_KIND_CRL,
	DER_KIND_PKCS7, /* any ContentInfo */
	DER_KIND_PKCS12,
	DER_KIND_PRIVATE_KEY, /* PKCS#8 */
	DER_KIND_ENCRYPTED_KEY, /* PKCS#8, encrypted */
	DER_KIND_RSA_KEY, /* PKCS#1 */
	DER_KIND_EC_KEY, /* SEC 1 */
	DER_KIND_PUBLIC_KEY,
};

/* der_kind_judge does not say whether `der` parses. */
enum der_kind der_kind_judge(struct bytes der);

bool der_kind_is_key(enum der_kind kind); /* a private key */

/* der_outer_length is the number of bytes that the outer SEQUENCE says it has, header included: SIZE_MAX for BER's
 * indefinite form, 0 when there is no such header. */
size_t der_outer_length(struct bytes der);

/* der_whole_length is the same, but follows BER's indefinite form to its end: SIZE_MAX where that is not found. */
size_t der_whole_length(struct bytes der);

#endif
