#include "proxy/shared/backend_tls.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pool.h>
#include <openssl/sha.h>
#include <openssl/stack.h>

#include "chaincache/files/certificate_file.h"
#include "chaincache/files/leaf_choice.h"
#include "proxy/shared/tls_settings.h"
#include "proxy/wire/chain_capture.h"
#include "proxy/wire/tls_client.h"

static enum ssl_verify_result_t on_verify(SSL *ssl, uint8_t *out_alert)
{
	struct backend_handshake *handshake = SSL_get_app_data(ssl);

	switch (handshake->verdict) {
	case BACKEND_TRUSTED:
		return ssl_verify_ok;
	case BACKEND_NOT_TRUSTED:
		*out_alert = SSL_AD_BAD_CERTIFICATE;
		return ssl_verify_invalid;
	case BACKEND_VERDICT_UNASKED:
		if (handshake->is_known(handshake, ssl)) {
			handshake->verdict = BACKEND_TRUSTED;
			return ssl_verify_ok;
		}
		handshake->verdict = BACKEND_VERDICT_ASKED;
		return ssl_verify_retry;
	case BACKEND_VERDICT_ASKED:
		return ssl_verify_retry;
	}
	return ssl_verify_invalid;
}

static enum ssl_verify_result_t on_verify_off(SSL *ssl, uint8_t *out_alert)
{
	(void)out_alert;
	tls_client_ignore_key_usage(ssl); /* BoringSSL looks at it after this callback */
	return ssl_verify_ok;
}

/* The client certificate, with whatever chain stands in its file; the key from a file of its own, or the same one. */
static struct error use_client_certificate(SSL_CTX *ctx, const struct config_site *site, const char **out_file)
{
	struct certificate_file_options options = {.source = SOURCE_FILE};
	struct certificate_file certificates = {0};
	struct certificate_file keys = {0};

	*out_file = site->backend_certificate;
	struct error error = certificate_file_read(site->backend_certificate, &options, &certificates);
	if (failed(error))
		goto out;
	if (site->backend_key != NULL) {
		*out_file = site->backend_key;
		error = certificate_file_read(site->backend_key, &options, &keys);
		if (failed(error))
			goto out;
	}
	EVP_PKEY *key = site->backend_key != NULL ? keys.key : certificates.key;
	if (key == NULL) {
		error = error_of(ERROR_FORMAT, 0, "the file holds no private key: name one that does in backend_key");
		goto out;
	}
	if (certificates.certificates.count > CERTIFICATE_FILE_MAX_CERTIFICATES) {
		error = error_of(ERROR_LIMIT, 0, "the file holds more than 100 certificates");
		goto out;
	}
	error = leaf_choice_put_first(&certificates.certificates, key, (int64_t)time(NULL));
	if (!failed(error))
		error = tls_settings_set_chain(ctx, &certificates.certificates, key);
out:
	certificate_file_cleanup(&certificates);
	certificate_file_cleanup(&keys);
	return error;
}

/* All settings but the client certificate. */
static struct error context_new(const struct config_site *site, SSL_CTX **out)
{
	bool verify = site->backend_verify != BACKEND_VERIFY_OFF;

	struct error error = tls_client_context_new(site->backend_tls_min, TLS1_3_VERSION, out);
	if (!failed(error))
		SSL_CTX_set_custom_verify(*out, SSL_VERIFY_PEER, verify ? on_verify : on_verify_off);
	return error;
}

struct error backend_tls_context_new(const struct config_site *site, SSL_CTX **out, const char **out_file)
{
	SSL_CTX *ctx = NULL;
	struct error error = context_new(site, &ctx);

	*out_file = NULL;
	if (!failed(error) && site->backend_certificate != NULL)
		error = use_client_certificate(ctx, site, out_file);
	if (failed(error))
		SSL_CTX_free(ctx);
	else
		*out = ctx;
	return error;
}

static struct error copy_client_certificate(SSL_CTX *ctx, const SSL_CTX *former)
{
	const STACK_OF(CRYPTO_BUFFER) *chain = SSL_CTX_get0_chain(former);
	size_t count = chain != NULL ? sk_CRYPTO_BUFFER_num(chain) : 0;
	CRYPTO_BUFFER **buffers = count > 0 ? calloc(count, sizeof(*buffers)) : NULL;
	struct error error = error_none();

	if (count == 0)
		return error;
	if (buffers == NULL)
		return error_of(ERROR_MEMORY, 0, "keep a client certificate");
	for (size_t i = 0; i < count; i++)
		buffers[i] = sk_CRYPTO_BUFFER_value(chain, i);
	if (!SSL_CTX_set_chain_and_key(ctx, buffers, count, SSL_CTX_get0_privatekey(former), NULL))
		error = error_crypto("keep a client certificate");
	free(buffers);
	return error;
}

struct error backend_tls_context_keep(const struct config_site *site, const SSL_CTX *former, SSL_CTX **out)
{
	SSL_CTX *ctx = NULL;
	struct error error = context_new(site, &ctx);

	if (!failed(error) && former != NULL)
		error = copy_client_certificate(ctx, former);
	if (failed(error))
		SSL_CTX_free(ctx);
	else
		*out = ctx;
	return error;
}

struct error backend_tls_context_with(const struct config_site *site, const struct certificate_list *chain,
				      EVP_PKEY *key, SSL_CTX **out)
{
	SSL_CTX *ctx = NULL;
	struct error error = context_new(site, &ctx);

	if (!failed(error))
		error = tls_settings_set_chain(ctx, chain, key);
	if (failed(error))
		SSL_CTX_free(ctx);
	else
		*out = ctx;
	return error;
}

struct error backend_tls_prepare(SSL *ssl, const struct host_name *name, struct bytes alpn,
				 struct backend_handshake *handshake)
{
	handshake->verdict = BACKEND_VERDICT_UNASKED;
	SSL_set_connect_state(ssl);
	if (!SSL_set_app_data(ssl, handshake))
		return error_crypto("prepare a backend's handshake");
	if (!name->is_ip && name->text[0] != '\0' && !SSL_set_tlsext_host_name(ssl, name->text))
		return error_crypto("set the name that a backend is asked for");
	if (alpn.len > 0 && SSL_set_alpn_protos(ssl, alpn.data, alpn.len) != 0)
		return error_crypto("set the ALPN that a backend is offered");
	return error_none();
}

/* Names with their NUL, certificates with their length, so that none can run into the next. */
struct verdict_key backend_tls_chain_key(const SSL *ssl, const char *site, const char *name)
{
	const STACK_OF(CRYPTO_BUFFER) *peer = SSL_get0_peer_certificates(ssl);
	size_t count = peer != NULL ? sk_CRYPTO_BUFFER_num(peer) : 0;
	struct verdict_key key;
	SHA256_CTX context;

	SHA256_Init(&context);
	SHA256_Update(&context, site, strlen(site) + 1);
	SHA256_Update(&context, name, strlen(name) + 1);
	for (size_t i = 0; i < count; i++) {
		const CRYPTO_BUFFER *buffer = sk_CRYPTO_BUFFER_value(peer, i);
		size_t len = CRYPTO_BUFFER_len(buffer);

		SHA256_Update(&context, &len, sizeof(len));
		SHA256_Update(&context, CRYPTO_BUFFER_data(buffer), len);
	}
	SHA256_Final(key.sha256, &context);
	return key;
}

static struct error append_buffers(const STACK_OF(CRYPTO_BUFFER) * buffers, enum certificate_source source,
				   struct certificate_list *out)
{
	size_t count = buffers != NULL ? sk_CRYPTO_BUFFER_num(buffers) : 0;

	for (size_t i = 0; i < count && i < CHAIN_CAPTURE_MAX_CERTIFICATES; i++) {
		const CRYPTO_BUFFER *buffer = sk_CRYPTO_BUFFER_value(buffers, i);
		const struct certificate *certificate = NULL;

		struct error error =
		    certificate_parse(bytes_of(CRYPTO_BUFFER_data(buffer), CRYPTO_BUFFER_len(buffer)), &certificate);
		if (failed(error))
			return error;
		error = certificate_list_append(out, certificate, source);
		certificate_unref(certificate);
		if (failed(error))
			return error;
	}
	return error_none();
}

struct error backend_tls_client_chain(const SSL_CTX *ctx, struct certificate_list *out)
{
	return append_buffers(SSL_CTX_get0_chain(ctx), SOURCE_FILE, out);
}

struct error backend_tls_peer_chain(const SSL *ssl, struct certificate_list *out)
{
	return append_buffers(SSL_get0_peer_certificates(ssl), SOURCE_BACKEND, out);
}
