/* pki_revocation - CRLs and OCSP responses for certificates that pki made, right ones and wrong ones.
 *
 * DER, made by hand. Options that are left out are those of a good one. What is made lives until pki_revocation_cleanup,
 * which comes before pki_cleanup. Issuers have P-256 keys.
 */
#ifndef TESTS_SUPPORT_PKI_REVOCATION_H
#define TESTS_SUPPORT_PKI_REVOCATION_H

#include "tests/support/pki.h"

#define PKI_NO_REASON 0

struct pki_crl_options {
	const struct certificate *issuer;
	const struct certificate *const *revoked; /* ended by NULL; see PKI_CERTIFICATES */
	int reason; /* of each entry; PKI_NO_REASON: none is given */
	size_t num_others; /* further entries, in falling order of their serial numbers */
	const struct pki_extension *entry_extensions; /* of each entry of `revoked` */
	const struct pki_extension *extensions;
	int64_t this_update; /* 0: a day before PKI_NOW */
	int64_t next_update; /* 0: a week after it */
	bool no_next_update;
	EVP_PKEY *signing_key; /* in place of the issuer's (borrowed) */
};

#define PKI_EXTENSIONS(...) ((const struct pki_extension[]){__VA_ARGS__, {NULL, false, {NULL, 0}}})
#define PKI_CRL(...) pki_crl(&(struct pki_crl_options){__VA_ARGS__})

struct bytes pki_crl(const struct pki_crl_options *options);

struct pki_ocsp_options {
	const struct certificate *certificate;
	const struct certificate *issuer;
	enum { PKI_OCSP_GOOD, PKI_OCSP_REVOKED, PKI_OCSP_UNKNOWN } status;
	int reason; /* PKI_NO_REASON: none is given */
	int64_t this_update; /* 0: a day before PKI_NOW */
	int64_t next_update; /* 0: a week after it */
	bool no_next_update;
	const struct certificate *signer; /* in place of the issuer; stands in the response */
	bool by_name; /* the responder's */
	bool by_sha256; /* the CertID's hashes */
	size_t num_others; /* answers about others that come first */
	bool critical_extension; /* in the answer */
	unsigned response_status; /* not 0: nothing but this */
};

#define PKI_OCSP(...) pki_ocsp(&(struct pki_ocsp_options){__VA_ARGS__})

struct bytes pki_ocsp(const struct pki_ocsp_options *options);

void pki_revocation_cleanup(void);

/* pki_revocation_teardown is it and pki_cleanup, as a teardown of cmocka. */
int pki_revocation_teardown(void **state);

#endif
