/* issuer_match - says whether one certificate could have issued another, or the first reason why not. */
#ifndef CHAINCACHE_CERTIFICATE_ISSUER_MATCH_H
#define CHAINCACHE_CERTIFICATE_ISSUER_MATCH_H

#include "chaincache/certificate/certificate.h"

/* Ordered by how early it is checked. */
enum issuer_mismatch {
	ISSUER_MATCHES,
	ISSUER_NAME_DIFFERS, /* RFC 5280 7.1 comparison */
	ISSUER_NOT_A_CA,
	ISSUER_MAY_NOT_SIGN, /* keyUsage without keyCertSign */
	ISSUER_KEY_UNUSABLE, /* so that no signature can be checked: see public_key.h */
	ISSUER_SIGNATURE_UNKNOWN, /* of an algorithm that cannot be checked */
	ISSUER_SIGNATURE_FAILS,
};

/* Does a key verify a signature? Ordered by how good the answer is. */
enum signature_verdict {
	SIGNATURE_OUT_OF_MEMORY, /* nothing is known */
	SIGNATURE_FAILS,
	SIGNATURE_NOT_JUDGED, /* key or signature are of a kind that is not supported: neither true nor false */
	SIGNATURE_VERIFIES,
};

/* How well a candidate fits, for ranking alone: bigger is better, nothing is filtered (key identifiers are hints). */
enum key_id_fit { KEY_ID_DIFFERS, KEY_ID_ABSENT, KEY_ID_EQUAL };

const char *issuer_mismatch_name(enum issuer_mismatch mismatch);

/* issuer_match_names says whether issuer's subject is child's issuer (RFC 5280 7.1). Cheap: no signature is checked. */
bool issuer_match_names(const struct certificate *issuer, const struct certificate *child);

enum key_id_fit issuer_match_key_id(const struct certificate *issuer, const struct certificate *child);

/* issuer_match_ask verifies child's signature by issuer's key: one public-key operation. What BoringSSL does not know is
 * SIGNATURE_NOT_JUDGED, unless the kinds of key and signature are known by name and do not belong together. Names are
 * not compared. */
enum signature_verdict issuer_match_ask(const struct certificate *issuer, const struct certificate *child);

/* issuer_match_fits says whether nothing but the signature speaks against issuer: a CA that may sign certificates, and
 * key identifiers that do not differ. For signatures that cannot be judged. */
bool issuer_match_fits(const struct certificate *issuer, const struct certificate *child);

/* issuer_match_signature: whether issuer_match_ask says SIGNATURE_VERIFIES. */
bool issuer_match_signature(const struct certificate *issuer, const struct certificate *child);

/* issuer_match checks everything of the enum in its order; validity is not judged. */
enum issuer_mismatch issuer_match(const struct certificate *issuer, const struct certificate *child);

#endif
