/* mend_input - the input of a mend: the served chain, the trust stores, further certificates, and options. */
#ifndef CHAINCACHE_MEND_MEND_INPUT_H
#define CHAINCACHE_MEND_MEND_INPUT_H

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/certificate/host_name.h"
#include "chaincache/mend/finding.h"
#include "chaincache/revocation/crl_store.h"
#include "chaincache/stores/issuer_store.h"
#include "chaincache/stores/trust_store.h"

#define MEND_MAX_NAMES 1000

/* Everything is borrowed until mend_free, but for the members that are marked as copied. */
struct mend_input {
	const struct certificate_list *served; /* leaf first, as it stands or is sent; at least one (copied) */
	size_t leaf_place; /* where the leaf stood in what was given, before it was put first; 0: it was the first */
	const struct certificate_list
	    *extra; /* further candidates: what a tls backend sends, say; may be NULL (copied) */
	const struct issuer_store *cache; /* may be NULL */
	const struct trust_store_set *stores; /* at least one store, unless ignore_trust */
	enum certificate_purpose purpose; /* what the leaf is shown for */
	const struct host_name *names; /* to be judged (copied); may be NULL */
	size_t num_names;
	const EVP_PKEY *key; /* checked against the leaf; NULL: not judged */
	const struct crl_store *crls; /* that revocation is looked up in; NULL: it is not */
	bool staple_asked; /* the server was asked for an OCSP response, or is known to send none */
	struct bytes staple; /* the response that it sent; empty: none */
	const uint8_t *pin; /* SHA-256 of the leaf's SubjectPublicKeyInfo that is trusted as it is; may be NULL */
	size_t max_chain_bytes; /* 0: no warning */
	int64_t now; /* seconds since 1970: validity is judged as of this time */
	enum finding_reader reader; /* of the findings */
	bool offline; /* never asks for a URL */
	bool ignores_key_usage; /* of the leaf: the TLS handshake judges it, by the use of the key */
	bool ignore_trust; /* every other check, but not whether a trusted root is reached */
};

#endif
