/* The body of a ClientHello, put into its record and given to a server's SSL, whose callback reads it as a
 * connection's does; and the same bytes as they are, for the record layer. */
#include <stdlib.h>

#include "proxy/wire/client_hello.h"
#include "proxy/wire/tls_pump.h"

enum { MAX_BODY_BYTES = 16000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checks that the chosen group is one of ours, is supported by the client, and differs from the default choice. */
static void look_at_groups(const struct client_hello *hello, const char *text)
{
	struct tls_groups groups;
	size_t at = 0;

	if (failed(tls_groups_read(text, &groups)))
		abort();
	uint16_t group = client_hello_sparing_group(hello, &groups);
	if (group == 0)
		return;
	while (at < groups.count && groups.ids[at] != group)
		at++;
	if (at == 0 || at == groups.count || !hello->offers_tls13 || hello->key_shares.len < 4)
		abort();
}

/* A leaf on a curve fits nobody whom the same leaf without one does not fit. */
static void look_at_fit(const SSL_CLIENT_HELLO *raw, const struct client_hello *hello)
{
	struct client_hello_demand demand = {
	    .signature_algorithm = SSL_SIGN_ECDSA_SECP256R1_SHA256,
	    .curve = SSL_GROUP_SECP256R1,
	    .tls_max = TLS1_3_VERSION,
	    .ciphers = SSL_get_ciphers(raw->ssl),
	};
	enum client_hello_fit with_curve = client_hello_fit(hello, &demand);

	demand.curve = 0;
	if (with_curve > client_hello_fit(hello, &demand))
		abort();
	demand.signature_algorithm = 0;
	(void)client_hello_fit(hello, &demand);
}

static enum ssl_select_cert_result_t on_hello(const SSL_CLIENT_HELLO *raw)
{
	struct client_hello hello;

	client_hello_read(raw, &hello);
	if (strlen(hello.sni) > HOST_NAME_MAX_CHARS || hello.has_sni != (hello.sni[0] != '\0'))
		abort();
	look_at_fit(raw, &hello);
	look_at_groups(&hello, NULL);
	look_at_groups(&hello, "P-384:X25519:P-256");
	return ssl_select_cert_success;
}

static void ignore(void *to, struct bytes bytes)
{
	(void)to;
	(void)bytes;
}

static void give(SSL_CTX *ctx, struct bytes bytes)
{
	struct tls_channel channel;
	struct tls_pump pump;

	if (failed(tls_channel_init(&channel, ignore)))
		return;
	SSL *ssl = SSL_new(ctx);
	SSL_set_accept_state(ssl);
	if (!failed(tls_pump_init(&pump, &channel, ssl, NULL))) {
		struct tls_input input = {.bytes = bytes, .ended = true};
		if (tls_pump_handshake(&pump, &input) != TLS_FAILED)
			abort(); /* nothing can shake hands alone */
	}
	tls_pump_cleanup(&pump);
	tls_channel_cleanup(&channel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t record[9 + MAX_BODY_BYTES];

	if (size > MAX_BODY_BYTES)
		return 0;
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL_CTX_set_select_certificate_cb(ctx, on_hello);
	const uint8_t head[] = {
	    0x16, 3, 1, (uint8_t)((size + 4) >> 8), (uint8_t)(size + 4), 1, 0, (uint8_t)(size >> 8), (uint8_t)size};
	memcpy(record, head, sizeof(head));
	memcpy(record + sizeof(head), data, size);
	give(ctx, bytes_of(record, sizeof(head) + size));
	give(ctx, bytes_of(data, size));
	SSL_CTX_free(ctx);
	return 0;
}
