/* crl - one certificate revocation list, parsed once and immutable (RFC 5280 5).
 *
 * Entries are sorted by serial number as it is parsed, so that a look-up among a million of them is some comparisons.
 * That it may be used at all is checked too: an indirect one, or one with an unknown critical extension, says nothing
 * about any certificate (5.2, 5.3).
 */
#ifndef CHAINCACHE_REVOCATION_CRL_H
#define CHAINCACHE_REVOCATION_CRL_H

#include "chaincache/revocation/crl_scope.h"
#include "chaincache/revocation/signed_data.h"

#define CRL_MAX_BYTES ((size_t)32 * 1024 * 1024) /* of DER: some 900,000 entries */

struct crl_entry {
	struct bytes serial; /* of the INTEGER; borrowed from the DER */
	struct bytes rest; /* date and extensions */
};

/* Holds always: entries are in the order of their serial numbers' bytes. */
struct crl {
	uint8_t *der; /* owned */
	X509_NAME *issuer; /* owned */
	uint32_t issuer_hash; /* X509_NAME_hash */
	struct signed_data signed_data; /* borrowed from der */
	int64_t this_update; /* seconds since 1970, UTC */
	bool has_next_update;
	int64_t next_update;
	bool is_delta; /* it holds changes alone: a revocation in it counts, an absent one says nothing (5.2.4) */
	struct crl_scope scope;
	const char *refused; /* why it cannot be used for any certificate, a clause; NULL: it can */
	struct crl_entry *entries; /* owned */
	size_t num_entries;
	char *path; /* owned; the file that it came from */
};

/* When and why one certificate was revoked. */
struct crl_revocation {
	int64_t since; /* seconds since 1970 */
	int reason; /* see revocation_reason.h; -1: none is given */
};

/* crl_parse makes a CRL from DER (copied). ERROR_FORMAT for what is none, or has bytes after it; ERROR_LIMIT above
 * CRL_MAX_BYTES. */
MUST_USE struct error crl_parse(struct bytes der, const char *path, struct crl **out);
void crl_free(struct crl *crl); /* NULL is fine */

/* crl_is_of says whether the CRL has the name that the certificate gives as its issuer (RFC 5280 7.1). */
bool crl_is_of(const struct crl *crl, const struct certificate *certificate);

/* crl_lists says whether it lists the certificate as revoked; removeFromCRL is no revocation. */
bool crl_lists(const struct crl *crl, const struct certificate *certificate, struct crl_revocation *out);

#endif
