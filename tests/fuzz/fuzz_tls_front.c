/* The TLS side towards clients: handshakes with a client whose bytes are changed on the way, or with the fuzzer's bytes alone.
 *
 * The first byte: what the client offers (enum option). The second: how its bytes are cut into pieces. Then, where they are
 * BYTES, the client's bytes; else changes to what a real client sends, four bytes each: where in its stream (two bytes),
 * what is done, and with what value. Without a change, the handshake must be done and data must arrive.
 */
#include <stdlib.h>

#include "conf/config.h"
#include "proxy/shared/client_handshake.h"
#include "proxy/shared/credential.h"
#include "proxy/shared/ticket_keys.h"
#include "proxy/wire/tls_pump.h"
#include "tests/support/pki.h"

enum option { BYTES = 1, TLS_1_2 = 2, RSA_ALONE = 4, SESSION = 8, OTHER_NAME = 16, ALPN = 32, P384 = 64, MANY = 128 };
enum change_kind { FLIP, SET, CUT, REPEAT, CHANGE_KINDS };
enum { CHANGE_BYTES = 4, MAX_FLIGHTS = 10, MAX_STREAM_BYTES = 65536, NUM_CREDENTIALS = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Made once, and only read from then on. */
struct front {
	struct credential *credentials[NUM_CREDENTIALS]; /* ECDSA, RSA */
	struct ticket_keys *ticket_keys;
	SSL_CTX *client_ctx;
	SSL_SESSION *sessions[2]; /* that a client got: by TLS 1.3 and 1.2 */
	struct tls_channel channel;
	struct buffer to_client; /* what the server has sent and the client has not got */
};

struct server {
	struct client_handshake handshake; /* first */
	const struct front *front;
};

struct client {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	struct bytes changes;
	size_t sent; /* in its own stream, before changes */
};

static enum ssl_select_cert_result_t on_select(struct client_handshake *handshake, const SSL_CLIENT_HELLO *raw)
{
	const struct front *front = ((const struct server *)(const void *)handshake)->front;
	struct client_hello hello;

	client_hello_read(raw, &hello);
	bool ecdsa = credential_fit(front->credentials[0], &hello) == CLIENT_HELLO_FITS;
	const struct credential *chosen = front->credentials[ecdsa ? 0 : 1];
	(void)credential_covers(chosen, hello.sni);
	struct error error = credential_attach(chosen, front->credentials[0], raw->ssl, &hello);
	return failed(error) ? ssl_select_cert_error : ssl_select_cert_success;
}

static struct bytes offer_nothing(const struct client_handshake *handshake)
{
	(void)handshake;
	return bytes_of(NULL, 0);
}

static const struct client_handshake_calls calls = {.select = on_select, .alpn = offer_nothing};

static void take_output(void *to, struct bytes bytes)
{
	if (failed(buffer_append(to, bytes)))
		abort();
}

static enum ssl_verify_result_t accept_all(SSL *ssl, uint8_t *out_alert)
{
	(void)ssl;
	(void)out_alert;
	return ssl_verify_ok;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION **kept = SSL_get_app_data(ssl);

	if (kept == NULL || *kept != NULL)
		return 0;
	*kept = session;
	return 1;
}

static struct credential *make_credential(enum pki_key_type type)
{
	static char name[] = "a", protocol[] = "http/1.1";
	char *protocols[] = {protocol};
	struct config_site site = {.name = name,
				   .tls_min = TLS1_2_VERSION,
				   .tls_max = TLS1_3_VERSION,
				   .alpn = {.items = protocols, .count = 1}};
	const struct certificate *issuer = PKI(.cn = "Issuer", .ca = true);
	const struct certificate *leaf =
	    PKI(.cn = "a.example", .key_type = type, .issuer = issuer, .dns = PKI_STRINGS("a.example", "*.a.example"));
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf, issuer);
	struct credential *credential = NULL;

	must(!failed(credential_new(&site, &chain, pki_key(leaf), &credential)));
	certificate_list_cleanup(&chain);
	return credential;
}

static void open_client(struct client *client, const struct front *front, uint8_t options)
{
	static const uint16_t few[] = {SSL_SIGN_RSA_PSS_RSAE_SHA256, SSL_SIGN_RSA_PKCS1_SHA256};
	SSL_SESSION *session = front->sessions[(options & TLS_1_2) != 0];

	client->ssl = SSL_new(front->client_ctx);
	client->in = BIO_new(BIO_s_mem());
	client->out = BIO_new(BIO_s_mem());
	must(client->ssl != NULL && client->in != NULL && client->out != NULL);
	SSL_set_bio(client->ssl, client->in, client->out);
	SSL_set_connect_state(client->ssl);
	must(SSL_set_tlsext_host_name(client->ssl, (options & OTHER_NAME) != 0 ? "b.example" : "a.example"));
	if ((options & TLS_1_2) != 0)
		must(SSL_set_max_proto_version(client->ssl, TLS1_2_VERSION));
	if ((options & RSA_ALONE) != 0)
		must(SSL_set_verify_algorithm_prefs(client->ssl, few, 2));
	if ((options & P384) != 0)
		must(SSL_set1_curves_list(client->ssl, "P-384:P-256"));
	if ((options & ALPN) != 0)
		must(SSL_set_alpn_protos(client->ssl, (const uint8_t *)"\x02h2\x08http/1.1", 12) == 0);
	if ((options & MANY) != 0) {
		SSL_enable_ocsp_stapling(client->ssl);
		SSL_enable_signed_cert_timestamps(client->ssl);
		SSL_set_permute_extensions(client->ssl, 1);
	}
	if ((options & SESSION) != 0 && session != NULL)
		must(SSL_set_session(client->ssl, session));
}

/* Takes the client's next bytes, with the changes that fall into them. */
static void take_from_client(struct client *client, struct buffer *out)
{
	const uint8_t *data;
	size_t len;

	must(BIO_mem_contents(client->out, &data, &len));
	for (size_t i = 0; i < len; i++, client->sent++) {
		uint8_t byte = data[i];
		size_t copies = 1;
		for (size_t at = 0; at + CHANGE_BYTES <= client->changes.len; at += CHANGE_BYTES) {
			const uint8_t *change = client->changes.data + at;
			size_t place = (size_t)change[0] << 8 | change[1];
			size_t behind = client->sent - place;
			if (client->sent < place || (behind > 0 && change[2] % CHANGE_KINDS != CUT))
				continue;
			if (change[2] % CHANGE_KINDS == FLIP)
				byte ^= change[3];
			else if (change[2] % CHANGE_KINDS == SET)
				byte = change[3];
			else if (change[2] % CHANGE_KINDS == REPEAT)
				copies += change[3];
			else if (behind <= change[3])
				copies = 0;
		}
		for (; copies > 0 && out->len < MAX_STREAM_BYTES; copies--)
			take_output(out, bytes_of(&byte, 1));
	}
	must(BIO_reset(client->out) == 1);
}

/* Decrypts all that there is, and sends it back. */
static void echo(struct tls_pump *pump, struct tls_input *input)
{
	uint8_t plain[1024];
	enum tls_result result;
	size_t len;

	do {
		result = tls_pump_read(pump, input, plain, sizeof(plain), &len);
		must(len <= sizeof(plain) && (result != TLS_DONE || len > 0));
		if (len > 0 && !tls_pump_write(pump, bytes_of(plain, len)))
			return;
	} while (result == TLS_DONE);
}

/* The bytes go in piece by piece, as they come from a network; true once the handshake is done. */
static bool feed(struct tls_pump *pump, struct bytes bytes, size_t piece, bool done)
{
	for (size_t at = 0; at < bytes.len && !pump->failed; at += piece) {
		size_t len = bytes.len - at < piece ? bytes.len - at : piece;
		struct tls_input input = {.bytes = bytes_of(bytes.data + at, len)};
		if (!done) {
			enum tls_result result = tls_pump_handshake(pump, &input);
			must(result != TLS_WANT_VERDICT && (result == TLS_FAILED) == pump->failed);
			done = result == TLS_DONE;
		}
		if (done)
			echo(pump, &input);
		tls_channel_flush(pump->channel);
	}
	return done;
}

static bool shake(struct front *front, struct tls_pump *pump, struct client *client, size_t piece)
{
	struct buffer to_server;
	char byte = 'x';
	bool done = false, echoed = false;

	buffer_init(&to_server, MAX_STREAM_BYTES);
	for (int i = 0; i < MAX_FLIGHTS && !echoed && !pump->failed; i++) {
		if (SSL_do_handshake(client->ssl) == 1 && i < MAX_FLIGHTS / 2)
			SSL_write(client->ssl, &byte, 1);
		buffer_truncate(&to_server, 0);
		take_from_client(client, &to_server);
		done = feed(pump, buffer_bytes(&to_server), piece, done);
		must(BIO_write_all(client->in, front->to_client.data, front->to_client.len));
		buffer_truncate(&front->to_client, 0);
		echoed = done && SSL_is_init_finished(client->ssl) && SSL_read(client->ssl, &byte, 1) == 1;
	}
	buffer_cleanup(&to_server);
	return echoed;
}

/* Gives the bytes, or the client's, to a new server; true when the client got back what it wrote. */
static bool run(struct front *front, uint8_t options, size_t piece, struct bytes rest, SSL_SESSION **session)
{
	struct server server = {.handshake = {.calls = &calls, .ticket_keys = front->ticket_keys}, .front = front};
	struct client client = {.changes = rest};
	struct tls_pump pump;
	bool echoed = false;

	SSL *ssl = SSL_new(front->credentials[0]->ssl_ctx);
	must(ssl != NULL);
	SSL_set_app_data(ssl, &server.handshake);
	SSL_set_accept_state(ssl);
	must(!failed(tls_pump_init(&pump, &front->channel, ssl, &front->to_client)));
	if ((options & BYTES) != 0) {
		feed(&pump, rest, piece, false);
	} else {
		open_client(&client, front, options);
		SSL_set_app_data(client.ssl, session);
		echoed = shake(front, &pump, &client, piece);
		SSL_free(client.ssl);
	}
	tls_pump_end(&pump);
	tls_channel_flush(&front->channel);
	tls_pump_cleanup(&pump);
	buffer_truncate(&front->to_client, 0);
	return echoed;
}

static void make_front(struct front *front)
{
	static const struct ticket_secret secret = {.name = "ticket"};

	buffer_init(&front->to_client, (size_t)16 * MAX_STREAM_BYTES);
	must(!failed(tls_channel_init(&front->channel, take_output)));
	must(!failed(ticket_keys_new(&secret, 1, &front->ticket_keys)));
	front->credentials[0] = make_credential(PKI_P256);
	front->credentials[1] = make_credential(PKI_RSA_2048);
	front->client_ctx = SSL_CTX_new(TLS_with_buffers_method());
	SSL_CTX_set_custom_verify(front->client_ctx, SSL_VERIFY_PEER, accept_all);
	SSL_CTX_set_session_cache_mode(front->client_ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(front->client_ctx, keep_session);
	for (size_t i = 0; i < 2; i++) {
		must(run(front, i == 1 ? TLS_1_2 : 0, MAX_STREAM_BYTES, bytes_of("", 0), &front->sessions[i]));
		must(front->sessions[i] != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct front front;

	if (front.client_ctx == NULL)
		make_front(&front);
	if (size < 2)
		return 0;
	bool echoed = run(&front, data[0], (size_t)data[1] + 1, bytes_of(data + 2, size - 2), NULL);
	must((data[0] & BYTES) != 0 || size >= 2 + CHANGE_BYTES || echoed);
	return 0;
}
