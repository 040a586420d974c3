#include "chaincache/certificate/public_key.h"

#include <stdint.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509.h>

/* A kind of key: the object identifier of its algorithm, as the contents of its DER. */
struct algorithm {
	uint8_t oid[9];
	uint8_t oid_len;
	enum key_type type;
	bool usable; /* BoringSSL verifies with it; API version 26 does not know ML-DSA, and parses none of its keys */
};

static const struct algorithm algorithms[] = {
    {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01}, 9, KEY_TYPE_RSA, true}, /* rsaEncryption */
    {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a}, 9, KEY_TYPE_RSA_PSS, false}, /* id-RSASSA-PSS */
    {{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}, 7, KEY_TYPE_EC, true}, /* id-ecPublicKey */
    {{0x2b, 0x65, 0x70}, 3, KEY_TYPE_ED25519, true}, /* id-Ed25519 */
    {{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11}, 9, KEY_TYPE_OTHER, true}, /* id-ml-dsa-44 */
    {{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12}, 9, KEY_TYPE_OTHER, true}, /* id-ml-dsa-65 */
    {{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13}, 9, KEY_TYPE_OTHER, true}, /* id-ml-dsa-87 */
};

static const struct algorithm any_other = {.type = KEY_TYPE_OTHER};

static const struct algorithm *find_algorithm(const ASN1_OBJECT *oid)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (OBJ_length(oid) == algorithms[i].oid_len &&
		    memcmp(OBJ_get0_data(oid), algorithms[i].oid, algorithms[i].oid_len) == 0)
			return &algorithms[i];
	return &any_other;
}

static int curve_of(const EVP_PKEY *key)
{
	const EC_KEY *ec_key = EVP_PKEY_get0_EC_KEY(key);

	return ec_key != NULL ? EC_GROUP_get_curve_name(EC_KEY_get0_group(ec_key)) : NID_undef;
}

void public_key_read(X509_PUBKEY *info, struct public_key *out)
{
	ASN1_OBJECT *oid = NULL;

	*out = (struct public_key){.type = KEY_TYPE_OTHER, .ec_curve_nid = NID_undef};
	if (!X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, info))
		return;
	const struct algorithm *algorithm = find_algorithm(oid);
	if (algorithm->usable)
		out->key = X509_PUBKEY_get(info);
	if (out->key != NULL || !algorithm->usable)
		out->type = algorithm->type;
	if (out->key != NULL) {
		out->bits = (unsigned)EVP_PKEY_bits(out->key);
		out->ec_curve_nid = curve_of(out->key);
	}
}

bool public_key_is_usable(const EVP_PKEY *key)
{
	return find_algorithm(OBJ_nid2obj(EVP_PKEY_id(key)))->usable;
}
