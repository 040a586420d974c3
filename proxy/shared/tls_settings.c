#include "proxy/shared/tls_settings.h"

#include <stdlib.h>

#include <openssl/pool.h>

static void free_buffers(CRYPTO_BUFFER **buffers, size_t num_buffers)
{
	for (size_t i = 0; i < num_buffers; i++)
		CRYPTO_BUFFER_free(buffers[i]);
	free(buffers);
}

/* BoringSSL refuses such a certificate by a code alone (KEY_USAGE_BIT_INCORRECT). */
static bool only_signs(const struct certificate *leaf)
{
	return leaf->key_type == KEY_TYPE_EC;
}

struct error tls_settings_set_chain(SSL_CTX *ctx, const struct certificate_list *chain, EVP_PKEY *key)
{
	struct error error = error_none();
	CRYPTO_BUFFER **buffers = NULL;

	if (chain->count == 0)
		return error_of(ERROR_FORMAT, 0, "the chain holds no certificate");
	if (!certificate_matches_key(chain->items[0].certificate, key))
		return error_of(ERROR_MISMATCH, 0, "the key does not belong to the certificate");
	if (only_signs(chain->items[0].certificate) && !chain->items[0].certificate->may_sign_handshakes)
		return error_of(ERROR_FORMAT, 0,
				"its key usage lacks digitalSignature, and its key can do nothing but sign, so that no "
				"handshake can use it: have it issued anew with digitalSignature");
	buffers = calloc(chain->count, sizeof(*buffers));
	if (buffers == NULL)
		return error_of(ERROR_MEMORY, 0, "prepare a chain");
	for (size_t i = 0; i < chain->count; i++) {
		struct bytes der = chain->items[i].certificate->der;

		buffers[i] = CRYPTO_BUFFER_new(der.data, der.len, NULL);
		if (buffers[i] == NULL) {
			error = error_of(ERROR_MEMORY, 0, "prepare a chain");
			goto out;
		}
	}
	if (!SSL_CTX_set_chain_and_key(ctx, buffers, chain->count, key, NULL))
		error = error_crypto("use a certificate with its key");
out:
	free_buffers(buffers, chain->count);
	return error;
}

struct error tls_settings_write_alpn(const struct string_list *protocols, struct buffer *out)
{
	for (size_t i = 0; i < protocols->count; i++) {
		struct bytes name = bytes_of_string(protocols->items[i]);
		uint8_t len = (uint8_t)name.len;

		if (name.len == 0 || name.len > UINT8_MAX)
			return error_of(ERROR_FORMAT, 0, "an ALPN name has 1 to 255 bytes");
		struct error error = buffer_append(out, bytes_of(&len, 1));
		if (!failed(error))
			error = buffer_append(out, name);
		if (failed(error))
			return error;
	}
	return error_none();
}
