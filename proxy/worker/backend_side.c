#include "proxy/worker/backend_side.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proxy/io/shortage.h"
#include "proxy/worker/backend_reason.h"
#include "proxy/worker/connection_trace.h"
#include "proxy/worker/tls_backend.h"

const struct preamble backend_side_preambles[] = {
    {
	.is_wanted = tls_backend_is_wanted,
	.start = tls_backend_start,
	.take = tls_backend_take,
	.resume = tls_backend_resume,
    },
    {0},
};

/* Says whether the error is this machine's, and not the backend's. */
static bool is_own_fault(int code)
{
	return shortage_is(code) || code == EADDRNOTAVAIL;
}

/* Says whether the backend has bytes of a client that was cut or broke off: after a FIN, it would take a part for the
 * whole. */
static bool lacks_the_end(const struct connection *connection)
{
	return connection->relays && !connection->backend.stream.end_sent;
}

void backend_side_close(struct connection *connection)
{
	struct side *backend = &connection->backend;

	tls_channel_flush(&connection->thread->channel); /* the alert that says why */
	if (lacks_the_end(connection))
		stream_reset(&backend->stream);
	else
		stream_close(&backend->stream);
	tls_pump_cleanup(&backend->pump);
}

/* Puts the address that failed behind the others for a while. */
static void rest_address(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	const struct backend_address *address = backend_address_of(connection);

	backend_choice_rest(&thread->choice, address, thread->now_ms);
	site_counts_backend(connection->counts, address->backend, false, thread->now_ms);
}

static bool has_preamble(const struct connection *connection)
{
	return preambles_are_left(backend_side_preambles, connection->backend.preamble);
}

/* A port is taken for each destination apart: the next address may have one left. */
static void note_no_local_port(struct connection *connection)
{
	counters_add(&connection->thread->counters.no_local_port, 1);
	backend_reason_set(connection, "this machine has no local port left for a connection to it",
			   "see net.ipv4.ip_local_port_range, or let more addresses serve");
}

/* Connects to the chosen address: 0, or the errno where that fails at once. */
static int start_connect(struct connection *connection, void (*on_ready)(struct pollable *, uint32_t))
{
	struct worker_thread *thread = connection->thread;
	struct side *backend = &connection->backend;
	const struct backend_address *address = backend_address_of(connection);
	/* The write of the client's first bytes finds out whether it is connected. Without one, an event must. */
	bool watch = has_preamble(connection) || backend->out.held.len > 0 || backend->out.source_ended ||
		     connection->http != NULL;

	backend_side_close(connection);
	if (connection_traces(connection))
		connection_trace_try(connection);
	stream_init(&backend->stream, &thread->poller, on_ready);
	counters_add(&thread->counters.backend_connects, 1);
	site_counts_connect(connection->counts, address->backend);
	struct error error =
	    stream_connect(&backend->stream, (const struct sockaddr *)&address->address, address->address_len, watch);
	if (!failed(error))
		return 0;
	if (shortage_is(error.code))
		return error.code;
	if (error.code == EADDRNOTAVAIL) {
		note_no_local_port(connection);
		return error.code;
	}
	backend_reason_set(connection, error.step, strerror(error.code));
	rest_address(connection);
	return error.code;
}

static bool choose_address(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	size_t index;

	if (!backend_choice_next(&thread->choice, connection->site, connection->tried, thread->now_ms, &index))
		return false;
	connection->backend_index = (uint8_t)index;
	connection->tried |= 1U << index;
	return true;
}

/* Ends at the first shortage: there is one for every address. */
static enum connection_event try_addresses(struct connection *connection)
{
	void (*on_ready)(struct pollable *, uint32_t) = connection->backend.stream.pollable.on_ready;

	connection->backend.preamble = preambles_find(backend_side_preambles, 0, connection);
	while (choose_address(connection)) {
		int code = start_connect(connection, on_ready);

		if (code == 0)
			return EVENT_NONE;
		if (shortage_is(code))
			return connection_run_short(connection, code);
	}
	backend_reason_report(connection);
	return EVENT_NO_BACKEND_LEFT;
}

enum connection_event backend_side_connect(struct connection *connection)
{
	connection->tried = 0;
	if (!backend_list_is_known(connection->site->backends))
		return EVENT_ADDRESSES_NEEDED;
	snprintf(connection->thread->reason, WORKER_MAX_REASON, "no address of a backend is known");
	return try_addresses(connection);
}

enum connection_event backend_side_await_addresses(struct connection *connection)
{
	connection_wait(connection);
	return EVENT_NONE;
}

void backend_side_report_unknown(struct connection *connection)
{
	snprintf(connection->thread->reason, WORKER_MAX_REASON,
		 "the name of a backend was not looked up within connect_timeout: see whether the name server answers");
	backend_reason_report(connection);
}

enum connection_event backend_side_connect_next(struct connection *connection)
{
	if (!is_own_fault(connection->backend.stream.error))
		rest_address(connection);
	return try_addresses(connection);
}

enum connection_event backend_side_connect_other(struct connection *connection)
{
	return try_addresses(connection);
}

enum connection_event backend_side_watch_connect(struct connection *connection)
{
	stream_watch_writable(&connection->backend.stream);
	return EVENT_NONE;
}

enum connection_event backend_side_look_at_connect(struct connection *connection)
{
	struct stream *stream = &connection->backend.stream;

	if (stream_is_connected(stream))
		return EVENT_CONNECTED;
	if (stream->error == 0)
		return EVENT_NONE;
	backend_reason_set(connection, "connect", strerror(stream->error));
	return EVENT_CONNECT_FAILED;
}

static enum connection_event write_content(struct connection *connection, struct bytes bytes)
{
	return side_write(&connection->backend, bytes) ? EVENT_NONE : EVENT_BACKEND_BROKEN;
}

enum connection_event backend_side_start_relay(struct connection *connection)
{
	struct relay *out = &connection->backend.out;
	const struct backend_address *address = backend_address_of(connection);
	enum connection_event event = EVENT_NONE;

	connection->relays = true;
	if (connection_traces(connection))
		connection_trace_reached(connection);
	backend_choice_forget(&connection->thread->choice, address);
	site_counts_backend(connection->counts, address->backend, true, connection->thread->now_ms);
	if (out->held.len > 0)
		event = write_content(connection, buffer_bytes(&out->held));
	relay_release(out);
	return event == EVENT_NONE && relay_has_end(out) ? EVENT_CLIENT_ENDED : event;
}

static enum connection_event hold(struct connection *connection, struct bytes bytes)
{
	if (failed(relay_hold(&connection->backend.out, bytes)))
		return connection_run_short(connection, ENOMEM);
	return EVENT_NONE;
}

/* Tries to write at once: most connects to a backend nearby are done by now, and a write finds that out for free. */
static enum connection_event try_early_write(struct connection *connection, struct bytes bytes)
{
	struct side *backend = &connection->backend;
	size_t written = 0;

	if (has_preamble(connection) || backend->out.held.len > 0)
		return hold(connection, bytes);
	enum stream_result result = stream_try_write(&backend->stream, bytes, &written);
	if (result == STREAM_BYTES) {
		stream_write(&backend->stream, bytes_of(bytes.data + written, bytes.len - written));
		return EVENT_CONNECTED;
	}
	enum connection_event event = hold(connection, bytes);
	if (result == STREAM_BLOCKED) {
		stream_watch_writable(&backend->stream);
		return event;
	}
	backend_reason_set(connection, "connect", strerror(backend->stream.error));
	return event == EVENT_NONE ? EVENT_CONNECT_FAILED : event;
}

enum connection_event backend_side_take(struct connection *connection, struct bytes bytes)
{
	enum connection_flow flow = connection_rules_now(connection).up;

	connection->backend.out.bytes += bytes.len;
	counters_add(&connection->thread->counters.bytes_to_backend, bytes.len);
	counters_add(&connection->counts->bytes_to_backend, bytes.len);
	if (flow == FLOW_EARLY)
		return try_early_write(connection, bytes);
	return flow == FLOW_HELD ? hold(connection, bytes) : write_content(connection, bytes);
}

/* Keeps in words why the backend broke off, and reports it where the backend has sent nothing: it may have refused our
 * certificate after its handshake (TLS 1.3). */
static enum connection_event break_off(struct connection *connection, const char *what, const char *why)
{
	backend_reason_set(connection, what, why);
	if (connection_rules_now(connection).down == FLOW_PASSED && connection->client.out.bytes == 0)
		backend_reason_report(connection);
	return EVENT_BACKEND_BROKEN;
}

enum connection_event backend_side_fail(struct connection *connection)
{
	const struct tls_pump *pump = &connection->backend.pump;

	return pump->out_of_memory ? connection_run_short(connection, ENOMEM)
				   : break_off(connection, "TLS", pump->reason);
}

enum connection_event backend_side_break_off(struct connection *connection)
{
	int code = connection->backend.stream.error;

	return shortage_is(code) ? connection_run_short(connection, code)
				 : break_off(connection, "the connection broke", strerror(code));
}
