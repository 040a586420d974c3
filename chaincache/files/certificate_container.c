#include "chaincache/files/certificate_container.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/stack.h>

#include "chaincache/files/ber_work.h"
#include "chaincache/files/der_kind.h"
#include "chaincache/files/pkcs12_hash.h"
#include "chaincache/files/pkcs12_parts.h"

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

/* Without a password the MAC is tried with both forms of it, the empty string and none. */
static uint64_t num_tries(const char *password)
{
	return password == NULL || password[0] == '\0' ? 2 : 1;
}

/* Refuses, before any of it is done, more work than a file may ask for by what is not encrypted in it. */
static struct error check_pkcs12_work(struct bytes der, const char *password, const struct password_turns *turns)
{
	struct ber_work work;

	if (der.len > CERTIFICATE_CONTAINER_MAX_BYTES)
		return error_of(ERROR_LIMIT, 0, "a PKCS#12 file is larger than 4 MiB");
	struct error error = ber_work_measure(der, &work);
	if (failed(error))
		return error;
	if (work.nesting > BER_MAX_NESTING)
		return error_of(ERROR_LIMIT, 0, "a PKCS#12 file is nested more than 64 deep");
	if (work.turns > turns->left / num_tries(password))
		return error_of(ERROR_LIMIT, 0, PKCS12_TOO_MANY_TURNS);
	if (has_trailing_bytes(der))
		return error_of(ERROR_FORMAT, 0, "bytes follow the PKCS#12 structure");
	return error_none();
}

struct error certificate_container_read_pkcs12(struct bytes der, const char *password, struct password_turns *turns,
					       EVP_PKEY **out_key, STACK_OF(CRYPTO_BUFFER) * *out)
{
	struct pkcs12_parts parts;

	*out_key = NULL;
	*out = NULL;
	struct error error = check_pkcs12_work(der, password, turns);
	if (!failed(error))
		error = pkcs12_parts_open(der, password, turns, &parts);
	ERR_clear_error();
	if (failed(error))
		return error;
	*out_key = parts.key;
	*out = parts.certificates;
	return error_none();
}
