#include "tests/support/pki_keys.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>

#define KEYS_MAX 4096

struct key_record {
	char name[128];
	enum pki_key_type type;
	unsigned number;
	EVP_PKEY *key;
};

/* Of a test program, which is one thread. */
static struct {
	struct key_record keys[KEYS_MAX];
	size_t num_keys;
} cache;

void pki_must(bool ok, const char *what)
{
	if (ok)
		return;
	uint32_t code = ERR_get_error();
	fprintf(stderr, "pki: could not %s: %s\n", what, code != 0 ? ERR_reason_error_string(code) : "no reason given");
	abort();
}

static bool is_rsa(enum pki_key_type type)
{
	return type == PKI_RSA_1024 || type == PKI_RSA_2048 || type == PKI_RSA_3072;
}

static EVP_PKEY *generate_rsa(int bits)
{
	RSA *rsa = RSA_new();
	BIGNUM *e = BN_new();
	EVP_PKEY *key = EVP_PKEY_new();

	pki_must(rsa && e && key && BN_set_word(e, RSA_F4) && RSA_generate_key_ex(rsa, bits, e, NULL) &&
		     EVP_PKEY_assign_RSA(key, rsa),
		 "make an RSA key");
	BN_free(e);
	return key;
}

static EVP_PKEY *generate_ec(int nid)
{
	EC_KEY *ec_key = EC_KEY_new_by_curve_name(nid);
	EVP_PKEY *key = EVP_PKEY_new();

	pki_must(ec_key && key && EC_KEY_generate_key(ec_key) && EVP_PKEY_assign_EC_KEY(key, ec_key), "make an EC key");
	return key;
}

static EVP_PKEY *generate_ed25519(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, NULL);
	EVP_PKEY *key = NULL;

	pki_must(context && EVP_PKEY_keygen_init(context) && EVP_PKEY_keygen(context, &key), "make an Ed25519 key");
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *generate(enum pki_key_type type)
{
	switch (type) {
	case PKI_P224:
		return generate_ec(NID_secp224r1);
	case PKI_P256:
		return generate_ec(NID_X9_62_prime256v1);
	case PKI_P384:
		return generate_ec(NID_secp384r1);
	case PKI_P521:
		return generate_ec(NID_secp521r1);
	case PKI_RSA_1024:
		return generate_rsa(1024);
	case PKI_RSA_2048:
		return generate_rsa(2048);
	case PKI_RSA_3072:
		return generate_rsa(3072);
	case PKI_ED25519:
		return generate_ed25519();
	}
	abort();
}

EVP_PKEY *pki_new_key(const char *name, enum pki_key_type type, unsigned number)
{
	struct key_record wanted = {.type = type, .number = number};

	snprintf(wanted.name, sizeof(wanted.name), "%s", is_rsa(type) ? "" : name);
	for (size_t i = 0; i < cache.num_keys; i++) {
		struct key_record *known = &cache.keys[i];
		if (known->type == type && known->number == number && strcmp(known->name, wanted.name) == 0)
			return known->key;
	}
	pki_must(cache.num_keys < KEYS_MAX, "remember so many keys");
	wanted.key = generate(type);
	cache.keys[cache.num_keys++] = wanted;
	return wanted.key;
}

void pki_free_keys(void)
{
	for (size_t i = 0; i < cache.num_keys; i++)
		EVP_PKEY_free(cache.keys[i].key);
	cache.num_keys = 0;
}
