/* crl_scope - the certificates of its issuer that a CRL covers (issuingDistributionPoint, RFC 5280 5.2.5 and 6.3.3 b).
 *
 * Authorities with many certificates cut their CRL in parts. A part covers a certificate when one of the names of its
 * distribution point is in the certificate's cRLDistributionPoints too. CRLs of some reasons, and indirect ones
 * (entries of other issuers), are refused.
 */
#ifndef CHAINCACHE_REVOCATION_CRL_SCOPE_H
#define CHAINCACHE_REVOCATION_CRL_SCOPE_H

#include "chaincache/certificate/certificate.h"

/* Zero: every certificate of the issuer. */
struct crl_scope {
	bool only_leaves; /* onlyContainsUserCerts */
	bool only_authorities; /* onlyContainsCACerts */
	bool is_part; /* it has a distribution point */
	struct bytes
	    names; /* GeneralNames of the distribution point, without their header; borrowed from what was read */
	const char *refused; /* why it cannot be used at all, a clause; NULL: it can */
};

/* crl_scope_read reads the extension's content; false when it does not parse. */
bool crl_scope_read(struct bytes extension, struct crl_scope *out);

/* crl_scope_covers says whether the CRL covers `certificate`. */
bool crl_scope_covers(const struct crl_scope *scope, const struct certificate *certificate);

#endif
