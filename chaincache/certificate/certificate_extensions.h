/* certificate_extensions - reads the extensions of a certificate that discovery and audits use (RFC 5280 4.2).
 *
 * An extension that is absent or does not parse is no error: it reads as empty. X509 itself says whether all parse.
 */
#ifndef CHAINCACHE_CERTIFICATE_CERTIFICATE_EXTENSIONS_H
#define CHAINCACHE_CERTIFICATE_CERTIFICATE_EXTENSIONS_H

#include <openssl/base.h>

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

#define CERTIFICATE_MAX_URLS 256 /* caIssuers URLs kept; the rest are counted */

enum alt_name_type { ALT_NAME_DNS, ALT_NAME_IP, ALT_NAME_OTHER };

/* One subjectAltName entry: a dNSName's characters (any bytes, NULs included) or an iPAddress's 4 or 16 bytes. */
struct alt_name {
	enum alt_name_type type;
	struct bytes value; /* borrowed from the certificate */
};

/* certificate_extensions_alt_names reads subjectAltName into an array, which the caller frees; NULL when there is no
 * entry. *out_present: the extension is there, be it empty. The certificate's size alone limits their number. */
MUST_USE struct error certificate_extensions_alt_names(const X509 *x509, bool *out_present, struct alt_name **out,
						       size_t *out_count);

/* certificate_extensions_ca_issuer_urls reads the caIssuers URLs of authorityInfoAccess, any scheme, in order. The
 * caller frees each, and the array, after an error too. Blanks around a URL are left out, and spaces in it escaped (%20).
 * *out_dropped counts what is over the maximum, or has a control character, a NUL or a character beyond ASCII in it. */
MUST_USE struct error certificate_extensions_ca_issuer_urls(const X509 *x509, char ***out, size_t *out_count,
							    size_t *out_dropped);

/* The keyIdentifiers of subjectKeyIdentifier and authorityKeyIdentifier, borrowed from the certificate, whose caches
 * the calls fill. */
struct bytes certificate_extensions_subject_key_id(X509 *x509);
struct bytes certificate_extensions_authority_key_id(X509 *x509);

/* certificate_extensions_count_constraints counts the subtrees in nameConstraints, permitted and excluded. */
size_t certificate_extensions_count_constraints(const X509 *x509);

/* certificate_extensions_must_staple says whether the TLS feature extension asks for status_request (RFC 7633). */
bool certificate_extensions_must_staple(const X509 *x509);

/* certificate_extensions_public_policy says whether certificatePolicies has one of the policies that the CA/Browser Forum
 * reserves for public server certificates (Baseline Requirements 7.1.6.1). */
bool certificate_extensions_public_policy(const X509 *x509);

#endif
