#include "tests/support/memory_handshake.h"

#include <openssl/bio.h>
#include <openssl/pool.h>
#include <openssl/sha.h>

#include "proxy/shared/client_handshake.h"
#include "proxy/wire/client_hello.h"
#include "tests/support/unit.h"

enum { MAX_FLIGHTS = 10, PIPE_BYTES = 256 * 1024 };

struct server {
	struct client_handshake handshake; /* first */
	const struct memory_handshake *plan;
};

static enum ssl_select_cert_result_t on_select(struct client_handshake *handshake, const SSL_CLIENT_HELLO *raw)
{
	const struct server *server = (const struct server *)(const void *)handshake;
	const struct memory_handshake *plan = server->plan;
	struct client_hello hello;

	client_hello_read(raw, &hello);
	struct error error =
	    credential_attach(plan->credential, plan->first != NULL ? plan->first : plan->credential, raw->ssl, &hello);
	return failed(error) ? ssl_select_cert_error : ssl_select_cert_success;
}

static struct bytes offer_nothing(const struct client_handshake *handshake)
{
	(void)handshake;
	return bytes_of(NULL, 0);
}

static const struct client_handshake_calls calls = {.select = on_select, .alpn = offer_nothing};

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct memory_handshake *handshake = SSL_get_app_data(ssl);

	handshake->num_tickets++;
	if (handshake->session == NULL)
		return 0;
	SSL_SESSION_free(*handshake->session);
	*handshake->session = session;
	return 1;
}

static SSL *make_client(struct memory_handshake *handshake, SSL_CTX *ctx)
{
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, keep_session);
	SSL *client = SSL_new(ctx);
	assert_non_null(client);
	SSL_set_app_data(client, handshake);
	SSL_set_max_proto_version(client, handshake->version != 0 ? handshake->version : TLS1_3_VERSION);
	SSL_set_tlsext_host_name(client, handshake->sni != NULL ? handshake->sni : "a.example");
	if (handshake->session != NULL && *handshake->session != NULL)
		SSL_set_session(client, *handshake->session);
	SSL_set_connect_state(client);
	return client;
}

static void note_certificates(struct memory_handshake *handshake, const SSL *client)
{
	const STACK_OF(CRYPTO_BUFFER) *chain = SSL_get0_peer_certificates(client);
	SHA256_CTX digest;

	SHA256_Init(&digest);
	handshake->num_certificates = chain != NULL ? sk_CRYPTO_BUFFER_num(chain) : 0;
	for (size_t i = 0; i < handshake->num_certificates; i++) {
		const CRYPTO_BUFFER *der = sk_CRYPTO_BUFFER_value(chain, i);
		SHA256_Update(&digest, CRYPTO_BUFFER_data(der), CRYPTO_BUFFER_len(der));
	}
	SHA256_Final(handshake->certificates_sha256, &digest);
}

static enum ssl_verify_result_t accept_all(SSL *ssl, uint8_t *out_alert)
{
	(void)ssl;
	(void)out_alert;
	return ssl_verify_ok;
}

static bool shake(SSL *client, SSL *accepting)
{
	bool done = false;

	for (int i = 0; i < MAX_FLIGHTS && !done; i++) {
		int a = SSL_do_handshake(client);
		int b = SSL_do_handshake(accepting);
		done = a == 1 && b == 1;
	}
	return done;
}

bool memory_handshake_run(struct memory_handshake *handshake)
{
	struct server server = {.handshake = {.calls = &calls, .ticket_keys = handshake->ticket_keys},
				.plan = handshake};
	SSL_CTX *ctx = handshake->client_ctx;
	BIO *client_bio, *server_bio;
	char byte;

	if (ctx != NULL)
		SSL_CTX_up_ref(ctx);
	else
		ctx = SSL_CTX_new(TLS_with_buffers_method());
	SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_PEER, accept_all);
	handshake->num_tickets = 0;
	SSL *client = make_client(handshake, ctx);
	SSL *accepting = SSL_new((handshake->first != NULL ? handshake->first : handshake->credential)->ssl_ctx);
	SSL_set_app_data(accepting, &server.handshake);
	SSL_set_accept_state(accepting);
	assert_int_equal(BIO_new_bio_pair(&client_bio, PIPE_BYTES, &server_bio, PIPE_BYTES), 1);
	SSL_set_bio(client, client_bio, client_bio);
	SSL_set_bio(accepting, server_bio, server_bio);

	bool done = shake(client, accepting);
	if (done) {
		assert_int_equal(SSL_write(accepting, "x", 1), 1);
		handshake->server_bytes = BIO_number_written(server_bio);
		assert_int_equal(SSL_read(client, &byte, 1), 1);
		handshake->resumed = SSL_session_reused(accepting);
		handshake->retried = SSL_used_hello_retry_request(accepting);
		handshake->group = SSL_get_curve_id(accepting);
		note_certificates(handshake, client);
	}
	SSL_free(client);
	SSL_free(accepting);
	SSL_CTX_free(ctx);
	return done;
}

bool memory_handshake_resumes(struct memory_handshake *handshake)
{
	assert_true(memory_handshake_run(handshake));
	return handshake->resumed;
}
