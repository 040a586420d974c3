/* revocation - judges by the given CRLs whether a certificate was revoked, for one mend (RFC 5280 6.3.3).
 *
 * A CRL is usable for a certificate when it has its issuer's name (7.1) and covers it, is current and not indirect, and
 * is signed by the key of the certificate's own issuer, which may sign CRLs where it has a key usage. A CRL that the
 * authority signed with another key than the certificate (after it changed its key) is not used, and is reported. Of
 * several usable CRLs the latest counts. Signatures are checked from the latest CRL to the oldest, so that an archive
 * of old ones costs nothing; the results are remembered, and their number is limited. A delta CRL that is no older adds
 * revocations, and nothing else.
 */
#ifndef CHAINCACHE_REVOCATION_REVOCATION_H
#define CHAINCACHE_REVOCATION_REVOCATION_H

#include "chaincache/revocation/crl_store.h"

#define REVOCATION_MAX_SIGNATURE_CHECKS 32 /* of CRLs, in one mend */

/* In rising order of knowledge. */
enum revocation_status {
	REVOCATION_NOT_ASKED, /* no CRL was given */
	REVOCATION_UNKNOWN, /* none is usable: `obstacle` */
	REVOCATION_GOOD,
	REVOCATION_REVOKED,
};

/* Why a CRL says nothing about a certificate, in the order of the checks: a later obstacle means that more checks
 * passed. */
enum revocation_obstacle {
	OBSTACLE_NO_ISSUER, /* whose CRL it would be is not known */
	OBSTACLE_NO_CRL, /* none of this issuer */
	OBSTACLE_REFUSED, /* crl->refused */
	OBSTACLE_DELTA, /* it alone says nothing of those that it does not list */
	OBSTACLE_NOT_COVERED,
	OBSTACLE_NO_END, /* it has no nextUpdate, so that nobody knows how long it holds */
	OBSTACLE_NOT_YET,
	OBSTACLE_STALE,
	OBSTACLE_MAY_NOT_SIGN, /* the issuer's key usage lacks cRLSign */
	OBSTACLE_SIGNATURE,
	OBSTACLE_LIMIT,
};

struct revocation_answer {
	enum revocation_status status;
	enum revocation_obstacle obstacle; /* of REVOCATION_UNKNOWN */
	const struct crl *crl; /* that decided, or passed the most checks; NULL: none */
	struct crl_revocation revocation; /* of REVOCATION_REVOKED */
};

struct remembered_signature {
	const struct crl *crl;
	uint8_t key[SHA256_BYTES]; /* the signer's */
	bool verifies;
};

/* Holds always: num_signatures <= REVOCATION_MAX_SIGNATURE_CHECKS. */
struct revocation {
	const struct crl_store *crls; /* NULL: nothing is looked at */
	int64_t now; /* seconds since 1970 */
	struct remembered_signature signatures[REVOCATION_MAX_SIGNATURE_CHECKS];
	size_t num_signatures;
	bool out_of_memory; /* what was said since then is not to be believed */
};

/* revocation_look judges `certificate`, which `issuer` issued (NULL: not known). */
struct revocation_answer revocation_look(struct revocation *revocation, const struct certificate *certificate,
					 const struct certificate *issuer);

#define REVOCATION_MAX_WORDS 400

/* revocation_print writes a clause that completes the certificate's name, without a full stop: "was revoked on
 * 2026-01-31 (key compromise), as corp.crl says", or why it is not known. Returns `out`. */
const char *revocation_print(const struct revocation_answer *answer, char out[REVOCATION_MAX_WORDS]);

#endif
