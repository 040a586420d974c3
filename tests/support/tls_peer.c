#include "tests/support/tls_peer.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pool.h>

struct tls_peer {
	SSL_CTX *ssl_ctx;
	SSL *ssl;
	BIO *from_client, *to_client;
};

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "tls_peer: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static enum ssl_verify_result_t accept_any(SSL *ssl, uint8_t *out_alert)
{
	(void)ssl;
	(void)out_alert;
	return ssl_verify_ok;
}

static void set_chain(SSL_CTX *ctx, const struct tls_peer_options *options)
{
	CRYPTO_BUFFER **chain = calloc(options->chain_len, sizeof(*chain));
	require(chain != NULL, "out of memory");
	for (size_t i = 0; i < options->chain_len; i++) {
		chain[i] = CRYPTO_BUFFER_new(options->chain[i].data, options->chain[i].len, NULL);
		require(chain[i] != NULL, "out of memory");
	}
	require(SSL_CTX_set_chain_and_key(ctx, chain, options->chain_len, options->key, NULL), "chain and key");
	for (size_t i = 0; i < options->chain_len; i++)
		CRYPTO_BUFFER_free(chain[i]);
	free(chain);
}

struct tls_peer *tls_peer_new(const struct tls_peer_options *options)
{
	struct tls_peer *peer = calloc(1, sizeof(*peer));
	require(peer != NULL, "out of memory");
	peer->ssl_ctx = SSL_CTX_new(TLS_with_buffers_method());
	require(peer->ssl_ctx != NULL, "SSL_CTX");
	set_chain(peer->ssl_ctx, options);
	require(SSL_CTX_set_min_proto_version(peer->ssl_ctx, TLS1_VERSION), "lowest version");
	require(SSL_CTX_set_max_proto_version(peer->ssl_ctx, options->tls_max != 0 ? options->tls_max : TLS1_3_VERSION),
		"highest version");
	if (options->wants_client_certificate)
		SSL_CTX_set_custom_verify(peer->ssl_ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
	peer->ssl = SSL_new(peer->ssl_ctx);
	peer->from_client = BIO_new(BIO_s_mem());
	peer->to_client = BIO_new(BIO_s_mem());
	require(peer->ssl != NULL && peer->from_client != NULL && peer->to_client != NULL, "SSL");
	BIO_set_mem_eof_return(peer->from_client, -1);
	SSL_set_bio(peer->ssl, peer->from_client, peer->to_client);
	SSL_set_accept_state(peer->ssl);
	return peer;
}

void tls_peer_free(struct tls_peer *peer)
{
	if (peer == NULL)
		return;
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->ssl_ctx);
	free(peer);
}

void tls_peer_feed(struct tls_peer *peer, struct bytes from_client, struct buffer *out)
{
	const uint8_t *data = NULL;
	size_t len = 0;
	if (from_client.len > 0)
		require(BIO_write(peer->from_client, from_client.data, (int)from_client.len) == (int)from_client.len,
			"write");
	SSL_do_handshake(peer->ssl);
	ERR_clear_error();
	require(BIO_mem_contents(peer->to_client, &data, &len) == 1, "read");
	require(!failed(buffer_append(out, bytes_of(data, len))), "append");
	BIO_reset(peer->to_client);
}

const char *tls_peer_server_name(const struct tls_peer *peer)
{
	return SSL_get_servername(peer->ssl, TLSEXT_NAMETYPE_host_name);
}

bool tls_peer_is_done(const struct tls_peer *peer)
{
	return SSL_is_init_finished(peer->ssl);
}
