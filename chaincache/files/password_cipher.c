#include "chaincache/files/password_cipher.h"

#include <limits.h>
#include <string.h>

#include <openssl/cipher.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>

#include "chaincache/files/pkcs12_hash.h"

#define MAX_OID_BYTES 10

struct known_oid {
	uint8_t bytes[MAX_OID_BYTES];
	size_t len;
};

struct known_cipher {
	struct known_oid oid;
	const EVP_CIPHER *(*cipher)(void);
};

struct known_hash {
	struct known_oid oid;
	const EVP_MD *(*md)(void);
};

#define PBES1_PREFIX 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01

/* RFC 7292 appendix C; the key is made with SHA-1. */
static const struct known_cipher pbes1_ciphers[] = {
    {{{PBES1_PREFIX, 0x01}, 10}, EVP_rc4},
    {{{PBES1_PREFIX, 0x03}, 10}, EVP_des_ede3_cbc},
    {{{PBES1_PREFIX, 0x06}, 10}, EVP_rc2_40_cbc},
};

/* RFC 8018 appendices A.2, A.4, B.1 and B.2. */
static const struct known_oid pbes2_oid = {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d}, 9};
static const struct known_oid pbkdf2_oid = {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c}, 9};

static const struct known_cipher pbes2_ciphers[] = {
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x02}, 8}, EVP_rc2_cbc},
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07}, 8}, EVP_des_ede3_cbc},
    {{{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x02}, 9}, EVP_aes_128_cbc},
    {{{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x16}, 9}, EVP_aes_192_cbc},
    {{{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a}, 9}, EVP_aes_256_cbc},
};

static const struct known_hash pbkdf2_hashes[] = {
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x07}, 8}, EVP_sha1},
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09}, 8}, EVP_sha256},
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x0a}, 8}, EVP_sha384},
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x0b}, 8}, EVP_sha512},
};

static bool is(const CBS *oid, const struct known_oid *known)
{
	return CBS_mem_equal(oid, known->bytes, known->len);
}

static const EVP_CIPHER *find_cipher(const struct known_cipher *ciphers, size_t count, const CBS *oid)
{
	for (size_t i = 0; i < count; i++)
		if (is(oid, &ciphers[i].oid))
			return ciphers[i].cipher();
	return NULL;
}

static const EVP_MD *find_hash(const CBS *oid)
{
	for (size_t i = 0; i < sizeof(pbkdf2_hashes) / sizeof(pbkdf2_hashes[0]); i++)
		if (is(oid, &pbkdf2_hashes[i].oid))
			return pbkdf2_hashes[i].md();
	return NULL;
}

/* The parameters of an AlgorithmIdentifier, and what they choose. */
struct scheme {
	const EVP_CIPHER *cipher;
	const EVP_MD *md;
	bool is_pbes2;
	CBS salt;
	uint64_t num_turns;
	CBS iv; /* of PBES2 */
};

/* SEQUENCE { OCTET STRING salt, INTEGER turns } */
static bool read_pbes1(CBS *algorithm, struct scheme *out)
{
	CBS parameters;

	out->md = EVP_sha1();
	return CBS_get_asn1(algorithm, &parameters, CBS_ASN1_SEQUENCE) && CBS_len(algorithm) == 0 &&
	       CBS_get_asn1(&parameters, &out->salt, CBS_ASN1_OCTETSTRING) &&
	       CBS_get_asn1_uint64(&parameters, &out->num_turns) && CBS_len(&parameters) == 0;
}

/* The parameters are NULL (RFC 8018 B.1.2), which GnuTLS leaves out. */
static const EVP_MD *read_hash(CBS *algorithm)
{
	CBS oid, null;

	if (!CBS_get_asn1(algorithm, &oid, CBS_ASN1_OBJECT))
		return NULL;
	if (CBS_len(algorithm) > 0 &&
	    (!CBS_get_asn1(algorithm, &null, CBS_ASN1_NULL) || CBS_len(&null) != 0 || CBS_len(algorithm) != 0))
		return NULL;
	return find_hash(&oid);
}

/* INTEGER key length OPTIONAL, AlgorithmIdentifier of the hash DEFAULT hmacWithSHA1 */
static bool read_pbkdf2_rest(CBS *parameters, struct scheme *out)
{
	uint64_t key_len;
	CBS hash;

	if (CBS_peek_asn1_tag(parameters, CBS_ASN1_INTEGER) &&
	    (!CBS_get_asn1_uint64(parameters, &key_len) || key_len != EVP_CIPHER_key_length(out->cipher)))
		return false;
	out->md = EVP_sha1();
	if (CBS_len(parameters) == 0)
		return true;
	if (!CBS_get_asn1(parameters, &hash, CBS_ASN1_SEQUENCE) || CBS_len(parameters) != 0)
		return false;
	out->md = read_hash(&hash);
	return out->md != NULL;
}

/* SEQUENCE { SEQUENCE { OID PBKDF2, SEQUENCE { OCTET STRING salt, INTEGER turns, ... } }, SEQUENCE { OID, OCTET STRING IV } } */
static bool read_pbes2(CBS *algorithm, struct scheme *out)
{
	CBS both, function, function_oid, parameters, cipher, cipher_oid;

	if (!CBS_get_asn1(algorithm, &both, CBS_ASN1_SEQUENCE) || CBS_len(algorithm) != 0 ||
	    !CBS_get_asn1(&both, &function, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&both, &cipher, CBS_ASN1_SEQUENCE) ||
	    CBS_len(&both) != 0 || !CBS_get_asn1(&function, &function_oid, CBS_ASN1_OBJECT) ||
	    !is(&function_oid, &pbkdf2_oid) || !CBS_get_asn1(&cipher, &cipher_oid, CBS_ASN1_OBJECT))
		return false;
	out->is_pbes2 = true;
	out->cipher = find_cipher(pbes2_ciphers, sizeof(pbes2_ciphers) / sizeof(pbes2_ciphers[0]), &cipher_oid);
	return out->cipher != NULL && CBS_get_asn1(&cipher, &out->iv, CBS_ASN1_OCTETSTRING) && CBS_len(&cipher) == 0 &&
	       CBS_len(&out->iv) == EVP_CIPHER_iv_length(out->cipher) &&
	       CBS_get_asn1(&function, &parameters, CBS_ASN1_SEQUENCE) && CBS_len(&function) == 0 &&
	       CBS_get_asn1(&parameters, &out->salt, CBS_ASN1_OCTETSTRING) &&
	       CBS_get_asn1_uint64(&parameters, &out->num_turns) && read_pbkdf2_rest(&parameters, out);
}

static bool read_scheme(CBS algorithm, struct scheme *out)
{
	CBS oid;

	*out = (struct scheme){0};
	if (!CBS_get_asn1(&algorithm, &oid, CBS_ASN1_OBJECT))
		return false;
	if (is(&oid, &pbes2_oid))
		return read_pbes2(&algorithm, out) && out->num_turns > 0;
	out->cipher = find_cipher(pbes1_ciphers, sizeof(pbes1_ciphers) / sizeof(pbes1_ciphers[0]), &oid);
	return out->cipher != NULL && read_pbes1(&algorithm, out) && out->num_turns > 0;
}

bool password_cipher_is_known(CBS algorithm)
{
	struct scheme scheme;

	return read_scheme(algorithm, &scheme);
}

struct cipher_keys {
	uint8_t key[EVP_MAX_KEY_LENGTH];
	uint8_t iv[EVP_MAX_IV_LENGTH];
};

/* The turns were spent, so that their number is small. */
static struct error make_keys(const struct scheme *scheme, const char *password, struct cipher_keys *out)
{
	uint32_t num_turns = (uint32_t)scheme->num_turns;
	struct pkcs12_hash hash = {scheme->md, password, scheme->salt, num_turns};
	size_t key_len = EVP_CIPHER_key_length(scheme->cipher), iv_len = EVP_CIPHER_iv_length(scheme->cipher);

	if (!scheme->is_pbes2) {
		struct error error = pkcs12_hash_make(&hash, PKCS12_KEY, out->key, key_len);
		return failed(error) ? error : pkcs12_hash_make(&hash, PKCS12_IV, out->iv, iv_len);
	}
	memcpy(out->iv, CBS_data(&scheme->iv), iv_len);
	if (!PKCS5_PBKDF2_HMAC(password, password != NULL ? strlen(password) : 0, CBS_data(&scheme->salt),
			       CBS_len(&scheme->salt), num_turns, scheme->md, key_len, out->key))
		return error_crypto("hash a password");
	return error_none();
}

static struct error decrypt(const struct scheme *scheme, const struct cipher_keys *keys, CBS cipher_text, uint8_t *out,
			    size_t *out_len)
{
	EVP_CIPHER_CTX context;
	int len = 0, rest = 0;

	ERR_clear_error();
	EVP_CIPHER_CTX_init(&context);
	bool holds = EVP_DecryptInit_ex(&context, scheme->cipher, NULL, keys->key, keys->iv) &&
		     EVP_DecryptUpdate(&context, out, &len, CBS_data(&cipher_text), (int)CBS_len(&cipher_text)) &&
		     EVP_DecryptFinal_ex(&context, out + len, &rest);
	EVP_CIPHER_CTX_cleanup(&context);
	*out_len = (size_t)(len + rest);
	if (holds)
		return error_none();
	return error_crypto_is_memory() ? error_of(ERROR_MEMORY, 0, "decrypt a PKCS#12 file")
					: error_of(ERROR_CRYPTO, 0, PASSWORD_CIPHER_UNSUPPORTED);
}

struct error password_cipher_open(CBS algorithm, CBS cipher_text, const char *password, struct password_turns *turns,
				  uint8_t **out, size_t *out_len)
{
	struct cipher_keys keys = {0};
	struct scheme scheme;

	*out = NULL;
	if (!read_scheme(algorithm, &scheme) || CBS_len(&cipher_text) > INT_MAX)
		return error_of(ERROR_CRYPTO, 0, PASSWORD_CIPHER_UNSUPPORTED);
	struct error error = password_turns_spend(turns, scheme.num_turns, PKCS12_TOO_MANY_TURNS);
	if (failed(error))
		return error;
	*out = OPENSSL_malloc(CBS_len(&cipher_text) + EVP_MAX_BLOCK_LENGTH);
	error =
	    *out != NULL ? make_keys(&scheme, password, &keys) : error_of(ERROR_MEMORY, 0, "decrypt a PKCS#12 file");
	if (!failed(error))
		error = decrypt(&scheme, &keys, cipher_text, *out, out_len);
	OPENSSL_cleanse(&keys, sizeof(keys));
	if (failed(error)) {
		OPENSSL_free(*out);
		*out = NULL;
	}
	return error;
}
