#include "tests/support/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include "chaincache/certificate/public_key.h"
#include "tests/support/pki.h"

/* The oldest BoringSSL that is known to verify by ML-DSA. */
#define KNOWS_ML_DSA (BORINGSSL_API_VERSION >= 43)

enum { FIRST_BYTE = 0x04 };

/* How the bits of the key are written: `size` is of bytes, of bits for RSA. */
enum key_form {
	FORM_BYTES, /* 04, and the same byte again and again */
	FORM_INTEGER, /* an ASN.1 INTEGER, as for DSA and DH */
	FORM_RSA, /* RSAPublicKey of a modulus that is odd, the exponent `exponent` */
	FORM_RSA_EVEN, /* ... that is even */
	FORM_POINT, /* the generator of P-224, P-256, P-384 or P-521: `size` is its NID */
	FORM_POINT_CUT, /* ... without its last byte */
	FORM_POINT_OFF_CURVE, /* ... with another last byte */
};

enum parameters { ABSENT, IS_NULL, CURVE, EXPLICIT_P256, DSA_PARAMETERS, PSS_PARAMETERS, SEQUENCE };

struct key_case {
	const char *name;
	const char *algorithm; /* object identifier, dotted */
	enum parameters parameters;
	const char *curve; /* object identifier, dotted, where `parameters` is CURVE */
	enum key_form form;
	unsigned size;
	unsigned exponent; /* 0: 65537 */
	enum key_type type;
	unsigned bits; /* 0: not usable */
	int curve_nid;
};

#define RSA_OID "1.2.840.113549.1.1.1"
#define PSS_OID "1.2.840.113549.1.1.10"
#define DSA_OID "1.2.840.10040.4.1"
#define EC_OID "1.2.840.10045.2.1"
#define P224_OID "1.3.132.0.33"
#define P256_OID "1.2.840.10045.3.1.7"
#define P384_OID "1.3.132.0.34"
#define P521_OID "1.3.132.0.35"
#define UNUSABLE KEY_TYPE_OTHER, 0, NID_undef

static const struct key_case cases[] = {
    {"RSA", RSA_OID, IS_NULL, NULL, FORM_RSA, 2048, 0, KEY_TYPE_RSA, 2048, NID_undef},
    {"RSA, weak", RSA_OID, IS_NULL, NULL, FORM_RSA, 1024, 0, KEY_TYPE_RSA, 1024, NID_undef},
    {"RSA, 512 bits", RSA_OID, IS_NULL, NULL, FORM_RSA, 512, 0, KEY_TYPE_RSA, 512, NID_undef},
    {"RSA, 16384 bits", RSA_OID, IS_NULL, NULL, FORM_RSA, 16384, 0, KEY_TYPE_RSA, 16384, NID_undef},
    {"RSA, exponent 3", RSA_OID, IS_NULL, NULL, FORM_RSA, 2048, 3, KEY_TYPE_RSA, 2048, NID_undef},
    {"RSA, 16392 bits", RSA_OID, IS_NULL, NULL, FORM_RSA, 16392, 0, UNUSABLE},
    {"RSA, 504 bits", RSA_OID, IS_NULL, NULL, FORM_RSA, 504, 0, UNUSABLE},
    {"RSA, 8 bits", RSA_OID, IS_NULL, NULL, FORM_RSA, 8, 3, UNUSABLE},
    {"RSA, 0 bits", RSA_OID, IS_NULL, NULL, FORM_RSA, 0, 3, UNUSABLE},
    {"RSA, exponent 1", RSA_OID, IS_NULL, NULL, FORM_RSA, 2048, 1, UNUSABLE},
    {"RSA, even exponent", RSA_OID, IS_NULL, NULL, FORM_RSA, 2048, 4, UNUSABLE},
    {"RSA, even modulus", RSA_OID, IS_NULL, NULL, FORM_RSA_EVEN, 2048, 0, UNUSABLE},
    {"RSA, no parameters", RSA_OID, ABSENT, NULL, FORM_RSA, 2048, 0, UNUSABLE},
    {"RSA, other parameters", RSA_OID, SEQUENCE, NULL, FORM_RSA, 2048, 0, UNUSABLE},
    {"RSA, garbage", RSA_OID, IS_NULL, NULL, FORM_BYTES, 270, 0, UNUSABLE},
    {"RSA, empty", RSA_OID, IS_NULL, NULL, FORM_BYTES, 0, 0, UNUSABLE},
    {"RSA, the algorithm of X.500", "2.5.8.1.1", IS_NULL, NULL, FORM_RSA, 2048, 0, UNUSABLE},
    {"RSA-PSS", PSS_OID, PSS_PARAMETERS, NULL, FORM_RSA, 2048, 0, KEY_TYPE_RSA_PSS, 0, NID_undef},
    {"RSA-PSS, no parameters", PSS_OID, ABSENT, NULL, FORM_RSA, 2048, 0, KEY_TYPE_RSA_PSS, 0, NID_undef},
    {"RSA-PSS, default parameters", PSS_OID, SEQUENCE, NULL, FORM_RSA, 2048, 0, KEY_TYPE_RSA_PSS, 0, NID_undef},
    {"RSA-PSS, garbage", PSS_OID, ABSENT, NULL, FORM_BYTES, 16, 0, KEY_TYPE_RSA_PSS, 0, NID_undef},

    {"DSA", DSA_OID, DSA_PARAMETERS, NULL, FORM_INTEGER, 128, 0, UNUSABLE},
    {"DSA, inherited parameters", DSA_OID, ABSENT, NULL, FORM_INTEGER, 128, 0, UNUSABLE},
    {"DSA, NULL parameters", DSA_OID, IS_NULL, NULL, FORM_INTEGER, 128, 0, UNUSABLE},
    {"DSA, empty parameters", DSA_OID, SEQUENCE, NULL, FORM_INTEGER, 128, 0, UNUSABLE},
    {"DSA, inherited parameters, garbage", DSA_OID, ABSENT, NULL, FORM_BYTES, 128, 0, UNUSABLE},
    {"DSA, inherited parameters, empty", DSA_OID, ABSENT, NULL, FORM_BYTES, 0, 0, UNUSABLE},
    {"DSA, another identifier", "1.3.14.3.2.12", ABSENT, NULL, FORM_INTEGER, 128, 0, UNUSABLE},
    {"DH, PKCS#3", "1.2.840.113549.1.3.1", SEQUENCE, NULL, FORM_INTEGER, 256, 0, UNUSABLE},
    {"DH, X9.42, no parameters", "1.2.840.10046.2.1", ABSENT, NULL, FORM_INTEGER, 256, 0, UNUSABLE},

    {"EC, P-224", EC_OID, CURVE, P224_OID, FORM_POINT, NID_secp224r1, 0, KEY_TYPE_EC, 224, NID_secp224r1},
    {"EC, P-256", EC_OID, CURVE, P256_OID, FORM_POINT, NID_X9_62_prime256v1, 0, KEY_TYPE_EC, 256, NID_X9_62_prime256v1},
    {"EC, P-384", EC_OID, CURVE, P384_OID, FORM_POINT, NID_secp384r1, 0, KEY_TYPE_EC, 384, NID_secp384r1},
    {"EC, P-521", EC_OID, CURVE, P521_OID, FORM_POINT, NID_secp521r1, 0, KEY_TYPE_EC, 521, NID_secp521r1},
    {"EC, a point of another curve", EC_OID, CURVE, P256_OID, FORM_POINT, NID_secp384r1, 0, UNUSABLE},
    {"EC, a point cut short", EC_OID, CURVE, P256_OID, FORM_POINT_CUT, NID_X9_62_prime256v1, 0, UNUSABLE},
    {"EC, a point off the curve", EC_OID, CURVE, P256_OID, FORM_POINT_OFF_CURVE, NID_X9_62_prime256v1, 0, UNUSABLE},
    {"EC, empty", EC_OID, CURVE, P256_OID, FORM_BYTES, 0, 0, UNUSABLE},
    {"EC, secp256k1", EC_OID, CURVE, "1.3.132.0.10", FORM_BYTES, 65, 0, UNUSABLE},
    {"EC, brainpoolP256r1", EC_OID, CURVE, "1.3.36.3.3.2.8.1.1.7", FORM_BYTES, 65, 0, UNUSABLE},
    {"EC, explicit parameters", EC_OID, EXPLICIT_P256, NULL, FORM_POINT, NID_X9_62_prime256v1, 0, UNUSABLE},
    {"EC, implicit curve", EC_OID, IS_NULL, NULL, FORM_POINT, NID_X9_62_prime256v1, 0, UNUSABLE},
    {"EC, no parameters", EC_OID, ABSENT, NULL, FORM_POINT, NID_X9_62_prime256v1, 0, UNUSABLE},
    {"EC, for ECDH alone", "1.3.132.1.12", CURVE, P256_OID, FORM_POINT, NID_X9_62_prime256v1, 0, UNUSABLE},

    {"Ed25519", "1.3.101.112", ABSENT, NULL, FORM_BYTES, 32, 0, KEY_TYPE_ED25519, 253, NID_undef},
    {"Ed25519, NULL parameters", "1.3.101.112", IS_NULL, NULL, FORM_BYTES, 32, 0, UNUSABLE},
    {"Ed25519, too short", "1.3.101.112", ABSENT, NULL, FORM_BYTES, 31, 0, UNUSABLE},
    {"Ed448", "1.3.101.113", ABSENT, NULL, FORM_BYTES, 57, 0, UNUSABLE},
    {"X25519", "1.3.101.110", ABSENT, NULL, FORM_BYTES, 32, 0, UNUSABLE},
    {"X448", "1.3.101.111", ABSENT, NULL, FORM_BYTES, 56, 0, UNUSABLE},
    {"ML-DSA-44", "2.16.840.1.101.3.4.3.17", ABSENT, NULL, FORM_BYTES, 1312, 0, KEY_TYPE_OTHER,
     KNOWS_ML_DSA ? 1312 * 8 : 0, NID_undef},
    {"ML-DSA-65", "2.16.840.1.101.3.4.3.18", ABSENT, NULL, FORM_BYTES, 1952, 0, KEY_TYPE_OTHER,
     KNOWS_ML_DSA ? 1952 * 8 : 0, NID_undef},
    {"ML-DSA-87", "2.16.840.1.101.3.4.3.19", ABSENT, NULL, FORM_BYTES, 2592, 0, KEY_TYPE_OTHER,
     KNOWS_ML_DSA ? 2592 * 8 : 0, NID_undef},
    {"ML-DSA-44, too short", "2.16.840.1.101.3.4.3.17", ABSENT, NULL, FORM_BYTES, 1311, 0, UNUSABLE},
    {"ML-KEM-768", "2.16.840.1.101.3.4.4.2", ABSENT, NULL, FORM_BYTES, 1184, 0, UNUSABLE},
    {"GOST R 34.10-2012", "1.2.643.7.1.1.1.1", SEQUENCE, NULL, FORM_BYTES, 66, 0, UNUSABLE},
    {"an unknown algorithm", "1.2.3.4.5", ABSENT, NULL, FORM_BYTES, 32, 0, UNUSABLE},
    {"an unknown algorithm, empty", "1.2.3.4.5", IS_NULL, NULL, FORM_BYTES, 0, 0, UNUSABLE},
};

static void add_oid(CBB *out, const char *dotted)
{
	CBB oid;

	assert_true(CBB_add_asn1(out, &oid, CBS_ASN1_OBJECT) &&
		    CBB_add_asn1_oid_from_text(&oid, dotted, strlen(dotted)) && CBB_flush(out));
}

/* A positive INTEGER of `bits` bits, a multiple of 8: its first bit and, if it is odd, its last one are set. */
static void add_integer(CBB *out, unsigned bits, bool odd)
{
	CBB integer;
	uint8_t *bytes;

	assert_true(CBB_add_asn1(out, &integer, CBS_ASN1_INTEGER) && CBB_add_u8(&integer, 0));
	if (bits > 0) {
		assert_true(CBB_add_space(&integer, &bytes, bits / 8));
		memset(bytes, 0, bits / 8);
		bytes[bits / 8 - 1] = odd ? 1 : 0;
		bytes[0] |= 0x80;
	}
	assert_true(CBB_flush(out));
}

/* Adds parameters that DSA_parse_parameters takes: p of 1024 bits, q of 160, g below p. It does not ask for primes. */
static void add_dsa_parameters(CBB *out)
{
	CBB sequence;

	assert_true(CBB_add_asn1(out, &sequence, CBS_ASN1_SEQUENCE));
	add_integer(&sequence, 1024, true);
	add_integer(&sequence, 160, true);
	assert_true(CBB_add_asn1_uint64(&sequence, 2) && CBB_flush(out));
}

/* RSASSA-PSS-params for SHA-256 and 32 bytes of salt (RFC 4055 3.1). */
static void add_pss_parameters(CBB *out)
{
	static const uint8_t parameters[] = {
	    0x30, 0x30, 0xa0, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
	    0xa1, 0x1a, 0x30, 0x18, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0b,
	    0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0xa2, 0x03, 0x02, 0x01, 0x20};

	assert_true(CBB_add_bytes(out, parameters, sizeof(parameters)));
}

static void add_octets(CBB *out, const BIGNUM *number)
{
	CBB octets;

	assert_true(CBB_add_asn1(out, &octets, CBS_ASN1_OCTETSTRING) && BN_bn2cbb_padded(&octets, 32, number) &&
		    CBB_flush(out));
}

/* ECParameters (RFC 3279 2.3.5), each value written out. */
static void add_explicit_p256(CBB *out)
{
	const EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *p = BN_new(), *a = BN_new(), *b = BN_new();
	CBB parameters, field, curve, generator;

	assert_true(group != NULL && p != NULL && a != NULL && b != NULL &&
		    EC_GROUP_get_curve_GFp(group, p, a, b, NULL));
	assert_true(CBB_add_asn1(out, &parameters, CBS_ASN1_SEQUENCE) && CBB_add_asn1_uint64(&parameters, 1) &&
		    CBB_add_asn1(&parameters, &field, CBS_ASN1_SEQUENCE));
	add_oid(&field, "1.2.840.10045.1.1");
	assert_true(BN_marshal_asn1(&field, p) && CBB_add_asn1(&parameters, &curve, CBS_ASN1_SEQUENCE));
	add_octets(&curve, a);
	add_octets(&curve, b);
	assert_true(CBB_add_asn1(&parameters, &generator, CBS_ASN1_OCTETSTRING) &&
		    EC_POINT_point2cbb(&generator, group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED,
				       NULL) &&
		    BN_marshal_asn1(&parameters, EC_GROUP_get0_order(group)) && CBB_add_asn1_uint64(&parameters, 1) &&
		    CBB_flush(out));
	BN_free(p);
	BN_free(a);
	BN_free(b);
}

static void add_parameters(CBB *out, const struct key_case *c)
{
	CBB child;

	switch (c->parameters) {
	case ABSENT:
		return;
	case IS_NULL:
		assert_true(CBB_add_asn1(out, &child, CBS_ASN1_NULL) && CBB_flush(out));
		return;
	case SEQUENCE:
		assert_true(CBB_add_asn1(out, &child, CBS_ASN1_SEQUENCE) && CBB_flush(out));
		return;
	case CURVE:
		add_oid(out, c->curve);
		return;
	case EXPLICIT_P256:
		add_explicit_p256(out);
		return;
	case DSA_PARAMETERS:
		add_dsa_parameters(out);
		return;
	case PSS_PARAMETERS:
		add_pss_parameters(out);
		return;
	}
}

static void add_rsa_key(CBB *out, const struct key_case *c)
{
	CBB sequence;

	assert_true(CBB_add_asn1(out, &sequence, CBS_ASN1_SEQUENCE));
	add_integer(&sequence, c->size, c->form == FORM_RSA);
	assert_true(CBB_add_asn1_uint64(&sequence, c->exponent != 0 ? c->exponent : 65537) && CBB_flush(out));
}

static void add_point(CBB *out, const struct key_case *c)
{
	const EC_GROUP *group = EC_GROUP_new_by_curve_name((int)c->size);
	uint8_t point[1 + 2 * 66];

	assert_non_null(group);
	size_t len = EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED, point,
					sizeof(point), NULL);
	assert_int_not_equal(len, 0);
	if (c->form == FORM_POINT_OFF_CURVE)
		point[len - 1] ^= 1;
	if (c->form == FORM_POINT_CUT)
		len--;
	assert_true(CBB_add_bytes(out, point, len));
}

static void add_key(CBB *out, const struct key_case *c)
{
	uint8_t *bytes;

	switch (c->form) {
	case FORM_BYTES:
		assert_true(CBB_add_space(out, &bytes, c->size));
		if (c->size > 0)
			memset(bytes, FIRST_BYTE, c->size);
		return;
	case FORM_INTEGER:
		add_integer(out, 8 * c->size, true);
		return;
	case FORM_RSA:
	case FORM_RSA_EVEN:
		add_rsa_key(out, c);
		return;
	case FORM_POINT:
	case FORM_POINT_CUT:
	case FORM_POINT_OFF_CURVE:
		add_point(out, c);
		return;
	}
}

/* SubjectPublicKeyInfo (RFC 5280 4.1); the caller frees it. */
static uint8_t *write_info(const struct key_case *c, size_t *out_len)
{
	CBB cbb, info, algorithm, key;
	uint8_t *der = NULL;

	assert_true(CBB_init(&cbb, 256) && CBB_add_asn1(&cbb, &info, CBS_ASN1_SEQUENCE) &&
		    CBB_add_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE));
	add_oid(&algorithm, c->algorithm);
	add_parameters(&algorithm, c);
	assert_true(CBB_add_asn1(&info, &key, CBS_ASN1_BITSTRING) && CBB_add_u8(&key, 0));
	add_key(&key, c);
	assert_true(CBB_finish(&cbb, &der, out_len));
	return der;
}

static void read_info(const struct key_case *c, struct public_key *out)
{
	size_t len = 0;
	uint8_t *der = write_info(c, &len);
	const uint8_t *at = der;
	X509_PUBKEY *info = d2i_X509_PUBKEY(NULL, &at, (long)len);

	assert_non_null(info);
	public_key_read(info, out);
	X509_PUBKEY_free(info);
	OPENSSL_free(der);
}

static void test_every_kind_of_key(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct key_case *c = &cases[i];
		struct public_key key;

		read_info(c, &key);
		bool as_it_should = key.type == c->type && key.bits == c->bits && key.ec_curve_nid == c->curve_nid &&
				    (key.key != NULL) == (c->bits != 0);
		ERR_clear_error();
		if (!as_it_should)
			print_error("%s: type %d, %u bits, curve %d, %susable\n", c->name, (int)key.type, key.bits,
				    key.ec_curve_nid, key.key != NULL ? "" : "not ");
		assert_true(as_it_should);
		assert_true(key.key == NULL || public_key_is_usable(key.key));
		EVP_PKEY_free(key.key);
	}
}

/* Makes a key that BoringSSL can hold, but verifies nothing with. */
static EVP_PKEY *new_dsa_key(void)
{
	EVP_PKEY *key = EVP_PKEY_new();
	DSA *dsa = DSA_new();

	assert_non_null(key);
	assert_non_null(dsa);
	assert_true(EVP_PKEY_assign_DSA(key, dsa));
	return key;
}

static EVP_PKEY *new_x25519_key(void)
{
	static const uint8_t secret[32] = {1};
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, sizeof(secret));

	assert_non_null(key);
	return key;
}

static void test_private_keys_are_judged_by_their_kind(void **state)
{
	static const enum pki_key_type usable[] = {PKI_P256, PKI_P224, PKI_RSA_2048, PKI_ED25519};
	EVP_PKEY *none = EVP_PKEY_new();
	EVP_PKEY *dsa = new_dsa_key();
	EVP_PKEY *x25519 = new_x25519_key();
	(void)state;

	for (size_t i = 0; i < sizeof(usable) / sizeof(usable[0]); i++)
		assert_true(public_key_is_usable(pki_new_key("usable", usable[i], 0)));
	assert_false(public_key_is_usable(none));
	assert_false(public_key_is_usable(dsa));
	assert_false(public_key_is_usable(x25519));
	EVP_PKEY_free(none);
	EVP_PKEY_free(dsa);
	EVP_PKEY_free(x25519);
}

/* Turns ecdsa-with-SHA1 into dsa-with-sha1, so that the signature is of the kind of a DSA key. */
static X509 *sign_by_dsa(const struct certificate *certificate)
{
	static const uint8_t ecdsa[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01};
	static const uint8_t dsa[] = {0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03};
	uint8_t *der = malloc(certificate->der.len);
	uint8_t *place;

	assert_non_null(der);
	memcpy(der, certificate->der.data, certificate->der.len);
	while ((place = memmem(der, certificate->der.len, ecdsa, sizeof(ecdsa))) != NULL)
		memcpy(place, dsa, sizeof(dsa));
	const uint8_t *at = der;
	X509 *x509 = d2i_X509(NULL, &at, (long)certificate->der.len);
	assert_non_null(x509);
	free(der);
	return x509;
}

/* BoringSSL takes this key by itself: the signature fails, and nothing else happens. */
static void test_verification_gives_a_dsa_key_up(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true, .shows_inherited_dsa = true);
	X509 *leaf = sign_by_dsa(PKI(.cn = "leaf", .issuer = root, .digest = PKI_SHA1));
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	(void)state;

	assert_non_null(store);
	assert_non_null(context);
	assert_true(X509_STORE_add_cert(store, root->x509) && X509_STORE_CTX_init(context, store, leaf, NULL));
	X509_VERIFY_PARAM_set_time_posix(X509_STORE_CTX_get0_param(context), PKI_NOW);
	assert_int_not_equal(X509_verify_cert(context), 1);
	int error = X509_STORE_CTX_get_error(context);
	assert_true(error == X509_V_ERR_CERT_SIGNATURE_FAILURE ||
		    error == X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	X509_free(leaf);
	ERR_clear_error();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_kind_of_key),
	    cmocka_unit_test(test_private_keys_are_judged_by_their_kind),
	    cmocka_unit_test(test_verification_gives_a_dsa_key_up),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
