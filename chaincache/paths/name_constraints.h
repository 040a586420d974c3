/* name_constraints - judges whether the name constraints of a CA admit a certificate below it (RFC 5280 4.2.1.10).
 *
 * BoringSSL's NAME_CONSTRAINTS_check judges every kind of name but iPAddress, which it refuses as unsupported; so the
 * subtrees of that kind are taken out and judged here, and the rest is left to it. docs/name-constraints.md has the
 * why. A wildcard that could stand for an excluded name is refused, which BoringSSL's check does not do.
 */
#ifndef CHAINCACHE_PATHS_NAME_CONSTRAINTS_H
#define CHAINCACHE_PATHS_NAME_CONSTRAINTS_H

#include <openssl/x509v3.h>

#include "chaincache/certificate/certificate.h"

#define NAME_CONSTRAINTS_MAX_COMPARISONS ((size_t)1 << 18) /* of names with subtrees, over a whole path */

/* Zero-initialised: nothing is constrained. Holds always: both or neither are NULL. */
struct name_constraints {
	NAME_CONSTRAINTS *addresses; /* owned; the subtrees of the kind iPAddress */
	NAME_CONSTRAINTS *others; /* owned; all the rest */
};

/* name_constraints_init reads the constraints of `issuer` on those below it. X509_V_OK, or
 * X509_V_ERR_INVALID_EXTENSION or X509_V_ERR_OUT_OF_MEM: nobody below it is to be accepted then. */
int name_constraints_init(struct name_constraints *constraints, const struct certificate *issuer);
void name_constraints_cleanup(struct name_constraints *constraints);

/* name_constraints_check says whether they admit every name of `subject`: X509_V_OK, or the X509_V_ERR_ that says why
 * not. Self-issued intermediates are exempt by RFC 5280 6.1.3; that is for the caller to know. */
int name_constraints_check(const struct name_constraints *constraints, const struct certificate *subject);

#endif
