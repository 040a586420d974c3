#include "proxy/worker/tls_backend.h"

#include <errno.h>
#include <string.h>

#include "proxy/wire/tls_client.h"
#include "proxy/worker/backend_reason.h"
#include "proxy/worker/shortage.h"

bool tls_backend_is_wanted(const struct connection *connection)
{
	return connection->site->backend_ssl_ctx != NULL;
}

/* Looks in the worker's own memory, which spares a round trip to the control thread and the parsing of the chain. */
static bool is_known(struct backend_handshake *handshake, const SSL *ssl)
{
	struct connection *connection =
	    (struct connection *)(void *)((char *)handshake - offsetof(struct connection, backend_handshake));
	const struct verdict_memory *verdicts = connection->lease->verdicts;
	struct verdict verdict;

	connection->backend_chain = backend_tls_chain_key(ssl, connection->site->config->name);
	return verdicts != NULL &&
	       verdict_memory_get(verdicts, &connection->backend_chain, connection->thread->now_ms, &verdict);
}

static void remember_trusted(struct connection *connection)
{
	struct snapshot_lease *lease = connection->lease;

	if (lease->verdicts == NULL)
		lease->verdicts = verdict_memory_new(WORKER_MAX_VERDICTS);
	if (lease->verdicts != NULL)
		verdict_memory_put(lease->verdicts, &connection->backend_chain, (struct verdict){true, ""},
				   connection->thread->now_ms + WORKER_VERDICT_MS);
}

static struct error open_tls(struct connection *connection)
{
	struct side *backend = &connection->backend;
	const uint8_t *alpn = NULL;
	unsigned alpn_len = 0;
	uint8_t offer[1 + UINT8_MAX];

	SSL *ssl = SSL_new(connection->site->backend_ssl_ctx);
	if (ssl == NULL)
		return error_crypto("start TLS with a backend");
	/* Offers the protocol that was agreed on with the client. */
	SSL_get0_alpn_selected(connection->client.pump.ssl, &alpn, &alpn_len);
	if (alpn_len > 0) {
		offer[0] = (uint8_t)alpn_len;
		memcpy(offer + 1, alpn, alpn_len);
	}
	connection->backend_handshake.is_known = is_known;
	struct error error =
	    backend_tls_prepare(ssl, &connection->site->backend_name, bytes_of(offer, alpn_len > 0 ? alpn_len + 1 : 0),
				&connection->backend_handshake);
	if (failed(error)) {
		SSL_free(ssl);
		return error;
	}
	return tls_pump_init(&backend->pump, &connection->thread->channel, ssl, &backend->stream);
}

static const char *why_failed(const struct tls_pump *pump)
{
	return pump->error != 0 && pump->alert == TLS_PUMP_NO_ALERT ? tls_client_explain(pump->error).words
								    : pump->reason;
}

static enum connection_event event_of(struct connection *connection, enum tls_result result)
{
	switch (result) {
	case TLS_DONE:
		return EVENT_PREAMBLE_DONE;
	case TLS_WANT_INPUT:
		return EVENT_NONE;
	case TLS_WANT_VERDICT:
		return EVENT_VERDICT_NEEDED;
	case TLS_ENDED:
	case TLS_FAILED:
		break;
	}
	if (connection->backend.pump.out_of_memory)
		return shortage_note(connection, ENOMEM);
	/* For a chain that is not trusted, tls_backend_note_verdict has set the reason. */
	if (connection->backend_handshake.verdict != BACKEND_NOT_TRUSTED)
		backend_reason_set(connection, "the TLS handshake failed", why_failed(&connection->backend.pump));
	return EVENT_PREAMBLE_FAILED;
}

enum connection_event tls_backend_start(struct connection *connection)
{
	struct tls_input nothing = {0};

	if (failed(open_tls(connection)))
		return shortage_note(connection, ENOMEM); /* nothing else can fail there */
	return tls_backend_take(connection, &nothing);
}

enum connection_event tls_backend_take(struct connection *connection, struct tls_input *input)
{
	return event_of(connection, tls_pump_handshake(&connection->backend.pump, input));
}

enum connection_event tls_backend_resume(struct connection *connection, struct tls_input *out_rest)
{
	return event_of(connection, tls_pump_resume(&connection->backend.pump, out_rest));
}

enum connection_event tls_backend_ask(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	connection_wait(connection);
	struct worker_event *event = worker_event_new(WORKER_VERIFY_BACKEND, thread->options.index,
						      connection->lease->snapshot, connection->site->index);
	struct error error = event != NULL ? backend_tls_peer_chain(connection->backend.pump.ssl, &event->chain)
					   : error_of(ERROR_MEMORY, 0, "ask for a verdict");
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];

		worker_event_free(event);
		if (error.kind == ERROR_MEMORY)
			return shortage_note(connection, ENOMEM);
		backend_reason_set(connection, "its certificates cannot be read",
				   error_print(error, text, sizeof(text)));
		return EVENT_PREAMBLE_FAILED;
	}
	event->connection = connection->question;
	mailbox_post(thread->options.control, &event->mail);
	return EVENT_NONE;
}

void tls_backend_note_verdict(struct connection *connection, bool trusted, const char *reason)
{
	connection->backend_handshake.verdict = trusted ? BACKEND_TRUSTED : BACKEND_NOT_TRUSTED;
	if (trusted)
		remember_trusted(connection);
	else
		backend_reason_set(connection, "its certificate is not trusted", reason);
}
