#include "proxy/worker/client_side.h"

#include <string.h>

#include "proxy/shared/site_lookup.h"
#include "proxy/wire/client_hello.h"
#include "proxy/worker/backend_side.h"

static struct connection *connection_of(struct client_handshake *handshake)
{
	return (struct connection *)(void *)((char *)handshake - offsetof(struct connection, client_handshake));
}

/* What counts most first: the name, then that the client can verify it, then that it is the cheaper one for us. */
static unsigned rank(const struct credential *credential, const struct client_hello *hello)
{
	bool covers = hello->has_sni && credential_covers(credential, hello->sni);
	bool verifies = client_hello_verifies(hello, credential->signature_algorithm);

	return (covers ? 4u : 0u) + (verifies ? 2u : 0u) + (verifies && credential->is_ecdsa ? 1u : 0u);
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
	connection_set_site(connection,
			    site_lookup_find(connection->listener->lookup, hello.has_sni ? hello.sni : NULL, &known));
	if (connection->site->num_credentials == 0) {
		connection_report(connection, WORKER_NO_CREDENTIAL, 0, hello.sni);
		return ssl_select_cert_error;
	}
	const struct credential *credential = choose_credential(connection->site, &hello);
	look_at_name(connection, credential, &hello, known);
	connection->credential = credential;
	struct error error =
	    credential_attach(credential, site_lookup_first_credential(connection->listener->lookup), raw->ssl, &hello);
	return failed(error) ? ssl_select_cert_error : ssl_select_cert_success;
}

struct error client_side_start(struct connection *connection, const struct credential *first)
{
	SSL *ssl = SSL_new(first->ssl_ctx);
	if (ssl == NULL)
		return error_crypto("start TLS with a client");

	connection->client_handshake.select = on_hello;
	connection->client_handshake.ticket_keys = connection->lease->snapshot->ticket_keys;
	SSL_set_accept_state(ssl);
	if (!SSL_set_app_data(ssl, &connection->client_handshake)) {
		SSL_free(ssl);
		return error_crypto("start TLS with a client");
	}
	return tls_pump_init(&connection->client_tls, &connection->thread->channel, ssl, &connection->client);
}

static void report_rejection(struct connection *connection, enum worker_event_kind kind, uint8_t alert)
{
	const SSL *ssl = connection->client_tls.ssl;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct event_limit_entry report = {
	    .kind = kind,
	    .snapshot = connection->lease->snapshot,
	    .site = connection->site->index,
	    .alert = alert,
	    .late = connection->state != CONNECTION_HANDSHAKE,
	    .network = connection->network,
	    /* A session that is resumed shows no chain: the client speaks of the one that it was shown then. */
	    .credential = SSL_session_reused(ssl) ? NULL : connection->credential,
	};

	if (name != NULL)
		client_hello_copy_name(bytes_of_string(name), report.text);
	worker_thread_report_entry(connection->thread, &report);
}

/* In TLS 1.3 a client may find out that it dislikes the certificate after we hold the handshake for done: its
 * alert is then the first thing that it sends. */
static void report_alert(struct connection *connection)
{
	const struct tls_pump *tls = &connection->client_tls;

	if (tls->alert == TLS_PUMP_NO_ALERT || connection->up.bytes > 0)
		return;
	counters_add(&connection->thread->counters.client_alerts, 1);
	site_counts_alert(connection->counts, (uint8_t)tls->alert);
	report_rejection(connection, WORKER_CLIENT_ALERT, (uint8_t)tls->alert);
}

/* Many a client says nothing when it dislikes what it is shown; but a port scanner is as silent. What ends before our
 * first flight, or a handshake that resumes a session, has seen no certificate. */
static void report_vanished(struct connection *connection)
{
	if (connection->credential == NULL || connection->client_tls.alert != TLS_PUMP_NO_ALERT ||
	    SSL_session_reused(connection->client_tls.ssl))
		return;
	counters_add(&connection->thread->counters.clients_vanished, 1);
	report_rejection(connection, WORKER_CLIENT_VANISHED, 0);
}

static void count_handshake(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	counters_add(&thread->counters.handshakes_done, 1);
	site_counts_handshake(connection->counts, connection->client_tls.ssl);
	if (SSL_session_reused(connection->client_tls.ssl))
		counters_add(&thread->counters.handshakes_resumed, 1);
	else
		chain_tally_count(connection->credential->tally, thread->options.index);
}

static void count_failure(struct connection *connection)
{
	counters_add(&connection->thread->counters.handshakes_failed, 1);
	counters_add(&connection->counts->failed, 1);
}

/* True when the handshake is done now. A client that only knocks (connects and closes) is no failure. */
static bool shake_hands(struct connection *connection, struct tls_input *input)
{
	bool knocked = input->ended && !connection->heard;

	switch (tls_pump_handshake(&connection->client_tls, input)) {
	case TLS_DONE:
		connection->client.pollable.expensive = false;
		count_handshake(connection);
		connection_fire(connection, EVENT_HANDSHAKE_DONE);
		return true;
	case TLS_WANT_INPUT:
		/* TLS 1.3 has its key exchange and its signature behind it with the hello; TLS 1.2 has not. */
		connection->client.pollable.expensive = SSL_version(connection->client_tls.ssl) != TLS1_3_VERSION;
		return false;
	default:
		if (!knocked)
			count_failure(connection);
		report_alert(connection);
		if (input->ended && !knocked)
			report_vanished(connection);
		connection_fire(connection, knocked ? EVENT_CLIENT_ENDED : EVENT_CLIENT_TLS_FAILED);
		return false;
	}
}

static void pass_plain_text(struct connection *connection, struct tls_input *input)
{
	struct worker_thread *thread = connection->thread;
	enum tls_result result = TLS_DONE;

	while (result == TLS_DONE && connection_takes_up(connection)) {
		size_t len = 0;

		result = tls_pump_read(&connection->client_tls, input, thread->plain, WORKER_READ_BYTES, &len);
		if (len > 0)
			backend_side_take(connection, bytes_of(thread->plain, len));
	}
	if (!connection_takes_up(connection))
		return; /* given up meanwhile */
	if (result == TLS_ENDED) {
		relay_end(&connection->up);
		backend_side_take_end(connection);
	} else if (result == TLS_FAILED) {
		report_alert(connection);
		connection_fire(connection, EVENT_CLIENT_TLS_FAILED);
	}
}

/* In TLS 1.3 the client has the last word of a handshake, and BoringSSL's ticket is out before it. A client under
 * Nagle's algorithm holds its request back until that word is acknowledged, and the kernel holds the acknowledgement
 * back for 40 ms when nothing is sent. */
static void acknowledge_handshake(struct connection *connection)
{
	if (connection->up.bytes == 0 && connection->thread->channel.send_len == 0)
		stream_acknowledge(&connection->client);
}

static void feed(struct connection *connection, struct tls_input *input)
{
	bool shakes = connection->state == CONNECTION_HANDSHAKE;

	if (shakes && !shake_hands(connection, input))
		return;
	pass_plain_text(connection, input);
	if (shakes)
		acknowledge_handshake(connection);
}

bool client_side_may_read(struct connection *connection)
{
	if (connection->state == CONNECTION_HANDSHAKE || connection->state == CONNECTION_LINGERING)
		return !connection->client.ended;
	return connection_takes_up(connection) && relay_may_read(&connection->up, stream_backlog(&connection->backend));
}

/* A reset. What came before it goes on to the backend, which then is told of a reset too: it must not take a part for
 * the whole. The connection sees to that. */
static void take_break(struct connection *connection)
{
	if (connection->state == CONNECTION_HANDSHAKE && connection->heard) {
		count_failure(connection);
		report_vanished(connection);
	}
	if (!connection_takes_up(connection))
		return;
	relay_break(&connection->up);
	backend_side_take_end(connection);
}

void client_side_read(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	struct tls_input input = {0};
	size_t len = 0;

	if (!connection->client.readable || !client_side_may_read(connection))
		return;
	switch (stream_read(&connection->client, thread->received, WORKER_READ_BYTES, &len)) {
	case STREAM_BLOCKED:
		return;
	case STREAM_BROKEN:
		take_break(connection);
		return;
	case STREAM_END:
		input.ended = true;
		break;
	case STREAM_BYTES:
		input.bytes = bytes_of(thread->received, len);
		connection->heard = true;
		if (connection->state != CONNECTION_LINGERING)
			connection->last_active_ms = thread->now_ms;
		break;
	}
	if (connection->state != CONNECTION_LINGERING)
		feed(connection, &input);
}

void client_side_take(struct connection *connection, struct bytes bytes)
{
	uint64_t now_ms = connection->thread->now_ms;

	if (now_ms - connection->last_down_ms >= CONNECTION_QUIET_MS)
		tls_pump_start_small(&connection->client_tls);
	connection->last_down_ms = now_ms;
	connection->down.bytes += bytes.len;
	counters_add(&connection->thread->counters.bytes_to_client, bytes.len);
	counters_add(&connection->counts->bytes_to_client, bytes.len);
	if (!tls_pump_write(&connection->client_tls, bytes))
		connection_fire(connection, EVENT_CLIENT_TLS_FAILED);
}

void client_side_end(struct connection *connection, bool fin)
{
	/* A backend's end without close_notify goes on as one: whether all has come is for the client to judge. */
	if (!connection->backend_tls.cut)
		tls_pump_end(&connection->client_tls);
	tls_channel_flush(&connection->thread->channel);
	if (fin)
		stream_end(&connection->client);
}
