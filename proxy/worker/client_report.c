#include "proxy/worker/client_report.h"

#include "proxy/wire/client_hello.h"

static void report_rejection(struct connection *connection, enum worker_event_kind kind, uint8_t alert, bool late)
{
	const SSL *ssl = connection->client.pump.ssl;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct event_limit_entry report = {
	    .kind = kind,
	    .snapshot = connection->lease->snapshot,
	    .site = connection->site->index,
	    .alert = alert,
	    .late = late,
	    .network = connection->network,
	    /* A resumed session shows no chain: the client's alert is not about this credential. */
	    .credential = SSL_session_reused(ssl) ? NULL : connection->credential,
	};

	if (name != NULL)
		client_hello_copy_name(bytes_of_string(name), report.text);
	worker_thread_report_entry(connection->thread, &report);
}

static void report_alert(struct connection *connection, bool late)
{
	const struct tls_pump *pump = &connection->client.pump;

	if (pump->alert == TLS_PUMP_NO_ALERT || connection->backend.out.bytes > 0)
		return;
	counters_add(&connection->thread->counters.client_alerts, 1);
	site_counts_alert(connection->counts, (uint8_t)pump->alert);
	report_rejection(connection, WORKER_CLIENT_ALERT, (uint8_t)pump->alert, late);
}

/* Reports a client that ended in its handshake: many reject a certificate without an alert (a port scanner is as
 * silent). One that ends before our first flight, or resumes a session, has seen no certificate. */
static void report_vanished(struct connection *connection)
{
	const struct tls_pump *pump = &connection->client.pump;

	if (connection->credential == NULL || pump->alert != TLS_PUMP_NO_ALERT || SSL_session_reused(pump->ssl))
		return;
	counters_add(&connection->thread->counters.clients_vanished, 1);
	report_rejection(connection, WORKER_CLIENT_VANISHED, 0, false);
}

static void report_name(struct connection *connection, const SSL *ssl)
{
	struct worker_thread *thread = connection->thread;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	if (name == NULL || !reported_names_is_due(&thread->reported_names, connection->counts, name, thread->now_ms))
		return;
	struct event_limit_entry report = {
	    .kind = WORKER_NAME_ASKED,
	    .snapshot = connection->lease->snapshot,
	    .site = connection->site->index,
	};
	if (client_hello_copy_name(bytes_of_string(name), report.text))
		worker_thread_report_entry(thread, &report);
}

void client_report_handshake(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	const SSL *ssl = connection->client.pump.ssl;

	if (connection->site->reports_names)
		report_name(connection, ssl);
	counters_add(&thread->counters.handshakes_done, 1);
	site_counts_handshake(connection->counts, ssl);
	if (SSL_session_reused(ssl))
		counters_add(&thread->counters.handshakes_resumed, 1);
	else
		chain_tally_count(connection->credential->tally, thread->options.index);
}

void client_report_failure(struct connection *connection, bool ended)
{
	counters_add(&connection->thread->counters.handshakes_failed, 1);
	counters_add(&connection->counts->failed, 1);
	report_alert(connection, false);
	if (ended)
		report_vanished(connection);
}

void client_report_late_alert(struct connection *connection)
{
	report_alert(connection, true);
}

void client_report_timeout(struct connection *connection)
{
	counters_add(&connection->thread->counters.handshakes_timed_out, 1);
	counters_add(&connection->counts->timed_out, 1);
}
