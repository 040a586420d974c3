#include "proxy/worker/connection_machine.h"

#include <errno.h>
#include <unistd.h>

#include "proxy/shared/site_lookup.h"
#include "proxy/worker/backend_reason.h"
#include "proxy/worker/backend_side.h"
#include "proxy/worker/client_fault.h"
#include "proxy/worker/client_report.h"
#include "proxy/worker/client_side.h"
#include "proxy/worker/connection_deadline.h"
#include "proxy/worker/connection_guards.h"
#include "proxy/worker/connection_http.h"
#include "proxy/worker/connection_trace.h"
#include "proxy/worker/tls_backend.h"

#define CONNECTION_OF(member_pointer, member)                                                                          \
	((struct connection *)(void *)((char *)(member_pointer)-offsetof(struct connection, member)))

static inline void fire(struct connection *connection, enum connection_event event);

/* Changes the state; nothing else does. */
static inline void set_state(struct connection *connection, enum connection_state state)
{
	if (connection->waits)
		connection_stop_waiting(connection);
	if (state == CONNECTION_CLOSED && connection_traces(connection))
		connection_trace_closed(connection);
	connection->state = state;
	connection->last_active_ms = connection->thread->now_ms;
	connection_deadline_set(connection, connection_rules_of(state).deadline);
}

static bool carries(struct connection *connection, enum connection_way way)
{
	return connection_flow_carries(connection_flow(connection, way)) &&
	       !connection_to(connection, way)->out.source_ended;
}

/* The differences between the two ways. */

static enum connection_event take(struct connection *connection, enum connection_way way, struct bytes content)
{
	return way == WAY_UP ? backend_side_take(connection, content) : client_side_take(connection, content);
}

static enum connection_event fail(struct connection *connection, enum connection_way way)
{
	return way == WAY_UP ? client_side_fail(connection) : backend_side_fail(connection);
}

/* Notes a reset. The bytes before it are still passed on, without an end behind them: a backend must not take a part
 * for the whole. */
static enum connection_event break_off(struct connection *connection, enum connection_way way)
{
	if (carries(connection, way))
		relay_break(&connection_to(connection, way)->out);
	return way == WAY_UP ? EVENT_CLIENT_BROKEN : backend_side_break_off(connection);
}

static enum connection_event end(struct connection *connection, enum connection_way way)
{
	relay_end(&connection_to(connection, way)->out);
	return way == WAY_UP ? EVENT_CLIENT_ENDED : EVENT_BACKEND_ENDED;
}

static const struct preamble *preambles(enum connection_way way)
{
	return way == WAY_UP ? client_side_preambles : backend_side_preambles;
}

/* Passes on the content of `input`, until there is no more or the state takes none. */
static inline void pass(struct connection *connection, enum connection_way way, struct tls_input *input)
{
	uint8_t *plain = connection->thread->plain;
	enum tls_result result = TLS_DONE;

	while (result == TLS_DONE && carries(connection, way)) {
		struct bytes content;

		result = side_take(connection_from(connection, way), input, plain, WORKER_READ_BYTES, &content);
		if (content.len > 0)
			fire(connection, take(connection, way, content));
	}
	if (!carries(connection, way))
		return; /* given up meanwhile */
	if (result == TLS_ENDED)
		fire(connection, end(connection, way));
	else if (result == TLS_FAILED)
		fire(connection, fail(connection, way));
}

/* Gives the content of `input` to the exchanges, until there is no more, or the backend that it comes from is dropped. Not
 * inlined: bytes that are relayed as they are would pay for it. */
static __attribute__((noinline)) void pass_http(struct connection *connection, enum connection_way way,
						struct tls_input *input)
{
	uint8_t *plain = connection->thread->plain;
	enum tls_result result = TLS_DONE;

	while (result == TLS_DONE && connection_flow(connection, way) == FLOW_HTTP) {
		struct bytes content;

		result = side_take(connection_from(connection, way), input, plain, WORKER_READ_BYTES, &content);
		if (content.len == 0)
			continue;
		bool is_last = way == WAY_UP || result == TLS_WANT_INPUT;
		fire(connection, connection_http_take(connection, way, content, is_last));
		if (way == WAY_DOWN && connection->http != NULL && connection->http->backend_dropped)
			return;
	}
	if (connection->http == NULL && result == TLS_DONE) /* a tunnel has begun */
		pass(connection, way, input);
	else if (connection_flow(connection, way) == FLOW_HTTP && result == TLS_ENDED)
		fire(connection, way == WAY_UP ? EVENT_CLIENT_ENDED : EVENT_BACKEND_ENDED);
	else if (carries(connection, way) && result == TLS_ENDED)
		fire(connection, end(connection, way));
	else if (result == TLS_FAILED && connection_flow(connection, way) >= FLOW_HTTP)
		fire(connection, fail(connection, way));
}

/* Handles what stands behind a preamble. */
static inline void deliver(struct connection *connection, enum connection_way way, struct tls_input *input)
{
	if (connection_flow(connection, way) == FLOW_HTTP)
		pass_http(connection, way, input);
	else
		pass(connection, way, input);
}

/* The actions; each returns the event that it brought about at once, or EVENT_NONE. */

static enum connection_event do_nothing(struct connection *connection)
{
	(void)connection;
	return EVENT_NONE;
}

static enum connection_event start_preamble(struct connection *connection)
{
	return preambles_start(backend_side_preambles, &connection->backend.preamble, connection);
}

static enum connection_event resume_preamble(struct connection *connection)
{
	struct tls_input rest = {0};
	enum connection_event event =
	    preambles_resume(backend_side_preambles, &connection->backend.preamble, connection, &rest);

	fire(connection, event);
	if (event == EVENT_PREAMBLE_DONE)
		deliver(connection, WAY_DOWN, &rest);
	tls_pump_release(&connection->backend.pump);
	return EVENT_NONE;
}

static enum connection_event end_backend(struct connection *connection)
{
	side_end(&connection->backend, &connection->client, &connection->thread->channel, true);
	return EVENT_NONE;
}

static enum connection_event end_client(struct connection *connection)
{
	side_end(&connection->client, &connection->backend, &connection->thread->channel, true);
	return EVENT_NONE;
}

static enum connection_event notify_client(struct connection *connection)
{
	side_end(&connection->client, &connection->backend, &connection->thread->channel, false);
	return EVENT_NONE;
}

/* Looks again in the next tick, since no event says that the last byte was acknowledged. */
static enum connection_event await_delivery(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	timer_arm(&thread->timers, &connection->timer, thread->now_ms + TIMER_TICK_MS);
	return EVENT_NONE;
}

/* Closes the backend, and drops what it was to get. */
static void drop_backend(struct connection *connection)
{
	backend_side_close(connection);
	relay_release(&connection->backend.out);
}

static enum connection_event fail_client(struct connection *connection)
{
	drop_backend(connection);
	if (client_side_refuse(connection))
		return EVENT_NONE;
	stream_reset(&connection->client.stream);
	return EVENT_CLIENT_BROKEN;
}

static enum connection_event fail_unknown(struct connection *connection)
{
	backend_side_report_unknown(connection);
	return fail_client(connection);
}

static enum connection_event await_client(struct connection *connection)
{
	stream_end(&connection->client.stream);
	return EVENT_NONE;
}

static enum connection_event leave_backend(struct connection *connection)
{
	drop_backend(connection);
	return await_client(connection);
}

static enum connection_event close_both(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	tls_channel_flush(&thread->channel);
	stream_close(&connection->client.stream);
	backend_side_close(connection);
	connection_retire(connection);
	admission_give_back(thread->options.admission, thread->options.index);
	return EVENT_NONE;
}

static enum connection_event close_failed(struct connection *connection)
{
	client_report_failure(connection, true);
	return close_both(connection);
}

static enum connection_event reset_client(struct connection *connection)
{
	tls_channel_flush(&connection->thread->channel); /* what is there for the backend */
	stream_reset(&connection->client.stream);
	return close_both(connection);
}

/* An alert that waits behind bytes that the client does not take does not reach it. */
static enum connection_event cut(struct connection *connection)
{
	if (!client_side_refuse(connection) || stream_backlog(&connection->client.stream) > 0)
		return reset_client(connection);
	return close_both(connection);
}

static enum connection_event cut_late(struct connection *connection)
{
	client_report_timeout(connection);
	client_fault_report_timeout(connection);
	return cut(connection);
}

static enum connection_event (*const actions[NUM_CONNECTION_ACTIONS])(struct connection *connection) = {
    [ACTION_IMPOSSIBLE] = reset_client,
    [ACTION_NOTHING] = do_nothing,
    [ACTION_CONNECT] = backend_side_connect,
    [ACTION_AWAIT_ADDRESSES] = backend_side_await_addresses,
    [ACTION_CONNECT_NEXT] = backend_side_connect_next,
    [ACTION_CONNECT_OTHER] = backend_side_connect_other,
    [ACTION_WATCH_CONNECT] = backend_side_watch_connect,
    [ACTION_START_PREAMBLE] = start_preamble,
    [ACTION_ASK_VERDICT] = tls_backend_ask,
    [ACTION_RESUME_PREAMBLE] = resume_preamble,
    [ACTION_START_RELAY] = backend_side_start_relay,
    [ACTION_END_BACKEND] = end_backend,
    [ACTION_END_CLIENT] = end_client,
    [ACTION_NOTIFY_CLIENT] = notify_client,
    [ACTION_AWAIT_DELIVERY] = await_delivery,
    [ACTION_FAIL] = fail_client,
    [ACTION_FAIL_UNKNOWN] = fail_unknown,
    [ACTION_LEAVE_BACKEND] = leave_backend,
    [ACTION_AWAIT_CLIENT] = await_client,
    [ACTION_CLOSE] = close_both,
    [ACTION_CLOSE_FAILED] = close_failed,
    [ACTION_HTTP_START] = connection_http_start,
    [ACTION_HTTP_CONNECT] = connection_http_connect,
    [ACTION_HTTP_OPEN] = connection_http_open,
    [ACTION_HTTP_NO_BACKEND] = connection_http_no_backend,
    [ACTION_HTTP_UNKNOWN] = connection_http_unknown,
    [ACTION_HTTP_CLIENT_ENDED] = connection_http_client_ended,
    [ACTION_HTTP_BACKEND_ENDED] = connection_http_backend_ended,
    [ACTION_HTTP_BACKEND_BROKEN] = connection_http_backend_broken,
    [ACTION_HTTP_LATE] = connection_http_late,
    [ACTION_HTTP_DRAIN] = connection_http_drain,
    [ACTION_HTTP_END] = connection_http_end,
    [ACTION_HTTP_SWITCH] = connection_http_switch,
    [ACTION_CUT] = cut,
    [ACTION_CUT_LATE] = cut_late,
    [ACTION_RESET] = reset_client,
};

/* Finds the first step whose guard holds. */
static inline const struct connection_step *choose_step(struct connection *connection, enum connection_event event)
{
	const struct connection_step *step = connection_steps_of(connection->state, event);

	while (step->guard != GUARD_NONE && !connection_guards[step->guard](connection))
		step++;
	return step;
}

/* Takes the step, and those that follow from the events of its action. */
static void take_step(struct connection *connection, enum connection_event event, const struct connection_step *step)
{
	for (;;) {
		if (connection_traces(connection))
			connection_trace_event(connection, event);
		if (step->next != CONNECTION_SAME)
			set_state(connection, step->next);
		event = actions[step->action](connection);
		if (event == EVENT_NONE)
			return;
		step = choose_step(connection, event);
	}
}

/* Takes the table's step for `event`. The connection may be CONNECTION_CLOSED afterwards. */
static inline void fire(struct connection *connection, enum connection_event event)
{
	if (event == EVENT_NONE)
		return;
	const struct connection_step *step = choose_step(connection, event);
	if (step->action != ACTION_NOTHING) /* which never changes the state */
		take_step(connection, event, step);
}

/* Gives `input` to the preamble that is under way, and passes on the content behind it. */
static inline void feed(struct connection *connection, enum connection_way way, struct tls_input *input)
{
	enum connection_flow flow = connection_flow(connection, way);

	if (connection_flow_carries(flow)) {
		pass(connection, way, input);
		return;
	}
	if (flow == FLOW_HTTP) {
		pass_http(connection, way, input);
		return;
	}
	uint8_t *at = &connection_from(connection, way)->preamble;
	enum connection_event event = preambles_take(preambles(way), at, connection, input);
	fire(connection, event);
	if (event != EVENT_PREAMBLE_DONE)
		return;
	deliver(connection, way, input);
	if (way == WAY_UP)
		client_side_acknowledge(connection);
}

/* Says whether a read ends in a reset. The end of a backend counts, whatever came behind it: its answer is whole. That
 * of a client which is gone by now does not: it may have been cut short. */
static bool is_broken(const struct side *from, enum connection_way way, enum stream_result result)
{
	return result == STREAM_BROKEN || (result == STREAM_END && way == WAY_UP && from->stream.write_failed);
}

/* Reads once, if the state allows it, and handles the bytes as the state says. */
static inline void read_side(struct connection *connection, enum connection_way way)
{
	struct worker_thread *thread = connection->thread;
	struct side *from = connection_from(connection, way);
	struct tls_input input;

	if (!from->stream.readable || !connection_may_read(connection, way))
		return;
	enum stream_result result = side_read(from, thread->received, WORKER_READ_BYTES, &input);
	if (result == STREAM_BLOCKED)
		return;
	if (is_broken(from, way, result)) {
		fire(connection, break_off(connection, way));
		return;
	}
	if (connection_flow(connection, way) == FLOW_DROPPED) {
		connection_deadline_note_dropped(connection);
		return;
	}
	if (!input.ended)
		connection->last_active_ms = thread->now_ms;
	feed(connection, way, &input);
}

/* Asks for another turn, after those of the others, where a full read or a backlog has left bytes to read. */
static void queue_rest(struct connection *connection)
{
	struct poller *poller = &connection->thread->poller;
	struct stream *client = &connection->client.stream;
	struct stream *backend = &connection->backend.stream;

	if (client->readable && connection_may_read(connection, WAY_UP))
		poller_queue(poller, &client->pollable);
	else if (backend->readable && connection_may_read(connection, WAY_DOWN))
		poller_queue(poller, &backend->pollable);
}

static void work(struct connection *connection)
{
	read_side(connection, WAY_UP);
	read_side(connection, WAY_DOWN);
	tls_channel_flush(&connection->thread->channel);
	fire(connection, EVENT_TURN_DONE);
	if (connection->state != CONNECTION_CLOSED)
		queue_rest(connection);
}

/* Counts bytes that go out as activity too: a slow reader is not an idle one. */
static void note(struct connection *connection, struct stream *stream, uint32_t events)
{
	size_t backlog = stream_backlog(stream);

	stream_note(stream, events);
	if (stream_backlog(stream) < backlog)
		connection->last_active_ms = connection->thread->now_ms;
}

static void on_client_ready(struct pollable *pollable, uint32_t events)
{
	struct connection *connection = CONNECTION_OF(pollable, client);

	if (connection->state == CONNECTION_CLOSED)
		return;
	note(connection, &connection->client.stream, events);
	work(connection);
}

static void look_at_connect(struct connection *connection)
{
	if (connection_rules_now(connection).awaits == AWAITS_CONNECT)
		fire(connection, backend_side_look_at_connect(connection));
}

static void on_backend_ready(struct pollable *pollable, uint32_t events)
{
	struct connection *connection = CONNECTION_OF(pollable, backend);

	if (connection->state == CONNECTION_CLOSED)
		return;
	note(connection, &connection->backend.stream, events);
	if (events != 0)
		look_at_connect(connection);
	work(connection);
}

static void on_deadline(struct timer *timer)
{
	struct connection *connection = CONNECTION_OF(timer, timer);
	enum connection_state state = connection->state;

	if (connection_deadline_is_premature(connection)) {
		if (connection->client.stream.write_failed)
			work(connection); /* ACTION_AWAIT_DELIVERY asked for it */
		return;
	}
	look_at_connect(connection); /* no event says so while neither side has sent anything */
	/* A timer that is armed again is for a later deadline. */
	if (connection->state == state && !timer_is_armed(timer)) {
		backend_reason_set_timeout(connection);
		fire(connection, EVENT_DEADLINE);
	}
	if (connection->state != CONNECTION_CLOSED)
		work(connection);
}

static struct connection *make(struct worker_thread *thread, struct snapshot_lease *lease,
			       const struct snapshot_listener *listener)
{
	struct connection *connection = connection_new(thread, lease, listener);
	if (connection == NULL)
		return NULL;

	connection->timer.on_due = on_deadline;
	side_init(&connection->client, &thread->poller, on_client_ready);
	connection->client.stream.pollable.expensive = true;
	side_init(&connection->backend, &thread->poller, on_backend_ready);
	return connection;
}

/* No site of the listener has a certificate to serve. */
static void refuse(struct worker_thread *thread, const struct snapshot_lease *lease, const struct site *site,
		   int take_fd)
{
	if (site->tally != NULL)
		counters_add(&site_tally_counts(site->tally, thread->options.index)->no_certificate, 1);
	worker_thread_report(thread, WORKER_NO_CREDENTIAL, lease->snapshot, site->index, 0, "");
	close(take_fd);
	admission_give_back(thread->options.admission, thread->options.index);
}

void connection_open(struct worker_thread *thread, struct snapshot_lease *lease,
		     const struct snapshot_listener *listener, int take_fd, uint64_t network)
{
	enum connection_event event = EVENT_PREAMBLE_FAILED;
	struct error error = error_of(ERROR_MEMORY, ENOMEM, "open a connection"); /* nothing else can fail */

	counters_add(&thread->counters.connections_accepted, 1);
	if (site_lookup_first_credential(listener->lookup) == NULL) {
		refuse(thread, lease, site_lookup_fallback(listener->lookup), take_fd);
		return;
	}
	struct connection *connection = make(thread, lease, listener);
	if (connection != NULL)
		event = preambles_start(client_side_preambles, &connection->client.preamble, connection);
	if (event == EVENT_PREAMBLE_FAILED) {
		close(take_fd);
		goto out;
	}
	error = stream_open(&connection->client.stream, take_fd, false);
	if (failed(error))
		goto out;
	connection->network = network;
	connection_add(connection);
	if (connection_traces(connection))
		connection_trace_accepted(connection);
	set_state(connection, CONNECTION_CLIENT_PREAMBLE);
	fire(connection, event);
	return;
out:
	if (connection != NULL)
		connection_free(connection);
	admission_give_back(thread->options.admission, thread->options.index);
	thread->pause(thread, error.code);
}

/* Takes the step for what the connection has waited for, and what follows. */
static void go_on(struct connection *connection, enum connection_event event)
{
	fire(connection, event);
	if (connection->state != CONNECTION_CLOSED)
		work(connection);
}

void connections_give_verdict(struct worker_thread *thread, uint64_t question, bool trusted, const char *reason)
{
	struct connection *connection = connections_find(thread, question);

	if (connection == NULL)
		return; /* it did not wait so long */
	tls_backend_note_verdict(connection, trusted, reason);
	go_on(connection, EVENT_VERDICT_GIVEN);
}

void connections_give_addresses(struct worker_thread *thread)
{
	for (size_t i = 0; i < WORKER_WAITING_LISTS; i++) {
		struct connection *next;

		for (struct connection *waiting = thread->waiting[i]; waiting != NULL; waiting = next) {
			next = waiting->next_waiting;
			if (connection_rules_now(waiting).awaits == AWAITS_ADDRESSES &&
			    backend_list_is_known(waiting->site->backends))
				go_on(waiting, EVENT_ADDRESSES_KNOWN);
		}
	}
}

void connections_drain(struct worker_thread *thread)
{
	struct connection *next;

	for (struct connection *connection = thread->connections; connection != NULL; connection = next) {
		next = connection->next; /* it may be closed, and moved to another list */
		if (connection_rules_now(connection).up == FLOW_HTTP)
			fire(connection, EVENT_HTTP_DRAIN);
	}
}

void connections_cut_all(struct worker_thread *thread)
{
	counters_add(&thread->counters.connections_cut, thread->num_connections);
	while (thread->connections != NULL)
		fire(thread->connections, EVENT_CUT);
}
