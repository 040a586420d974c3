/* pki - makes the certificates that tests build their worlds from: right ones, and wrong ones of every kind.
 *
 *	const struct certificate *root = PKI(.cn = "Root", .ca = true);
 *	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = root, .dns = PKI_STRINGS("a.example"));
 *
 * Every certificate and key belongs to the maker and lives until pki_cleanup. What cannot be made ends the test
 * program with a line on stderr. Options that are left out are those of a good certificate.
 */
#ifndef TESTS_SUPPORT_PKI_H
#define TESTS_SUPPORT_PKI_H

#include <openssl/evp.h>

#include "chaincache/certificate/certificate_list.h"

#define PKI_NOT_BEFORE INT64_C(1514764800) /* 2018-01-01, the default: before clients limited the lifetime of leafs */
#define PKI_NOW INT64_C(1767225600) /* 2026-01-01: what tests take for now */
#define PKI_NOT_AFTER INT64_C(2208988800) /* 2040-01-01, the default */
#define PKI_DAY INT64_C(86400)

enum pki_key_type {
	PKI_P256,
	PKI_P384,
	PKI_P521,
	PKI_P224, /* a curve that TLS clients do not know */
	PKI_RSA_2048,
	PKI_RSA_1024,
	PKI_RSA_3072,
	PKI_ED25519,
};

enum pki_digest {
	PKI_SHA256,
	PKI_SHA384,
	PKI_SHA512,
	PKI_SHA1,
	PKI_MD5
}; /* of the signature; Ed25519 has its own; MD5 by RSA alone */

enum pki_key_id { PKI_KEY_ID_RIGHT, PKI_KEY_ID_ABSENT, PKI_KEY_ID_WRONG };

/* One attribute of a name; an array of them ends with a zero one. */
struct pki_attribute {
	int nid; /* NID_commonName ... */
	int type; /* V_ASN1_UTF8STRING (also for 0), V_ASN1_PRINTABLESTRING, V_ASN1_BMPSTRING ... */
	const char *value;
	size_t len; /* 0: of the string */
};

/* One extension as it stands; an array of them ends with a zero one. */
struct pki_extension {
	const char *oid; /* "1.2.3.4" */
	bool critical;
	struct bytes content; /* DER, or what is to look like it */
};

struct pki_options {
	const char *cn; /* the subject: one commonName; NULL and no `subject`: the empty name */
	const struct pki_attribute *subject; /* in place of cn */

	/* The key. EC and Ed25519: the same name, type and number have the same key, so a cross-sign is the same cn under
	 * another issuer, and a twin with another key is another number. RSA keys are slow to make and are shared by all
	 * names with the same number. */
	enum pki_key_type key_type;
	unsigned key_number;
	EVP_PKEY *key; /* in place of a made one (borrowed) */
	bool
	    shows_inherited_dsa; /* shows a DSA key that leaves its parameters to its issuer (RFC 3279 2.3.2); `key` signs */
	bool shows_brainpool; /* shows a key on brainpoolP256r1; `key` signs */

	const struct certificate *issuer; /* NULL: self-signed */
	const struct pki_attribute *issuer_name; /* in place of the issuer's subject */
	EVP_PKEY *signing_key; /* in place of the issuer's: the right name with the wrong key (borrowed) */
	enum pki_digest digest;
	bool rsa_pss; /* signs by RSASSA-PSS */
	bool unknown_signature; /* of an algorithm that nobody knows, by ECDSA with SHA-256 otherwise */
	bool broken_signature; /* one bit of it is flipped */

	int64_t not_before; /* seconds since 1970; 0: PKI_NOT_BEFORE */
	int64_t not_after; /* 0: PKI_NOT_AFTER */
	uint64_t serial; /* 0: the next of a count */
	bool version_1; /* no extensions at all */

	bool ca; /* basicConstraints with cA, critical */
	bool no_basic_constraints;
	bool has_path_length;
	unsigned path_length;
	unsigned key_usage; /* X509v3_KU_* bits; 0: of a CA keyCertSign and cRLSign, of a leaf digitalSignature */
	bool no_key_usage;
	const int *eku; /* NIDs, ended by 0; NULL: serverAuth in a leaf, none in a CA */
	bool no_eku;

	const char *const *dns; /* subjectAltName; see PKI_STRINGS */
	const char *const *ip; /* IP addresses as text */
	bool empty_san; /* the extension is there with no name in it */
	const char *name_constraints; /* "permitted;DNS:example.com,excluded;DNS:bad.example.com", critical */
	enum pki_key_id ski;
	enum pki_key_id aki;
	const char *const *ca_issuers; /* URLs for authorityInfoAccess */
	const struct pki_extension *extensions; /* further ones; a SAN of raw bytes, say */
};

#define PKI(...) pki_make(&(struct pki_options){__VA_ARGS__})
#define PKI_STRINGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PKI_NIDS(...) ((const int[]){__VA_ARGS__, 0})
#define PKI_NAME(...) ((const struct pki_attribute[]){__VA_ARGS__, {0, 0, NULL, 0}})

const struct certificate *pki_make(const struct pki_options *options);

/* pki_key is the private key of a certificate that this maker made (borrowed). */
EVP_PKEY *pki_key(const struct certificate *certificate);

/* pki_new_key is a key as the options of the same names describe it (borrowed). */
EVP_PKEY *pki_new_key(const char *name, enum pki_key_type type, unsigned number);

/* PKI_CERTIFICATES(certificate...) is an array of them, ended by NULL. */
#define PKI_CERTIFICATES(...) ((const struct certificate *const[]){__VA_ARGS__, NULL})

/* PKI_LIST(source, certificate...) is a list of them; the caller cleans it up. */
#define PKI_LIST(source, ...) pki_list((source), PKI_CERTIFICATES(__VA_ARGS__))
struct certificate_list pki_list(enum certificate_source source, const struct certificate *const *certificates);

void pki_cleanup(void);

/* pki_teardown is pki_cleanup as a teardown of cmocka. */
int pki_teardown(void **state);

#endif
