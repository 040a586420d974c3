/* A private key in DER, and as what a PEM block holds behind its headers (two bytes of length in front of them). */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "chaincache/files/private_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct error error, EVP_PKEY *key)
{
	if (failed(error) != (key == NULL) || ERR_peek_error() != 0)
		abort();
	EVP_PKEY_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	EVP_PKEY *key = NULL;
	size_t len = size >= 2 ? (size_t)data[0] << 8 | data[1] : 0;

	if (size < 2 || len > size - 2)
		return 0;
	struct bytes headers = bytes_of(data + 2, len), der = bytes_of(data + 2 + len, size - 2 - len);
	struct error error = private_key_parse_der(der, NULL, &key);
	check(error, key);
	error = private_key_parse_der(der, "secret", &key);
	check(error, key);
	error = private_key_parse_pem(headers, der, "secret", &key);
	check(error, key);
	return 0;
}
