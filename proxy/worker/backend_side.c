#include "proxy/worker/backend_side.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "proxy/worker/client_side.h"
#include "proxy/worker/shortage.h"

enum { MAX_ADDRESS_CHARS = INET6_ADDRSTRLEN + 8 };

static const struct backend_address *address_of(const struct connection *connection)
{
	return &connection->site->backends[connection->backend_index];
}

static const char *print_address(const struct backend_address *address, char out[MAX_ADDRESS_CHARS])
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->address.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->address;

		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(out, MAX_ADDRESS_CHARS, "[%s]:%u", host, ntohs(in6->sin6_port));
		return out;
	}
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address->address;
	inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
	snprintf(out, MAX_ADDRESS_CHARS, "%s:%u", host, ntohs(in->sin_port));
	return out;
}

static void note_reason(struct connection *connection, const char *what, const char *why)
{
	char address[MAX_ADDRESS_CHARS];

	snprintf(connection->thread->reason, WORKER_MAX_REASON, "%s: %s%s%s",
		 print_address(address_of(connection), address), what, why[0] != '\0' ? ": " : "", why);
}

void backend_side_note_timeout(struct connection *connection)
{
	static const char *const texts[NUM_CONNECTION_STATES] = {
	    [CONNECTION_CONNECTING] = "no answer within connect_timeout",
	    [CONNECTION_BACKEND_HANDSHAKE] = "the TLS handshake was not complete within handshake_timeout",
	    [CONNECTION_VERDICT] = "its certificate could not be judged within handshake_timeout",
	};

	if (texts[connection->state] != NULL)
		note_reason(connection, texts[connection->state], "");
}

/* What this machine lacks is not the backend's fault. */
static bool is_own_fault(int code)
{
	return shortage_is(code) || code == EADDRNOTAVAIL;
}

/* Its client did not end, but was cut, or broke off: a FIN would have a part pass for the whole. */
static bool lacks_the_end(const struct connection *connection)
{
	return connection->relays && !connection->backend.end_sent;
}

void backend_side_close(struct connection *connection)
{
	tls_channel_flush(&connection->thread->channel); /* the alert that says why */
	if (lacks_the_end(connection))
		stream_reset(&connection->backend);
	else
		stream_close(&connection->backend);
	tls_pump_cleanup(&connection->backend_tls);
}

/* The address that was tried has failed. */
static void rest_backend(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	const struct backend_address *address = address_of(connection);

	backend_choice_rest(&thread->choice, address, thread->now_ms);
	site_counts_backend(connection->counts, address->backend, false, thread->now_ms);
}

/* True when the connection is under way. */
static bool start_connect(struct connection *connection, void (*on_ready)(struct pollable *, uint32_t))
{
	struct worker_thread *thread = connection->thread;
	const struct backend_address *address = address_of(connection);
	/* A plain backend's first bytes are written without asking whether it is connected; a TLS one's are ours to send. */
	bool watch = connection->backend_is_tls || connection->up.held.len > 0 || connection->up.source_ended;

	backend_side_close(connection);
	stream_init(&connection->backend, &thread->poller, on_ready);
	counters_add(&thread->counters.backend_connects, 1);
	site_counts_connect(connection->counts, address->backend);
	struct error error = stream_connect(&connection->backend, (const struct sockaddr *)&address->address,
					    address->address_len, watch);
	if (!failed(error))
		return true;
	note_reason(connection, error.step, strerror(error.code));
	if (!is_own_fault(error.code))
		rest_backend(connection);
	else if (shortage_is(error.code))
		thread->pause(thread, error.code); /* those who cannot be served had better wait */
	return false;
}

static enum connection_event try_addresses(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	void (*on_ready)(struct pollable *, uint32_t) = connection->backend.pollable.on_ready;

	while (backend_choice_next(&thread->choice, connection->site, connection->tried, thread->now_ms,
				   &connection->backend_index)) {
		connection->tried |= 1u << connection->backend_index;
		if (start_connect(connection, on_ready))
			return EVENT_NONE;
	}
	counters_add(&thread->counters.backend_failures, 1);
	connection_report(connection, WORKER_BACKEND_FAILED, 0, thread->reason);
	return EVENT_NO_BACKEND_LEFT;
}

enum connection_event backend_side_connect(struct connection *connection)
{
	connection->backend_is_tls = connection->site->backend_ssl_ctx != NULL;
	connection->tried = 0;
	snprintf(connection->thread->reason, WORKER_MAX_REASON, "no address of a backend is known");
	return try_addresses(connection);
}

enum connection_event backend_side_connect_next(struct connection *connection)
{
	if (!is_own_fault(connection->backend.error))
		rest_backend(connection);
	return try_addresses(connection);
}

/* A thread's round trip and the parsing of a chain for each connection would be much for what does not change. */
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
	const uint8_t *alpn = NULL;
	unsigned alpn_len = 0;
	uint8_t offer[1 + UINT8_MAX];

	SSL *ssl = SSL_new(connection->site->backend_ssl_ctx);
	if (ssl == NULL)
		return error_crypto("start TLS with a backend");
	/* What was agreed on with the client is what the backend is asked for. */
	SSL_get0_alpn_selected(connection->client_tls.ssl, &alpn, &alpn_len);
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
	return tls_pump_init(&connection->backend_tls, &connection->thread->channel, ssl, &connection->backend);
}

/* The connection ends in the midst of it. Told where the backend has not said a word: it has refused our certificate
 * behind its handshake (TLS 1.3), say. */
static void break_off(struct connection *connection, const char *what, const char *why)
{
	struct worker_thread *thread = connection->thread;
	bool relays = connection->state == CONNECTION_RELAYING || connection->state == CONNECTION_CLIENT_ENDED;

	note_reason(connection, what, why);
	if (relays && connection->down.bytes == 0) {
		counters_add(&thread->counters.backend_failures, 1);
		connection_report(connection, WORKER_BACKEND_FAILED, 0, thread->reason);
	}
	connection_fire(connection, EVENT_BACKEND_BROKEN);
}

/* Plain text that a TLS backend sent goes on to the client. */
static void pass_plain_text(struct connection *connection, struct tls_input *input)
{
	struct worker_thread *thread = connection->thread;
	enum tls_result result = TLS_DONE;

	while (result == TLS_DONE && connection_takes_down(connection)) {
		size_t len = 0;

		result = tls_pump_read(&connection->backend_tls, input, thread->plain, WORKER_READ_BYTES, &len);
		if (len > 0)
			client_side_take(connection, bytes_of(thread->plain, len));
	}
	if (!connection_takes_down(connection))
		return; /* given up meanwhile */
	if (result == TLS_ENDED) {
		relay_end(&connection->down);
		if (relay_take_end(&connection->down))
			connection_fire(connection, EVENT_BACKEND_ENDED);
	} else if (result == TLS_FAILED) {
		break_off(connection, "TLS", connection->backend_tls.reason);
	}
}

static void handle_handshake(struct connection *connection, enum tls_result result, struct tls_input *input)
{
	switch (result) {
	case TLS_DONE:
		connection_fire(connection, EVENT_BACKEND_READY);
		pass_plain_text(connection, input);
		return;
	case TLS_WANT_INPUT:
		return;
	case TLS_WANT_VERDICT:
		connection_fire(connection, EVENT_VERDICT_NEEDED);
		return;
	case TLS_ENDED:
	case TLS_FAILED:
		/* Over a chain that was not trusted, the verdict's own words stand there already. */
		if (connection->backend_handshake.verdict != BACKEND_NOT_TRUSTED)
			note_reason(connection, "the TLS handshake failed", connection->backend_tls.reason);
		connection_fire(connection, EVENT_BACKEND_FAILED);
		return;
	}
}

enum connection_event backend_side_start_tls(struct connection *connection)
{
	struct error error = open_tls(connection);
	if (failed(error)) {
		note_reason(connection, error.step, "");
		return EVENT_BACKEND_FAILED;
	}
	struct tls_input nothing = {0};
	handle_handshake(connection, tls_pump_handshake(&connection->backend_tls, &nothing), &nothing);
	return EVENT_NONE;
}

enum connection_event backend_side_ask_verdict(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	struct worker_event *event = worker_event_new(WORKER_VERIFY_BACKEND, thread->options.index,
						      connection->lease->snapshot, connection->site->index);
	struct error error = event != NULL ? backend_tls_peer_chain(connection->backend_tls.ssl, &event->chain)
					   : error_of(ERROR_MEMORY, 0, "ask for a verdict");
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];

		worker_event_free(event);
		note_reason(connection, "its certificates cannot be read", error_print(error, text, sizeof(text)));
		return EVENT_BACKEND_FAILED;
	}
	event->connection = connection->question;
	mailbox_post(thread->options.control, &event->mail);
	return EVENT_NONE;
}

void backend_side_give_verdict(struct connection *connection, bool trusted, const char *reason)
{
	connection->backend_handshake.verdict = trusted ? BACKEND_TRUSTED : BACKEND_NOT_TRUSTED;
	if (trusted)
		remember_trusted(connection);
	else
		note_reason(connection, "its certificate is not trusted", reason);
	connection_fire(connection, EVENT_VERDICT_GIVEN);
}

enum connection_event backend_side_resume_tls(struct connection *connection)
{
	struct tls_input rest;
	enum tls_result result = tls_pump_resume(&connection->backend_tls, &rest);

	handle_handshake(connection, result, &rest);
	tls_pump_release(&connection->backend_tls);
	return EVENT_NONE;
}

static void write_up(struct connection *connection, struct bytes bytes)
{
	if (!connection->backend_is_tls)
		stream_write(&connection->backend, bytes);
	else if (!tls_pump_write(&connection->backend_tls, bytes))
		connection_fire(connection, EVENT_BACKEND_BROKEN);
}

enum connection_event backend_side_start_relay(struct connection *connection)
{
	connection->relays = true;
	backend_choice_forget(&connection->thread->choice, address_of(connection));
	site_counts_backend(connection->counts, address_of(connection)->backend, true, connection->thread->now_ms);
	if (connection->up.held.len > 0)
		write_up(connection, buffer_bytes(&connection->up.held));
	relay_release(&connection->up);
	return relay_take_end(&connection->up) ? EVENT_CLIENT_ENDED : EVENT_NONE;
}

enum connection_event backend_side_end(struct connection *connection)
{
	if (!connection->client_tls.cut)
		tls_pump_end(&connection->backend_tls);
	tls_channel_flush(&connection->thread->channel);
	stream_end(&connection->backend);
	return EVENT_NONE;
}

void backend_side_look_at_connect(struct connection *connection)
{
	if (stream_is_connected(&connection->backend)) {
		connection_fire(connection, connection->backend_is_tls ? EVENT_CONNECTED : EVENT_BACKEND_READY);
		return;
	}
	if (connection->backend.error == 0)
		return;
	note_reason(connection, "connect", strerror(connection->backend.error));
	connection_fire(connection, EVENT_BACKEND_FAILED);
}

bool backend_side_may_read(struct connection *connection)
{
	if (connection->state == CONNECTION_BACKEND_HANDSHAKE)
		return true;
	return connection_takes_down(connection) &&
	       relay_may_read(&connection->down, stream_backlog(&connection->client));
}

static void feed(struct connection *connection, struct tls_input *input)
{
	if (connection->state == CONNECTION_BACKEND_HANDSHAKE) {
		handle_handshake(connection, tls_pump_handshake(&connection->backend_tls, input), input);
		return;
	}
	if (connection->backend_is_tls) {
		pass_plain_text(connection, input);
		return;
	}
	if (input->bytes.len > 0)
		client_side_take(connection, input->bytes);
	if (!input->ended)
		return;
	relay_end(&connection->down);
	if (relay_take_end(&connection->down))
		connection_fire(connection, EVENT_BACKEND_ENDED);
}

void backend_side_read(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	struct tls_input input = {0};
	size_t len = 0;

	if (!connection->backend.readable || !backend_side_may_read(connection))
		return;
	switch (stream_read(&connection->backend, thread->received, WORKER_READ_BYTES, &len)) {
	case STREAM_BLOCKED:
		return;
	case STREAM_BROKEN:
		break_off(connection, "the connection broke", strerror(connection->backend.error));
		return;
	case STREAM_END:
		input.ended = true;
		break;
	case STREAM_BYTES:
		input.bytes = bytes_of(thread->received, len);
		connection->last_active_ms = thread->now_ms;
		break;
	}
	feed(connection, &input);
}

static void hold(struct connection *connection, struct bytes bytes)
{
	if (failed(relay_hold(&connection->up, bytes)))
		connection_fire(connection, EVENT_CUT);
}

/* Most connects to a backend nearby are done by now: a write finds that out at no cost of its own. */
static void try_early_write(struct connection *connection, struct bytes bytes)
{
	size_t written = 0;

	if (connection->backend_is_tls || connection->up.held.len > 0) {
		hold(connection, bytes);
		return;
	}
	switch (stream_try_write(&connection->backend, bytes, &written)) {
	case STREAM_BYTES:
		connection_fire(connection, EVENT_BACKEND_READY);
		write_up(connection, bytes_of(bytes.data + written, bytes.len - written));
		return;
	case STREAM_BLOCKED:
		hold(connection, bytes);
		stream_watch_writable(&connection->backend);
		return;
	case STREAM_BROKEN:
	case STREAM_END:
		hold(connection, bytes);
		note_reason(connection, "connect", strerror(connection->backend.error));
		connection_fire(connection, EVENT_BACKEND_FAILED);
		return;
	}
}

void backend_side_take(struct connection *connection, struct bytes bytes)
{
	connection->up.bytes += bytes.len;
	counters_add(&connection->thread->counters.bytes_to_backend, bytes.len);
	counters_add(&connection->counts->bytes_to_backend, bytes.len);
	switch (connection->state) {
	case CONNECTION_CONNECTING:
		try_early_write(connection, bytes);
		return;
	case CONNECTION_BACKEND_HANDSHAKE:
	case CONNECTION_VERDICT:
		hold(connection, bytes);
		return;
	case CONNECTION_RELAYING:
	case CONNECTION_BACKEND_ENDED:
		write_up(connection, bytes);
		return;
	default:
		return; /* given up meanwhile */
	}
}

void backend_side_take_end(struct connection *connection)
{
	switch (connection->state) {
	case CONNECTION_RELAYING:
	case CONNECTION_BACKEND_ENDED:
		if (relay_take_end(&connection->up))
			connection_fire(connection, EVENT_CLIENT_ENDED);
		return;
	case CONNECTION_CONNECTING:
		stream_watch_writable(&connection->backend); /* passed on as soon as it is connected */
		return;
	default:
		return;
	}
}
