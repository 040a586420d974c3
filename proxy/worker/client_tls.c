#include "proxy/worker/client_tls.h"

#include <errno.h>
#include <string.h>

#include "proxy/shared/site_lookup.h"
#include "proxy/wire/client_hello.h"
#include "proxy/worker/client_fault.h"
#include "proxy/worker/client_plain.h"
#include "proxy/worker/client_report.h"
#include "proxy/worker/connection_trace.h"

static struct connection *connection_of(struct client_handshake *handshake)
{
	return (struct connection *)(void *)((char *)handshake - offsetof(struct connection, client_handshake));
}

/* Ranks a credential: by the name first, then that the client can verify it, then that it is the cheaper one for us. */
static unsigned rank(const struct credential *credential, const struct client_hello *hello)
{
	bool covers = hello->has_sni && credential_covers(credential, hello->sni);
	enum client_hello_fit fit = credential_fit(credential, hello);

	return (covers ? 8U : 0U) + 2U * fit + (fit == CLIENT_HELLO_FITS && credential->is_ecdsa ? 1U : 0U);
}

static const struct credential *choose_credential(const struct site *site, const struct client_hello *hello)
{
	const struct credential *best = site->credentials[0];

	if (site->num_credentials == 1)
		return best;
	unsigned best_rank = rank(best, hello);
	for (size_t i = 1; i < site->num_credentials; i++) {
		unsigned this_rank = rank(site->credentials[i], hello);

		if (this_rank > best_rank) {
			best = site->credentials[i];
			best_rank = this_rank;
		}
	}
	return best;
}

static void report_name(struct connection *connection, const struct credential *credential, const char *name)
{
	struct event_limit_entry report = {
	    .kind = WORKER_NAME_NOT_COVERED,
	    .snapshot = connection->lease->snapshot,
	    .site = connection->site->index,
	    .credential = credential,
	};

	memcpy(report.text, name, strlen(name) + 1);
	worker_thread_report_entry(connection->thread, &report);
}

static void look_at_name(struct connection *connection, const struct credential *credential,
			 const struct client_hello *hello, bool known)
{
	if (!hello->has_sni || credential_covers(credential, hello->sni))
		return;
	counters_add(&connection->thread->counters.names_not_covered, 1);
	counters_add(&connection->counts->names_not_covered, 1);
	report_name(connection, credential, hello->sni);
	connection->client_handshake.refuse_name =
	    !known && connection->site->config->unknown_names == UNKNOWN_NAMES_REJECT;
}

static enum ssl_select_cert_result_t on_hello(struct client_handshake *handshake, const SSL_CLIENT_HELLO *raw)
{
	struct connection *connection = connection_of(handshake);
	struct client_hello hello;
	bool known = true;

	client_hello_read(raw, &hello);
	handshake->names_no_group = hello.supported_groups.len == 0;
	if (connection_traces(connection))
		connection_trace_hello(connection, &hello, raw->version);
	connection_set_site(connection,
			    site_lookup_find(connection->listener->lookup, hello.has_sni ? hello.sni : NULL, &known));
	if (connection->site->num_credentials == 0) {
		counters_add(&connection->counts->no_certificate, 1);
		connection_report(connection, WORKER_NO_CREDENTIAL, 0, hello.sni);
		return ssl_select_cert_error;
	}
	const struct credential *credential = choose_credential(connection->site, &hello);
	look_at_name(connection, credential, &hello, known);
	connection->credential = credential;
	if (connection_traces(connection))
		connection_trace_certificate(connection);
	struct error error =
	    credential_attach(credential, site_lookup_first_credential(connection->listener->lookup), raw->ssl, &hello);
	handshake->out_of_memory = failed(error); /* nothing else can fail there */
	return failed(error) ? ssl_select_cert_error : ssl_select_cert_success;
}

static struct bytes alpn_of(const struct client_handshake *handshake)
{
	const struct connection *connection =
	    (const struct connection *)(const void *)((const char *)handshake -
						      offsetof(struct connection, client_handshake));

	return buffer_bytes(&connection->site->alpn);
}

static const struct client_handshake_calls calls = {.select = on_hello, .alpn = alpn_of};

static struct error open_tls(struct connection *connection)
{
	const struct credential *first = site_lookup_first_credential(connection->listener->lookup);
	SSL *ssl = SSL_new(first->ssl_ctx);
	if (ssl == NULL)
		return error_crypto("start TLS with a client");

	connection->client_handshake.calls = &calls;
	connection->client_handshake.ticket_keys = connection->lease->snapshot->ticket_keys;
	SSL_set_accept_state(ssl);
	if (!SSL_set_app_data(ssl, &connection->client_handshake)) {
		SSL_free(ssl);
		return error_crypto("start TLS with a client");
	}
	return tls_pump_init(&connection->client.pump, &connection->thread->channel, ssl, &connection->client.stream);
}

enum connection_event client_tls_start(struct connection *connection)
{
	return failed(open_tls(connection)) ? EVENT_PREAMBLE_FAILED : EVENT_NONE;
}

enum connection_event client_tls_take(struct connection *connection, struct tls_input *input)
{
	struct side *client = &connection->client;
	struct bytes given = input->bytes;

	switch (tls_pump_handshake(&client->pump, input)) {
	case TLS_DONE:
		client->stream.pollable.expensive = false;
		client_report_handshake(connection);
		if (connection_traces(connection))
			connection_trace_handshake(connection);
		return EVENT_PREAMBLE_DONE;
	case TLS_WANT_INPUT:
		/* In TLS 1.3 the hello has cost the key exchange and the signature already; in TLS 1.2 they follow. */
		client->stream.pollable.expensive = SSL_version(client->pump.ssl) != TLS1_3_VERSION;
		return EVENT_NONE;
	default:
		if (connection->client_handshake.out_of_memory)
			client->pump.out_of_memory = true;
		/* A client that connects, sends nothing and closes is no failure. */
		if (client->heard) {
			client_fault_report(connection, given);
			client_report_failure(connection, input->ended);
			if (client_fault_is_http(connection, given))
				client_plain_answer(connection, given);
		}
		return client->pump.out_of_memory ? connection_run_short(connection, ENOMEM) : EVENT_PREAMBLE_FAILED;
	}
}
