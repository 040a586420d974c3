#include "chaincache/certificate/algorithm.h"

#include <stdio.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509.h>

#define MAX_OID_CHARS 96 /* a longer one is cut */

/* Names are those of the documents that assign the identifiers. */
static const struct algorithm {
	const char *oid;
	const char *name;
	enum algorithm_family family;
} algorithms[] = {
    /* Keys */
    {"1.2.840.113549.1.1.1", "RSA", ALGORITHM_RSA},
    {"1.2.840.10045.2.1", "EC", ALGORITHM_EC},
    {"1.2.840.10040.4.1", "DSA", ALGORITHM_DSA},
    {"1.3.101.110", "X25519", ALGORITHM_OTHER},
    {"1.3.101.111", "X448", ALGORITHM_OTHER},
    {"1.2.643.2.2.19", "GOST R 34.10-2001", ALGORITHM_GOST},
    {"1.2.643.7.1.1.1.1", "GOST R 34.10-2012 with 256 bits", ALGORITHM_GOST},
    {"1.2.643.7.1.1.1.2", "GOST R 34.10-2012 with 512 bits", ALGORITHM_GOST},
    /* Keys and their signatures */
    {"1.2.840.113549.1.1.10", "RSASSA-PSS", ALGORITHM_RSA},
    {"1.3.101.112", "Ed25519", ALGORITHM_ED25519},
    {"1.3.101.113", "Ed448", ALGORITHM_ED448},
    {"2.16.840.1.101.3.4.3.17", "ML-DSA-44", ALGORITHM_ML_DSA},
    {"2.16.840.1.101.3.4.3.18", "ML-DSA-65", ALGORITHM_ML_DSA},
    {"2.16.840.1.101.3.4.3.19", "ML-DSA-87", ALGORITHM_ML_DSA},
    {"2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s", ALGORITHM_SLH_DSA},
    {"2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f", ALGORITHM_SLH_DSA},
    /* Curves */
    {"1.2.840.10045.3.1.7", "P-256", ALGORITHM_EC},
    {"1.3.132.0.34", "P-384", ALGORITHM_EC},
    {"1.3.132.0.35", "P-521", ALGORITHM_EC},
    {"1.3.132.0.33", "P-224", ALGORITHM_EC},
    {"1.2.840.10045.3.1.1", "P-192", ALGORITHM_EC},
    {"1.3.132.0.10", "secp256k1", ALGORITHM_EC},
    {"1.2.156.10197.1.301", "SM2", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.2", "brainpoolP160t1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.4", "brainpoolP192t1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.6", "brainpoolP224t1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.10", "brainpoolP320t1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", ALGORITHM_EC},
    {"1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1", ALGORITHM_EC},
    /* Signatures */
    {"1.2.840.113549.1.1.2", "RSA with MD2", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.3", "RSA with MD4", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.4", "RSA with MD5", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.5", "RSA with SHA-1", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.14", "RSA with SHA-224", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.11", "RSA with SHA-256", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.12", "RSA with SHA-384", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.13", "RSA with SHA-512", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.15", "RSA with SHA-512/224", ALGORITHM_RSA},
    {"1.2.840.113549.1.1.16", "RSA with SHA-512/256", ALGORITHM_RSA},
    {"2.16.840.1.101.3.4.3.13", "RSA with SHA3-224", ALGORITHM_RSA},
    {"2.16.840.1.101.3.4.3.14", "RSA with SHA3-256", ALGORITHM_RSA},
    {"2.16.840.1.101.3.4.3.15", "RSA with SHA3-384", ALGORITHM_RSA},
    {"2.16.840.1.101.3.4.3.16", "RSA with SHA3-512", ALGORITHM_RSA},
    {"1.3.36.3.3.1.2", "RSA with RIPEMD-160", ALGORITHM_RSA},
    {"1.2.156.10197.1.504", "RSA with SM3", ALGORITHM_RSA},
    {"1.3.6.1.5.5.7.6.30", "RSASSA-PSS with SHAKE128", ALGORITHM_RSA},
    {"1.3.6.1.5.5.7.6.31", "RSASSA-PSS with SHAKE256", ALGORITHM_RSA},
    {"1.2.840.10045.4.1", "ECDSA with SHA-1", ALGORITHM_EC},
    {"1.2.840.10045.4.3.1", "ECDSA with SHA-224", ALGORITHM_EC},
    {"1.2.840.10045.4.3.2", "ECDSA with SHA-256", ALGORITHM_EC},
    {"1.2.840.10045.4.3.3", "ECDSA with SHA-384", ALGORITHM_EC},
    {"1.2.840.10045.4.3.4", "ECDSA with SHA-512", ALGORITHM_EC},
    {"2.16.840.1.101.3.4.3.9", "ECDSA with SHA3-224", ALGORITHM_EC},
    {"2.16.840.1.101.3.4.3.10", "ECDSA with SHA3-256", ALGORITHM_EC},
    {"2.16.840.1.101.3.4.3.11", "ECDSA with SHA3-384", ALGORITHM_EC},
    {"2.16.840.1.101.3.4.3.12", "ECDSA with SHA3-512", ALGORITHM_EC},
    {"1.3.6.1.5.5.7.6.32", "ECDSA with SHAKE128", ALGORITHM_EC},
    {"1.3.6.1.5.5.7.6.33", "ECDSA with SHAKE256", ALGORITHM_EC},
    {"1.2.156.10197.1.501", "SM2 with SM3", ALGORITHM_EC},
    {"1.2.840.10040.4.3", "DSA with SHA-1", ALGORITHM_DSA},
    {"2.16.840.1.101.3.4.3.1", "DSA with SHA-224", ALGORITHM_DSA},
    {"2.16.840.1.101.3.4.3.2", "DSA with SHA-256", ALGORITHM_DSA},
    {"2.16.840.1.101.3.4.3.3", "DSA with SHA-384", ALGORITHM_DSA},
    {"2.16.840.1.101.3.4.3.4", "DSA with SHA-512", ALGORITHM_DSA},
    {"2.16.840.1.101.3.4.3.5", "DSA with SHA3-224", ALGORITHM_DSA},
    {"2.16.840.1.101.3.4.3.6", "DSA with SHA3-256", ALGORITHM_DSA},
    {"2.16.840.1.101.3.4.3.7", "DSA with SHA3-384", ALGORITHM_DSA},
    {"2.16.840.1.101.3.4.3.8", "DSA with SHA3-512", ALGORITHM_DSA},
    {"1.2.643.2.2.3", "GOST R 34.10-2001", ALGORITHM_GOST},
    {"1.2.643.7.1.1.3.2", "GOST R 34.10-2012 with 256 bits", ALGORITHM_GOST},
    {"1.2.643.7.1.1.3.3", "GOST R 34.10-2012 with 512 bits", ALGORITHM_GOST},
};

static const struct algorithm *find(const ASN1_OBJECT *oid, char text[MAX_OID_CHARS])
{
	if (oid == NULL || OBJ_obj2txt(text, MAX_OID_CHARS, oid, 1) <= 0)
		snprintf(text, MAX_OID_CHARS, "no algorithm");
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(algorithms[i].oid, text) == 0)
			return &algorithms[i];
	return NULL;
}

static const char *print(const ASN1_OBJECT *oid, const char *more, char out[ALGORITHM_WORDS_CHARS])
{
	char text[MAX_OID_CHARS];
	const struct algorithm *algorithm = find(oid, text);

	if (algorithm != NULL)
		snprintf(out, ALGORITHM_WORDS_CHARS, "%s%s (%s)", algorithm->name, more, text);
	else
		snprintf(out, ALGORITHM_WORDS_CHARS, "%s", text);
	return out;
}

static const ASN1_OBJECT *key_object(const struct certificate *certificate, const X509_ALGOR **out_algorithm)
{
	ASN1_OBJECT *oid = NULL;
	X509_ALGOR *algorithm = NULL;

	if (!X509_PUBKEY_get0_param(&oid, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(certificate->x509)))
		return NULL;
	*out_algorithm = algorithm;
	return oid;
}

static const ASN1_OBJECT *signature_object(const struct certificate *certificate)
{
	const ASN1_OBJECT *oid = NULL;
	const X509_ALGOR *algorithm;

	X509_get0_signature(NULL, &algorithm, certificate->x509);
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	return oid;
}

static enum algorithm_family family_of(const ASN1_OBJECT *oid)
{
	char text[MAX_OID_CHARS];
	const struct algorithm *algorithm = find(oid, text);

	return algorithm != NULL ? algorithm->family : ALGORITHM_OTHER;
}

static enum algorithm_family family_of_key(const struct certificate *certificate)
{
	const X509_ALGOR *algorithm;

	return family_of(key_object(certificate, &algorithm));
}

static enum algorithm_family family_of_signature(const struct certificate *certificate)
{
	return family_of(signature_object(certificate));
}

bool algorithm_may_verify(const struct certificate *issuer, const struct certificate *child)
{
	enum algorithm_family key = family_of_key(issuer), signature = family_of_signature(child);

	return key == signature || key == ALGORITHM_OTHER || signature == ALGORITHM_OTHER;
}

/* Returns the named curve of an EC key; NULL where it has none, and *out_explicit where it says its parameters
 * itself. */
static const ASN1_OBJECT *curve_object(const X509_ALGOR *algorithm, bool *out_explicit)
{
	const void *parameter = NULL;
	int type = V_ASN1_UNDEF;

	X509_ALGOR_get0(NULL, &type, &parameter, algorithm);
	*out_explicit = type == V_ASN1_SEQUENCE;
	return type == V_ASN1_OBJECT ? parameter : NULL;
}

static bool is_known_curve(const ASN1_OBJECT *curve)
{
	switch (OBJ_obj2nid(curve)) {
	case NID_secp224r1:
	case NID_X9_62_prime256v1:
	case NID_secp384r1:
	case NID_secp521r1:
		return true;
	default:
		return false;
	}
}

bool algorithm_key_is_known(const struct certificate *certificate)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *curve;
	bool is_explicit;

	switch (family_of(key_object(certificate, &algorithm))) {
	case ALGORITHM_RSA:
	case ALGORITHM_DSA:
	case ALGORITHM_ED25519:
		return true;
	case ALGORITHM_EC:
		curve = curve_object(algorithm, &is_explicit);
		return curve != NULL ? is_known_curve(curve) : !is_explicit;
	default:
		return false;
	}
}

const char *algorithm_key_words(const struct certificate *certificate, char out[ALGORITHM_WORDS_CHARS])
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *oid = key_object(certificate, &algorithm);
	const ASN1_OBJECT *curve;
	bool is_explicit;

	if (family_of(oid) != ALGORITHM_EC)
		return print(oid, "", out);
	curve = curve_object(algorithm, &is_explicit);
	if (curve != NULL)
		return print(curve, "", out);
	return print(oid, is_explicit ? " with explicit parameters" : " without a curve", out);
}

const char *algorithm_signature_words(const struct certificate *certificate, char out[ALGORITHM_WORDS_CHARS])
{
	const ASN1_OBJECT *oid = signature_object(certificate);

	return print(oid, OBJ_obj2nid(oid) == NID_rsassaPss ? " with unusual parameters" : "", out);
}
