/* PKCS#7 and PKCS#12, past what certificate_file asks before it opens them. The first byte chooses which, and whether a
 * password is known. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/stack.h>

#include "chaincache/files/certificate_container.h"

enum { IS_PKCS12 = 1, KNOWS_PASSWORD = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	STACK_OF(CRYPTO_BUFFER) *buffers = NULL;
	EVP_PKEY *key = NULL;
	struct password_turns turns;
	struct error error;

	if (size == 0)
		return 0;
	struct bytes der = bytes_of(data + 1, size - 1);
	const char *password = (data[0] & KNOWS_PASSWORD) != 0 ? "secret" : NULL;
	password_turns_init(&turns);
	if ((data[0] & IS_PKCS12) != 0)
		error = certificate_container_read_pkcs12(der, password, &turns, &key, &buffers);
	else
		error = certificate_container_read_pkcs7(der, &buffers);
	check(failed(error) == (buffers == NULL));
	check(!failed(error) || key == NULL);
	check(ERR_peek_error() == 0);
	/* A PKCS#7 structure without a certificate is refused; a PKCS#12 file may hold a key alone. */
	check(buffers == NULL || (data[0] & IS_PKCS12) != 0 || sk_CRYPTO_BUFFER_num(buffers) > 0);
	sk_CRYPTO_BUFFER_pop_free(buffers, CRYPTO_BUFFER_free);
	EVP_PKEY_free(key);
	return 0;
}
