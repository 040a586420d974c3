#include "chaincache/files/private_key.h"

#include <strings.h>

#include <openssl/bytestring.h>
#include <openssl/cipher.h>
#include <openssl/digest.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pkcs8.h>
#include <openssl/rsa.h>

#include "chaincache/files/ber_work.h"
#include "chaincache/files/der_kind.h"
#include "chaincache/files/password_cipher.h"
#include "chaincache/files/password_turns.h"

/* One kind of key, with the function that reads it; *out stays NULL when it does not parse. */
struct key_form {
	enum der_kind kind;
	void (*parse)(CBS *cbs, EVP_PKEY **out);
};

static void parse_pkcs8(CBS *cbs, EVP_PKEY **out)
{
	*out = EVP_parse_private_key(cbs);
}

static void parse_rsa(CBS *cbs, EVP_PKEY **out)
{
	RSA *rsa = RSA_parse_private_key(cbs);
	EVP_PKEY *key = EVP_PKEY_new();

	if (rsa != NULL && key != NULL && EVP_PKEY_set1_RSA(key, rsa)) {
		*out = key;
		key = NULL;
	}
	EVP_PKEY_free(key);
	RSA_free(rsa);
}

static void parse_ec(CBS *cbs, EVP_PKEY **out)
{
	EC_KEY *ec_key = EC_KEY_parse_private_key(cbs, NULL);
	EVP_PKEY *key = EVP_PKEY_new();

	if (ec_key != NULL && key != NULL && EVP_PKEY_set1_EC_KEY(key, ec_key)) {
		*out = key;
		key = NULL;
	}
	EVP_PKEY_free(key);
	EC_KEY_free(ec_key);
}

static const struct key_form forms[] = {
    {DER_KIND_PRIVATE_KEY, parse_pkcs8},
    {DER_KIND_RSA_KEY, parse_rsa},
    {DER_KIND_EC_KEY, parse_ec},
};

static struct error parse_plain(enum der_kind kind, struct bytes der, EVP_PKEY **out)
{
	CBS cbs;

	ERR_clear_error();
	CBS_init(&cbs, der.data, der.len);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].kind == kind)
			forms[i].parse(&cbs, out);
	if (*out == NULL && ERR_GET_REASON(ERR_peek_error()) == EVP_R_UNSUPPORTED_ALGORITHM &&
	    ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_EVP) {
		ERR_clear_error();
		return error_of(ERROR_FORMAT, 0, PRIVATE_KEY_UNSUPPORTED);
	}
	if (*out == NULL)
		return error_crypto("the private key does not parse");
	ERR_clear_error();
	if (CBS_len(&cbs) == 0)
		return error_none();
	EVP_PKEY_free(*out);
	*out = NULL;
	return error_of(ERROR_FORMAT, 0, "bytes follow the private key");
}

/* Says whether BoringSSL's oldest error is an encryption that it does not support: no password would help. */
static bool encryption_is_unsupported(void)
{
	static const int reasons[] = {
	    PKCS8_R_UNKNOWN_ALGORITHM,     PKCS8_R_UNKNOWN_CIPHER,      PKCS8_R_UNKNOWN_CIPHER_ALGORITHM,
	    PKCS8_R_UNKNOWN_DIGEST,        PKCS8_R_UNKNOWN_HASH,        PKCS8_R_UNSUPPORTED_CIPHER,
	    PKCS8_R_UNSUPPORTED_KEYLENGTH, PKCS8_R_UNSUPPORTED_PRF,     PKCS8_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION,
	    PKCS8_R_UNSUPPORTED_SALT_TYPE, PKCS8_R_BAD_ITERATION_COUNT, PKCS8_R_UNSUPPORTED_OPTIONS,
	    PKCS8_R_DECODE_ERROR, /* GnuTLS leaves out a NULL that BoringSSL insists on */
	};
	uint32_t code = ERR_peek_error();

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (ERR_GET_LIB(code) == ERR_LIB_PKCS8 && ERR_GET_REASON(code) == reasons[i])
			return true;
	return false;
}

struct error private_key_turns(struct bytes der, uint64_t *out_turns)
{
	struct ber_work work = {0};
	struct error error = error_none();

	if (der_kind_judge(der) == DER_KIND_ENCRYPTED_KEY)
		error = ber_work_measure(der, &work);
	*out_turns = work.turns;
	return error;
}

static const char wrong_password[] = "the password does not open the private key";

static struct error unsupported_encryption(void)
{
	return error_crypto("the private key is damaged, or encrypted in a way that is not supported (write it anew "
			    "with `openssl pkcs8 -topk8`)");
}

/* Opens what BoringSSL does not: PBKDF2 with SHA-384 or SHA-512, or without the NULL that GnuTLS leaves out. */
static struct error parse_by_password_cipher(struct bytes der, const char *password, EVP_PKEY **out)
{
	struct password_turns turns;
	CBS in, info, algorithm, cipher_text;
	uint8_t *plain;
	size_t len;

	CBS_init(&in, der.data, der.len);
	if (!CBS_get_asn1(&in, &info, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&info, &cipher_text, CBS_ASN1_OCTETSTRING) || !password_cipher_is_known(algorithm))
		return unsupported_encryption();
	password_turns_init(&turns); /* ber_work_measure has counted them */
	struct error error = password_cipher_open(algorithm, cipher_text, password, &turns, &plain, &len);
	if (failed(error))
		return error.kind == ERROR_CRYPTO ? error_of(ERROR_MISMATCH, 0, wrong_password) : error;
	CBS_init(&in, plain, len);
	*out = EVP_parse_private_key(&in);
	bool is_memory = error_crypto_is_memory();
	OPENSSL_free(plain);
	if (*out != NULL)
		return error_none();
	return is_memory ? error_of(ERROR_MEMORY, 0, "decrypt a private key")
			 : error_of(ERROR_MISMATCH, 0, wrong_password);
}

static struct error parse_encrypted(struct bytes der, const char *password, EVP_PKEY **out)
{
	struct ber_work work;
	CBS cbs;

	if (password == NULL)
		return error_of(ERROR_MISMATCH, 0, "the private key is encrypted, and no password is known");
	struct error error = ber_work_measure(der, &work);
	if (failed(error))
		return error;
	if (work.turns > PASSWORD_MAX_TURNS)
		return error_of(ERROR_LIMIT, 0,
				"the private key asks for more than 10 million turns of its password's hash");
	ERR_clear_error();
	CBS_init(&cbs, der.data, der.len);
	*out = PKCS8_parse_encrypted_private_key(&cbs, password, strlen(password));
	if (*out != NULL) {
		ERR_clear_error();
		return error_none();
	}
	if (error_crypto_begins_with_memory())
		return unsupported_encryption();
	bool is_unsupported = encryption_is_unsupported();
	ERR_clear_error();
	return is_unsupported ? parse_by_password_cipher(der, password, out)
			      : error_of(ERROR_MISMATCH, 0, wrong_password);
}

struct error private_key_parse_der(struct bytes der, const char *password, EVP_PKEY **out)
{
	enum der_kind kind = der_kind_judge(der);

	*out = NULL;
	if (kind == DER_KIND_ENCRYPTED_KEY)
		return parse_encrypted(der, password, out);
	return parse_plain(kind, der, out);
}

/* PEM's own encryption */

struct pem_cipher {
	const char *name;
	const EVP_CIPHER *(*get)(void);
};

static const struct pem_cipher pem_ciphers[] = {
    {"AES-128-CBC", EVP_aes_128_cbc},   {"AES-192-CBC", EVP_aes_192_cbc}, {"AES-256-CBC", EVP_aes_256_cbc},
    {"DES-EDE3-CBC", EVP_des_ede3_cbc}, {"DES-CBC", EVP_des_cbc},
};

/* Finds the value of the header `name`, up to the end of its line. */
static bool find_header(struct bytes headers, const char *name, struct bytes *out)
{
	size_t name_len = strlen(name);

	for (size_t at = 0; at + name_len < headers.len; at++) {
		if (strncasecmp((const char *)headers.data + at, name, name_len) != 0 ||
		    headers.data[at + name_len] != ':')
			continue;
		size_t first = at + name_len + 1;
		while (first < headers.len && headers.data[first] == ' ')
			first++;
		size_t last = first;
		while (last < headers.len && headers.data[last] != '\n' && headers.data[last] != '\r')
			last++;
		*out = bytes_of(headers.data + first, last - first);
		return true;
	}
	return false;
}

static int hex_digit(uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = memchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c, sizeof(digits) - 1);

	return found != NULL ? (int)(found - digits) : -1;
}

/* DEK-Info is "CIPHER,IV in hex". */
static struct error read_dek_info(struct bytes info, const EVP_CIPHER **out_cipher, uint8_t iv[EVP_MAX_IV_LENGTH])
{
	*out_cipher = NULL;
	for (size_t i = 0; i < sizeof(pem_ciphers) / sizeof(pem_ciphers[0]) && *out_cipher == NULL; i++) {
		size_t len = strlen(pem_ciphers[i].name);
		if (info.len > len && info.data[len] == ',' &&
		    strncasecmp((const char *)info.data, pem_ciphers[i].name, len) == 0) {
			*out_cipher = pem_ciphers[i].get();
			info = bytes_of(info.data + len + 1, info.len - len - 1);
		}
	}
	if (*out_cipher == NULL)
		return error_of(ERROR_FORMAT, 0, "the private key is encrypted by a cipher that is not supported");

	size_t iv_len = EVP_CIPHER_iv_length(*out_cipher);
	if (info.len < 2 * iv_len)
		return error_of(ERROR_FORMAT, 0, "the private key's DEK-Info line is broken");
	for (size_t i = 0; i < iv_len; i++) {
		int high = hex_digit(info.data[2 * i]);
		int low = hex_digit(info.data[2 * i + 1]);
		if (high < 0 || low < 0)
			return error_of(ERROR_FORMAT, 0, "the private key's DEK-Info line is broken");
		iv[i] = (uint8_t)(high << 4 | low);
	}
	return error_none();
}

/* `plain` has room for the ciphertext and one block more. */
static struct error decrypt(const EVP_CIPHER *cipher, const uint8_t *iv, const char *password, struct bytes der,
			    uint8_t *plain, size_t *out_len)
{
	uint8_t key[EVP_MAX_KEY_LENGTH];
	int first = 0;
	int last = 0;
	ERR_clear_error();
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	bool ok =
	    context != NULL &&
	    EVP_BytesToKey(cipher, EVP_md5(), iv, (const uint8_t *)password, strlen(password), 1, key, NULL) > 0 &&
	    EVP_DecryptInit_ex(context, cipher, NULL, key, iv) &&
	    EVP_DecryptUpdate(context, plain, &first, der.data, (int)der.len) &&
	    EVP_DecryptFinal_ex(context, plain + first, &last);
	*out_len = (size_t)first + (size_t)last;
	EVP_CIPHER_CTX_free(context);
	OPENSSL_cleanse(key, sizeof(key));
	if (ok)
		return error_none();
	return error_crypto_is_memory() ? error_of(ERROR_MEMORY, 0, "decrypt a private key")
					: error_of(ERROR_MISMATCH, 0, wrong_password);
}

struct error private_key_parse_pem(struct bytes headers, struct bytes der, const char *password, EVP_PKEY **out)
{
	struct bytes info;
	const EVP_CIPHER *cipher;
	uint8_t iv[EVP_MAX_IV_LENGTH];
	size_t len;

	*out = NULL;
	if (!find_header(headers, "DEK-Info", &info))
		return private_key_parse_der(der, password, out);
	if (password == NULL)
		return error_of(ERROR_MISMATCH, 0, "the private key is encrypted, and no password is known");
	struct error error = read_dek_info(info, &cipher, iv);
	if (failed(error))
		return error;

	uint8_t *plain = OPENSSL_malloc(der.len + EVP_MAX_BLOCK_LENGTH);
	if (plain == NULL)
		return error_of(ERROR_MEMORY, 0, "decrypt a private key");
	/* A wrong password may decrypt to rubbish that is well padded by chance and does not parse. */
	error = decrypt(cipher, iv, password, der, plain, &len);
	if (!failed(error))
		error = private_key_parse_der(bytes_of(plain, len), NULL, out);
	if (failed(error) && error.kind != ERROR_MEMORY)
		error = error_of(ERROR_MISMATCH, 0, wrong_password);
	OPENSSL_free(plain);
	return error;
}
