#include "proxy/worker/tls_backend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proxy/shared/site_lookup.h"
#include "proxy/wire/alpn.h"
#include "proxy/wire/tls_client.h"
#include "proxy/worker/backend_reason.h"

bool tls_backend_is_wanted(const struct connection *connection)
{
	return connection->site->backend_ssl_ctx != NULL;
}

/* Returns the name that the backend is asked for and judged by: the client's own where the site wants that and has the
 * name. */
static const struct host_name *name_of(const struct connection *connection, struct host_name *space)
{
	const struct site *site = connection->site;
	bool known = false;

	if (!site->backend_name_is_client)
		return &site->backend_name;
	const char *asked = SSL_get_servername(connection->client.pump.ssl, TLSEXT_NAMETYPE_host_name);
	if (asked == NULL || site_lookup_find(connection->listener->lookup, asked, &known) != site || !known ||
	    failed(host_name_parse(asked, space)) || space->is_ip)
		return &site->backend_name;
	return space;
}

const char *tls_backend_asked_name(const struct connection *connection, struct host_name *space)
{
	const struct host_name *name = name_of(connection, space);

	return name->is_ip ? "" : name->text;
}

/* Looks in the worker's own memory, which spares a round trip to the control thread and the parsing of the chain. */
static bool is_known(struct backend_handshake *handshake, const SSL *ssl)
{
	struct connection *connection =
	    (struct connection *)(void *)((char *)handshake - offsetof(struct connection, backend_handshake));
	const struct verdict_memory *verdicts = connection->lease->verdicts;
	struct host_name space;
	struct verdict verdict;

	connection->backend_chain =
	    backend_tls_chain_key(ssl, connection->site->config->name, name_of(connection, &space)->text);
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

static struct bytes agreed_with(const struct side *side)
{
	const uint8_t *name = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(side->pump.ssl, &name, &len);
	return bytes_of(name, len);
}

/* The protocol that a backend is asked for: what was agreed on with the client, or what chainmend itself speaks. */
static struct bytes wanted_from_backend(const struct connection *connection)
{
	if (connection->site->http != NULL)
		return bytes_of_string("http/1.1");
	return agreed_with(&connection->client);
}

static struct error open_tls(struct connection *connection)
{
	struct side *backend = &connection->backend;
	struct bytes agreed = wanted_from_backend(connection);
	uint8_t offer[1 + UINT8_MAX];
	struct host_name space;

	SSL *ssl = SSL_new(connection->site->backend_ssl_ctx);
	if (ssl == NULL)
		return error_crypto("start TLS with a backend");
	if (agreed.len > 0) {
		offer[0] = (uint8_t)agreed.len;
		memcpy(offer + 1, agreed.data, agreed.len);
	}
	connection->backend_handshake.is_known = is_known;
	struct error error =
	    backend_tls_prepare(ssl, name_of(connection, &space), bytes_of(offer, agreed.len > 0 ? agreed.len + 1 : 0),
				&connection->backend_handshake);
	if (!failed(error) && connection->site->backend_below_tls13 && !SSL_set_max_proto_version(ssl, TLS1_2_VERSION))
		error = error_crypto("speak TLS below 1.3 to a backend");
	if (failed(error)) {
		SSL_free(ssl);
		return error;
	}
	return tls_pump_init(&backend->pump, &connection->thread->channel, ssl, &backend->stream);
}

/* Says whether the backend speaks what the client was promised: agreed to, or spoken anyway. */
static bool keeps_promise(const struct connection *connection)
{
	struct bytes promised = wanted_from_backend(connection);

	return promised.len == 0 || bytes_equal(promised, agreed_with(&connection->backend)) ||
	       !alpn_needs_agreement(promised);
}

static const char *why_failed(const struct tls_pump *pump)
{
	uint32_t error = pump->channel->error;

	return error != 0 && pump->alert == TLS_PUMP_NO_ALERT ? tls_client_explain(error).words : pump->reason;
}

static enum connection_event event_of(struct connection *connection, enum tls_result result)
{
	switch (result) {
	case TLS_DONE:
		if (keeps_promise(connection))
			return EVENT_PREAMBLE_DONE;
		backend_reason_set(connection, "it does not agree to the protocol that was agreed on with the client",
				   "");
		return EVENT_PREAMBLE_FAILED;
	case TLS_WANT_INPUT:
		return EVENT_NONE;
	case TLS_WANT_VERDICT:
		return EVENT_VERDICT_NEEDED;
	case TLS_ENDED:
	case TLS_FAILED:
		break;
	}
	if (connection->backend.pump.out_of_memory)
		return connection_run_short(connection, ENOMEM);
	/* For a chain that is not trusted, tls_backend_note_verdict has set the reason. */
	if (connection->backend_handshake.verdict != BACKEND_NOT_TRUSTED)
		backend_reason_set(connection, "the TLS handshake failed", why_failed(&connection->backend.pump));
	return EVENT_PREAMBLE_FAILED;
}

enum connection_event tls_backend_start(struct connection *connection)
{
	struct tls_input nothing = {0};

	if (failed(open_tls(connection)))
		return connection_run_short(connection, ENOMEM); /* nothing else can fail there */
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
			return connection_run_short(connection, ENOMEM);
		backend_reason_set(connection, "its certificates cannot be read",
				   error_print(error, text, sizeof(text)));
		return EVENT_PREAMBLE_FAILED;
	}
	struct host_name space;
	snprintf(event->text, sizeof(event->text), "%s", name_of(connection, &space)->text);
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
