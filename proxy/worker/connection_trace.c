#include "proxy/worker/connection_trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "proxy/io/resolver.h"
#include "proxy/worker/backend_reason.h"
#include "proxy/worker/client_fault.h"
#include "proxy/worker/http_state.h"

enum { MAX_TEXT = sizeof(((struct worker_event *)NULL)->text), MAX_ALPN_TEXT = 96 };

static void post(struct connection *connection, const char *text)
{
	struct worker_thread *thread = connection->thread;
	struct worker_event *event =
	    worker_event_new(WORKER_TRACE, thread->options.index, connection->lease->snapshot, connection->site->index);
	if (event == NULL)
		return; /* out of memory: a line is what can be done without */
	snprintf(event->text, sizeof(event->text), "%u/%d: %s", thread->options.index, connection->client.stream.fd,
		 text);
	mailbox_post(thread->options.control, &event->mail);
}

/* Begins a new second where the last is over, and logs how many lines were left out in it. */
static void look_at_clock(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	char text[MAX_TEXT];

	if (thread->now_ms - thread->trace_since_ms < CONNECTION_TRACE_MS)
		return;
	if (thread->num_traced > CONNECTION_TRACE_MAX) {
		snprintf(text, sizeof(text),
			 "%u lines about this worker's connections were left out: there were too many",
			 thread->num_traced - CONNECTION_TRACE_MAX);
		post(connection, text);
	}
	thread->trace_since_ms = thread->now_ms;
	thread->num_traced = 0;
}

static void __attribute__((format(printf, 2, 3))) trace(struct connection *connection, const char *format, ...)
{
	char text[MAX_TEXT];
	va_list arguments;

	look_at_clock(connection);
	if (++connection->thread->num_traced > CONNECTION_TRACE_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	post(connection, text);
}

void connection_trace_accepted(struct connection *connection)
{
	const struct listen_socket *socket = connection->listener->socket;
	char peer[RESOLVER_MAX_TEXT];
	char own[CONFIG_ADDRESS_MAX];

	trace(connection, "accepted from %s at %s", client_fault_peer(connection, peer),
	      config_address_print(socket->host, socket->port, own));
}

/* Writes the names of a list (RFC 7301 3.1) with commas between them; "none" where there is none. */
static const char *print_alpn(struct bytes list, char out[MAX_ALPN_TEXT])
{
	size_t len = 0;

	snprintf(out, MAX_ALPN_TEXT, "none");
	for (size_t at = 0; at < list.len && at + 1 + list.data[at] <= list.len && len < MAX_ALPN_TEXT;
	     at += 1U + list.data[at])
		len += (size_t)snprintf(out + len, MAX_ALPN_TEXT - len, "%s%.*s", len > 0 ? "," : "",
					(int)list.data[at], (const char *)list.data + at + 1);
	return out;
}

static const char *version_name(uint16_t version)
{
	switch (version) {
	case TLS1_VERSION:
		return "TLSv1.0";
	case TLS1_1_VERSION:
		return "TLSv1.1";
	case TLS1_2_VERSION:
		return "TLSv1.2";
	default:
		return "another version";
	}
}

void connection_trace_hello(struct connection *connection, const struct client_hello *hello, uint16_t legacy_version)
{
	char alpn[MAX_ALPN_TEXT];

	trace(connection, "hello: up to %s, ALPN %s, name %s",
	      hello->offers_tls13 ? "TLSv1.3" : version_name(legacy_version), print_alpn(hello->alpn, alpn),
	      hello->has_sni ? hello->sni : "none");
}

void connection_trace_certificate(struct connection *connection)
{
	const struct certificate_list *chain = &connection->credential->chain;

	trace(connection, "is shown %zu certificate%s: %s", chain->count, chain->count == 1 ? "" : "s",
	      chain->items[0].certificate->subject);
}

void connection_trace_handshake(struct connection *connection)
{
	const SSL *ssl = connection->client.pump.ssl;
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	const uint8_t *name = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(ssl, &name, &len);
	trace(connection, "handshake done: %s, %s, ALPN %.*s%s", SSL_get_version(ssl),
	      cipher != NULL ? SSL_CIPHER_standard_name(cipher) : "no cipher", len > 0 ? (int)len : 4,
	      len > 0 ? (const char *)name : "none", SSL_session_reused(ssl) ? ", resumed" : "");
}

void connection_trace_try(struct connection *connection)
{
	char address[BACKEND_REASON_MAX_ADDRESS];

	trace(connection, "connects to %s", backend_address_print(backend_address_of(connection), address));
}

void connection_trace_reuse(struct connection *connection)
{
	char address[BACKEND_REASON_MAX_ADDRESS];

	trace(connection, "takes an idle connection to %s",
	      backend_address_print(backend_address_of(connection), address));
}

void connection_trace_reached(struct connection *connection)
{
	char address[BACKEND_REASON_MAX_ADDRESS];
	const SSL *ssl = connection->backend.pump.ssl;

	trace(connection, "%s is ready%s%s", backend_address_print(backend_address_of(connection), address),
	      ssl != NULL ? ": " : "", ssl != NULL ? SSL_get_version(ssl) : "");
}

void connection_trace_event(struct connection *connection, enum connection_event event)
{
	static const char *const words[NUM_CONNECTION_EVENTS] = {
	    [EVENT_VERDICT_NEEDED] = "asks whether the backend's chain is trusted",
	    [EVENT_VERDICT_GIVEN] = "the backend's chain has been judged",
	    [EVENT_NO_BACKEND_LEFT] = "no backend is left",
	    [EVENT_SHORTAGE] = "memory or descriptors are short",
	    [EVENT_CLIENT_ENDED] = "the client has ended",
	    [EVENT_BACKEND_ENDED] = "the backend has ended",
	    [EVENT_CLIENT_FAILED] = "the client sent an alert, or broke TLS",
	    [EVENT_CLIENT_BROKEN] = "the client reset the connection",
	    [EVENT_CUT] = "drain_timeout is over",
	};
	static const char *const limits[] = {
	    [DEADLINE_HANDSHAKE] = "handshake_timeout is over",
	    [DEADLINE_CONNECT] = "connect_timeout is over",
	    [DEADLINE_BACKEND_HANDSHAKE] = "handshake_timeout is over, of the backend's handshake",
	    [DEADLINE_KEEP] = "handshake_timeout is over, of the backend's handshake",
	    [DEADLINE_IDLE] = "idle_timeout is over",
	    [DEADLINE_LINGER] = "the client has not closed in time",
	};
	enum connection_deadline deadline = connection_rules_now(connection).deadline;
	bool of_backend = event == EVENT_CONNECT_FAILED || event == EVENT_BACKEND_BROKEN ||
			  (event == EVENT_PREAMBLE_FAILED && connection->state != CONNECTION_CLIENT_PREAMBLE);

	if (of_backend)
		trace(connection, "%s", connection->thread->reason);
	else if (event == EVENT_PREAMBLE_FAILED)
		trace(connection, "the handshake failed: %s", connection->client.pump.reason);
	else if (event == EVENT_DEADLINE && deadline == DEADLINE_HTTP)
		trace(connection, "%s is over", http_limit_name(http_connection_limit(&connection->http->exchanges)));
	else if (event == EVENT_DEADLINE)
		trace(connection, "%s", limits[deadline]);
	else if (words[event] != NULL)
		trace(connection, "%s", words[event]);
}

void connection_trace_closed(struct connection *connection)
{
	trace(connection, "closed: %llu bytes to the backend, %llu to the client",
	      (unsigned long long)connection->backend.out.bytes, (unsigned long long)connection->client.out.bytes);
}
