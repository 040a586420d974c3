/* pki_crls - a store of CRLs that pki_revocation made. */
#ifndef TESTS_SUPPORT_PKI_CRLS_H
#define TESTS_SUPPORT_PKI_CRLS_H

#include "chaincache/revocation/crl_store.h"
#include "tests/support/pki_revocation.h"

/* PKI_CRLS is a store of these CRLs (DER); the caller gives its reference back. */
#define PKI_CRLS(...) pki_crls((const struct bytes[]){__VA_ARGS__, {NULL, 0}})
struct crl_store *pki_crls(const struct bytes *crls);

#endif
