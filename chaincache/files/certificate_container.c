#include "chaincache/files/certificate_container.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pkcs7.h>
#include <openssl/pkcs8.h>
#include <openssl/stack.h>
#include <openssl/x509.h>

#include "chaincache/files/ber_work.h"
#include "chaincache/files/der_kind.h"
#include "chaincache/files/pkcs12_parts.h"
#include "chaincache/files/private_key.h"

static bool has_trailing_bytes(struct bytes der)
{
	size_t len = der_whole_length(der);

	return len != 0 && len < der.len;
}

static struct error open_pkcs7(struct bytes der, STACK_OF(CRYPTO_BUFFER) * out)
{
	CBS cbs;

	if (has_trailing_bytes(der))
		return error_of(ERROR_FORMAT, 0, "bytes follow the PKCS#7 structure");
	CBS_init(&cbs, der.data, der.len);
	if (!PKCS7_get_raw_certificates(out, &cbs, NULL))
		return error_crypto("the PKCS#7 structure does not parse");
	if (sk_CRYPTO_BUFFER_num(out) == 0)
		return error_of(ERROR_FORMAT, 0, "the PKCS#7 structure holds no certificate");
	return error_none();
}

struct error certificate_container_read_pkcs7(struct bytes der, STACK_OF(CRYPTO_BUFFER) * *out)
{
	struct ber_work work;

	*out = NULL;
	if (der.len > CERTIFICATE_CONTAINER_MAX_BYTES)
		return error_of(ERROR_LIMIT, 0, "a PKCS#7 structure is larger than 4 MiB");
	struct error error = ber_work_measure(der, &work);
	if (failed(error))
		return error;
	if (work.nesting > BER_MAX_NESTING)
		return error_of(ERROR_LIMIT, 0, "a PKCS#7 structure is nested more than 64 deep");
	STACK_OF(CRYPTO_BUFFER) *stack = sk_CRYPTO_BUFFER_new_null();
	if (stack == NULL)
		return error_of(ERROR_MEMORY, 0, "open a PKCS#7 structure");

	error = open_pkcs7(der, stack);
	ERR_clear_error();
	if (failed(error)) {
		sk_CRYPTO_BUFFER_pop_free(stack, CRYPTO_BUFFER_free);
		return error;
	}
	*out = stack;
	return error_none();
}

struct pkcs12_failure {
	int reason; /* PKCS8_R_* */
	const char *words;
};

static const struct pkcs12_failure pkcs12_failures[] = {
    {PKCS8_R_MULTIPLE_PRIVATE_KEYS_IN_PKCS12,
     "the PKCS#12 file holds more than one private key: export one of them alone"},
    {PKCS8_R_PKCS12_PUBLIC_KEY_INTEGRITY_NOT_SUPPORTED,
     "the PKCS#12 file is protected by a signature, and not by a password: export it again with a password"},
    {PKCS8_R_BAD_PKCS12_VERSION, "the PKCS#12 file is of a version that nobody writes any more: export it again"},
};

/* Explains a file without MAC: no password can be checked. */
static struct error missing_mac(struct bytes der)
{
	struct pkcs12_parts parts;
	struct error error = pkcs12_parts_read(der, &parts);

	if (error.kind == ERROR_MEMORY)
		return error;
	bool is_encrypted = !failed(error) && parts.has_encrypted;
	if (!failed(error))
		pkcs12_parts_cleanup(&parts);
	return error_of(ERROR_FORMAT, 0,
			is_encrypted
			    ? "the PKCS#12 file is encrypted and has no MAC, so that nothing tells whether its "
			      "password is right, or whether it was changed: export it again with a MAC"
			    : "the PKCS#12 file has no MAC, so that nothing protects it: export it again with a "
			      "password");
}

/* Puts BoringSSL's oldest error into words, and empties the queue. */
static struct error pkcs12_error(struct bytes der, const char *password)
{
	if (error_crypto_begins_with_memory())
		return error_crypto("open a PKCS#12 file");
	uint32_t code = ERR_peek_error();
	int reason = ERR_GET_LIB(code) == ERR_LIB_PKCS8 ? ERR_GET_REASON(code) : 0;

	if (reason == PKCS8_R_INCORRECT_PASSWORD || reason == PKCS8_R_INVALID_CHARACTERS) {
		ERR_clear_error();
		return error_of(ERROR_MISMATCH, 0,
				password == NULL ? "the PKCS#12 file has a password, and none is known"
						 : "the password does not open the PKCS#12 file");
	}
	if (reason == PKCS8_R_MISSING_MAC) {
		ERR_clear_error();
		return missing_mac(der);
	}
	for (size_t i = 0; i < sizeof(pkcs12_failures) / sizeof(pkcs12_failures[0]); i++) {
		if (pkcs12_failures[i].reason == reason) {
			ERR_clear_error();
			return error_of(ERROR_FORMAT, 0, pkcs12_failures[i].words);
		}
	}
	if (private_key_encryption_is_unsupported())
		return error_crypto("the PKCS#12 file is damaged, or encrypted in a way that is not supported (turn it "
				    "into PEM with `openssl pkcs12`)");
	return error_crypto("the PKCS#12 file does not open");
}

static bool push_copy(STACK_OF(CRYPTO_BUFFER) * out, X509 *x509)
{
	uint8_t *der = NULL;
	int len = i2d_X509(x509, &der);
	CRYPTO_BUFFER *buffer = len > 0 ? CRYPTO_BUFFER_new(der, (size_t)len, NULL) : NULL;
	bool pushed = buffer != NULL && sk_CRYPTO_BUFFER_push(out, buffer) > 0;

	if (!pushed)
		CRYPTO_BUFFER_free(buffer);
	OPENSSL_free(der);
	return pushed;
}

static struct error open_pkcs12(struct bytes der, const char *password, EVP_PKEY **out_key,
				STACK_OF(X509) * certificates, STACK_OF(CRYPTO_BUFFER) * out)
{
	CBS cbs;

	if (has_trailing_bytes(der))
		return error_of(ERROR_FORMAT, 0, "bytes follow the PKCS#12 structure");
	ERR_clear_error();
	CBS_init(&cbs, der.data, der.len);
	if (!PKCS12_get_key_and_certs(out_key, certificates, &cbs, password))
		return pkcs12_error(der, password);
	for (size_t i = 0; i < sk_X509_num(certificates); i++)
		if (!push_copy(out, sk_X509_value(certificates, i)))
			return error_of(ERROR_MEMORY, 0, "copy a certificate");
	return error_none();
}

/* Counts the passwords that BoringSSL tries: without one, the empty string and none. */
static uint64_t num_tries(const char *password)
{
	return password == NULL || password[0] == '\0' ? 2 : 1;
}

/* Refuses a file that BoringSSL would work on for long. */
static struct error check_pkcs12_work(struct bytes der, const char *password)
{
	struct ber_work work;

	if (der.len > CERTIFICATE_CONTAINER_MAX_BYTES)
		return error_of(ERROR_LIMIT, 0, "a PKCS#12 file is larger than 4 MiB");
	struct error error = ber_work_measure(der, &work);
	if (failed(error))
		return error;
	if (work.nesting > BER_MAX_NESTING)
		return error_of(ERROR_LIMIT, 0, "a PKCS#12 file is nested more than 64 deep");
	if (work.turns > PRIVATE_KEY_MAX_ITERATIONS / num_tries(password))
		return error_of(ERROR_LIMIT, 0,
				"the PKCS#12 file asks for more than 10 million turns of its password's hash");
	return error_none();
}

struct error certificate_container_read_pkcs12(struct bytes der, const char *password, EVP_PKEY **out_key,
					       STACK_OF(CRYPTO_BUFFER) * *out)
{
	*out_key = NULL;
	*out = NULL;
	struct error error = check_pkcs12_work(der, password);
	if (failed(error))
		return error;

	STACK_OF(X509) *certificates = sk_X509_new_null();
	STACK_OF(CRYPTO_BUFFER) *stack = sk_CRYPTO_BUFFER_new_null();
	error = error_of(ERROR_MEMORY, 0, "open a PKCS#12 file");
	if (certificates != NULL && stack != NULL)
		error = open_pkcs12(der, password, out_key, certificates, stack);
	sk_X509_pop_free(certificates, X509_free);
	ERR_clear_error();
	if (failed(error)) {
		EVP_PKEY_free(*out_key);
		*out_key = NULL;
		sk_CRYPTO_BUFFER_pop_free(stack, CRYPTO_BUFFER_free);
		return error;
	}
	*out = stack;
	return error_none();
}
