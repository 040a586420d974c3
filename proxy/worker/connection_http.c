#include "proxy/worker/connection_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proxy/shared/site_lookup.h"
#include "proxy/worker/backend_reason.h"
#include "proxy/worker/backend_side.h"
#include "proxy/worker/client_fault.h"
#include "proxy/worker/client_side.h"
#include "proxy/worker/connection_trace.h"
#include "proxy/worker/http_gather.h"
#include "proxy/worker/tls_backend.h"

/* A read, and a TLS record that had come in part before it. */
_Static_assert(WORKER_READ_BYTES + SSL3_RT_MAX_PLAIN_LENGTH <= HTTP_MAX_READ_BYTES, "a read is held as a whole");

static struct connection *connection_of(void *caller)
{
	return (struct connection *)caller;
}

/* The calls of http_connection. Small pieces are gathered, so that a head and what follows it go out as one. */

static void note_failure(struct connection *connection, enum connection_event event)
{
	if (connection->http->failure == EVENT_NONE)
		connection->http->failure = event;
}

static void write_to(struct connection *connection, enum connection_way way, struct bytes bytes)
{
	if (bytes.len > 0)
		note_failure(connection, way == WAY_UP ? backend_side_take(connection, bytes)
						       : client_side_take(connection, bytes));
}

static void flush(struct connection *connection)
{
	struct http_gather *gather = connection->thread->gather;

	write_to(connection, gather->down ? WAY_DOWN : WAY_UP, http_gather_take(gather));
}

static void gather(struct connection *connection, enum connection_way way, struct bytes bytes)
{
	struct http_gather *gathered = connection->thread->gather;
	bool down = way == WAY_DOWN;

	if (http_gather_add(gathered, down, bytes))
		return;
	flush(connection);
	if (!http_gather_add(gathered, down, bytes))
		write_to(connection, way, bytes);
}

static void to_client(void *caller, struct bytes bytes)
{
	gather(connection_of(caller), WAY_DOWN, bytes);
}

static void to_backend(void *caller, struct bytes bytes)
{
	struct connection *connection = connection_of(caller);

	connection->relays = true;
	gather(connection, WAY_UP, bytes);
}

static bool is_misdirected(void *caller, struct bytes host)
{
	const struct connection *connection = connection_of(caller);

	return site_lookup_is_elsewhere(connection->listener->lookup, connection->site, host);
}

static void on_refused(void *caller, bool answer, enum http_rule rule)
{
	struct connection *connection = connection_of(caller);
	const struct http_rule_row *row = http_rule_row(rule);
	char peer[RESOLVER_MAX_TEXT];
	char text[sizeof(((struct worker_event *)NULL)->text)];

	if (answer)
		snprintf(text, sizeof(text), "%s: %s (%s)", backend_address_print(backend_address_of(connection), peer),
			 row->text, row->section);
	else
		snprintf(text, sizeof(text), "%s: %s (%s)", client_fault_peer(connection, peer), row->text,
			 row->section);
	counters_add(answer ? &connection->counts->answers_refused : &connection->counts->requests_refused, 1);
	connection_report(connection, answer ? WORKER_ANSWER_REFUSED : WORKER_REQUEST_REFUSED, (uint8_t)rule, text);
}

static const struct http_calls calls = {
    .to_client = to_client,
    .to_backend = to_backend,
    .is_misdirected = is_misdirected,
    .on_refused = on_refused,
};

/* What a call has brought about. */

static void drop_backend(struct connection *connection)
{
	connection->relays = http_is_partial(&connection->http->exchanges);
	backend_side_close(connection);
	connection->relays = false;
	connection->http->backend_dropped = true;
}

/* Notes since when the exchange has its state, and has the timer ring in time. */
static void note_change(struct connection *connection)
{
	struct http_state *http = connection->http;
	struct worker_thread *thread = connection->thread;

	if (http->num_changes == http->exchanges.num_changes)
		return;
	http->num_changes = http->exchanges.num_changes;
	http->since_ms = thread->now_ms;
	uint64_t due_ms = connection_http_due_ms(connection);
	if (timer_is_armed(&connection->timer) && connection->timer.deadline_ms > due_ms &&
	    connection->state == CONNECTION_HTTP)
		timer_arm(&thread->timers, &connection->timer, due_ms);
}

/* Writes what is gathered, and turns wishes into the event that they are. */
static enum connection_event settle(struct connection *connection)
{
	struct http_state *http = connection->http;

	flush(connection);
	note_change(connection);
	unsigned wishes = http_take_wishes(&http->exchanges);
	if ((wishes & HTTP_WISH_DROP_BACKEND) != 0)
		drop_backend(connection);
	http->wants_fresh_backend = (wishes & HTTP_WISH_FRESH) != 0;
	enum connection_event failure = http->failure;
	http->failure = EVENT_NONE;
	if ((wishes & HTTP_WISH_BREAK) != 0)
		return EVENT_HTTP_BROKEN;
	if ((wishes & HTTP_WISH_END) != 0)
		return EVENT_HTTP_ENDED;
	if (failure != EVENT_NONE)
		return failure;
	if ((wishes & HTTP_WISH_TUNNEL) != 0)
		return EVENT_HTTP_SWITCHED;
	return (wishes & HTTP_WISH_BACKEND) != 0 ? EVENT_HTTP_BACKEND : EVENT_NONE;
}

/* Gives the backend's connection to the worker's other clients where the site shares it and nothing is under way on it. Those
 * of a former snapshot stay with their clients. */
static void spare_backend(struct connection *connection)
{
	struct http_state *http = connection->http;
	struct worker_thread *thread = connection->thread;
	struct side *backend = &connection->backend;

	if (!http_backend_is_spare(&http->exchanges) || connection->lease != thread->lease)
		return;
	if (thread->channel.to == &backend->stream)
		tls_channel_flush(&thread->channel);
	struct backend_pool_key key = {.site = connection->site->index, .address = connection->backend_index};
	struct backend_pool_times times = {http->backend_since_ms, thread->now_ms,
					   http->exchanges.policy->keepalive_timeout_ms};
	if (!side_is_quiet(backend) || !backend_pool_put(&thread->pool, &key, backend, times))
		return;
	http_backend_taken(&http->exchanges);
	connection->relays = false;
	http->backend_dropped = true;
}

enum connection_event connection_http_take(struct connection *connection, enum connection_way way, struct bytes content,
					   bool is_last)
{
	struct http_state *http = connection->http;

	http->backend_dropped = false;
	if (way == WAY_UP)
		http_from_client(&http->exchanges, content);
	else
		http_from_backend(&http->exchanges, content);
	enum connection_event event = settle(connection);
	if (is_last)
		spare_backend(connection);
	return event;
}

bool connection_http_may_read(struct connection *connection, enum connection_way way)
{
	const struct http_connection *exchanges = &connection->http->exchanges;

	if (way == WAY_UP ? !http_takes_client(exchanges) : !http_takes_backend(exchanges))
		return false;
	return relay_may_read(&connection_to(connection, way)->out,
			      stream_backlog(&connection_to(connection, way)->stream));
}

uint64_t connection_http_due_ms(const struct connection *connection)
{
	const struct http_state *http = connection->http;
	const struct http_policy *policy = http->exchanges.policy;
	uint64_t last_ms = connection->last_active_ms > http->since_ms ? connection->last_active_ms : http->since_ms;

	switch (http_connection_limit(&http->exchanges)) {
	case HTTP_LIMIT_KEEPALIVE:
		return http->since_ms + policy->keepalive_timeout_ms;
	case HTTP_LIMIT_HEAD:
		return http->since_ms + policy->head_timeout_ms;
	case HTTP_LIMIT_RESPONSE:
		return http->since_ms + policy->response_timeout_ms;
	case HTTP_LIMIT_BODY:
		return last_ms + policy->body_timeout_ms;
	case HTTP_LIMIT_IDLE:
	case HTTP_LIMIT_NONE:
		break;
	}
	return last_ms + policy->idle_timeout_ms;
}

/* The actions. */

/* Prints the address alone; an IPv4 one that came over an IPv6 socket as what it is. */
static void print_address(const struct sockaddr_storage *peer, char out[INET6_ADDRSTRLEN])
{
	const struct in6_addr *in6 = &((const struct sockaddr_in6 *)peer)->sin6_addr;

	if (peer->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, out, INET6_ADDRSTRLEN);
	else if (peer->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(in6))
		inet_ntop(AF_INET, &in6->s6_addr[12], out, INET6_ADDRSTRLEN);
	else if (peer->ss_family == AF_INET6)
		inet_ntop(AF_INET6, in6, out, INET6_ADDRSTRLEN);
}

static struct http_client client_of(const struct connection *connection, char address[INET6_ADDRSTRLEN])
{
	const struct trusted_proxies *trusted = connection->lease->snapshot->trusted_proxies;
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(peer);

	address[0] = '\0';
	bool known = getpeername(connection->client.stream.fd, (struct sockaddr *)&peer, &len) == 0;
	if (known)
		print_address(&peer, address);
	return (struct http_client){
	    .address = address,
	    .name = SSL_get_servername(connection->client.pump.ssl, TLSEXT_NAMETYPE_host_name),
	    .port = connection->listener->socket->port,
	    .is_trusted = known && trusted_proxies_has(trusted, (const struct sockaddr *)&peer),
	};
}

enum connection_event connection_http_start(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	if (thread->gather == NULL)
		thread->gather = http_gather_new();
	struct http_state *http = thread->gather != NULL ? http_state_new() : NULL;
	if (http == NULL)
		return connection_run_short(connection, ENOMEM);
	struct http_client client = client_of(connection, http->address);
	http_connection_init(&http->exchanges, connection->site->http, &client, &calls, connection);
	http->since_ms = thread->now_ms;
	connection->http = http;
	return thread->draining ? connection_http_drain(connection) : EVENT_NONE;
}

/* Takes an idle connection to the address that is next: one that was busy a moment ago does not keep clients away from a
 * better backend that is back. */
static bool reuse_backend(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	struct http_state *http = connection->http;
	struct host_name space;
	size_t index;

	if (!http->exchanges.policy->shares_backends || http->wants_fresh_backend ||
	    connection->lease != thread->lease ||
	    !backend_choice_next(&thread->choice, connection->site, 0, thread->now_ms, &index))
		return false;
	struct backend_pool_key key = {.site = connection->site->index, .address = (uint8_t)index};
	if (connection->site->backend_ssl_ctx != NULL)
		key.name = tls_backend_asked_name(connection, &space);
	if (!backend_pool_take(&thread->pool, &key, &connection->backend, &http->backend_since_ms))
		return false;
	connection->backend_index = (uint8_t)index;
	connection->backend.preamble = preambles_end(backend_side_preambles);
	if (connection_traces(connection))
		connection_trace_reuse(connection);
	return true;
}

enum connection_event connection_http_connect(struct connection *connection)
{
	struct http_state *http = connection->http;

	http->backend_was_shared = reuse_backend(connection);
	if (http->backend_was_shared)
		return EVENT_CONNECTED;
	http->backend_since_ms = connection->thread->now_ms;
	return backend_side_connect(connection);
}

enum connection_event connection_http_open(struct connection *connection)
{
	const struct backend_address *address = backend_address_of(connection);

	backend_choice_forget(&connection->thread->choice, address);
	site_counts_backend(connection->counts, address->backend, true, connection->thread->now_ms);
	http_backend_open(&connection->http->exchanges, connection->site->backend_ssl_ctx != NULL,
			  connection->http->backend_was_shared);
	return settle(connection);
}

enum connection_event connection_http_no_backend(struct connection *connection)
{
	backend_side_close(connection);
	http_no_backend(&connection->http->exchanges);
	return settle(connection);
}

enum connection_event connection_http_unknown(struct connection *connection)
{
	backend_side_report_unknown(connection);
	return connection_http_no_backend(connection);
}

enum connection_event connection_http_client_ended(struct connection *connection)
{
	http_client_ended(&connection->http->exchanges);
	return settle(connection);
}

/* Reports an end that came before the answer was whole: whatever the client gets for it, also behind an interim answer. */
static enum connection_event note_end(struct connection *connection, bool broken)
{
	struct http_connection *exchanges = &connection->http->exchanges;
	bool unanswered = exchanges->state == EXCHANGE_SENDING || exchanges->state == EXCHANGE_WAITING;

	connection->http->backend_dropped = false;
	http_backend_ended(exchanges, broken);
	bool lost = exchanges->state == EXCHANGE_OVER && (unanswered || (exchanges->wishes & HTTP_WISH_BREAK) != 0);
	if (lost && !broken)
		backend_reason_set(connection, "it ended the connection before its answer was whole", "");
	if (lost)
		backend_reason_report(connection);
	return settle(connection);
}

enum connection_event connection_http_backend_ended(struct connection *connection)
{
	return note_end(connection, false);
}

enum connection_event connection_http_backend_broken(struct connection *connection)
{
	return note_end(connection, true);
}

enum connection_event connection_http_late(struct connection *connection)
{
	struct http_connection *exchanges = &connection->http->exchanges;

	if (exchanges->state == EXCHANGE_WAITING) {
		backend_reason_set(connection, "no answer within response_timeout", "");
		backend_reason_report(connection);
	}
	http_late(exchanges);
	return settle(connection);
}

enum connection_event connection_http_drain(struct connection *connection)
{
	http_drain(&connection->http->exchanges);
	return settle(connection);
}

/* Says whether the client is to judge by the backend's own end whether its answer is whole. */
static bool passes_end(const struct connection *connection)
{
	const struct http_connection *exchanges = &connection->http->exchanges;

	return exchanges->answer_begun && exchanges->answer.kind_out == HTTP_BODY_UNTIL_CLOSE;
}

enum connection_event connection_http_end(struct connection *connection)
{
	struct side *client = &connection->client;

	if (!passes_end(connection) || !connection->backend.pump.cut)
		tls_pump_end(&client->pump);
	connection->relays = http_is_partial(&connection->http->exchanges);
	backend_side_close(connection);
	tls_channel_flush(&connection->thread->channel);
	stream_end(&client->stream);
	return EVENT_NONE;
}

enum connection_event connection_http_switch(struct connection *connection)
{
	struct http_state *http = connection->http;
	bool ended = http->exchanges.client_ended;

	http_take_held(&http->exchanges);
	flush(connection);
	enum connection_event failure = http->failure;
	connection->http = NULL;
	http_state_free(http);
	if (failure != EVENT_NONE || !ended)
		return failure;
	relay_end(&connection->backend.out);
	return EVENT_CLIENT_ENDED;
}
