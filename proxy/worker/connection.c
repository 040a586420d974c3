#include "proxy/worker/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/shared/site_lookup.h"
#include "proxy/worker/backend_side.h"
#include "proxy/worker/client_side.h"

#define CONNECTION_OF(member_pointer, member)                                                                          \
	((struct connection *)(void *)((char *)(member_pointer)-offsetof(struct connection, member)))

bool connection_takes_up(const struct connection *connection)
{
	switch (connection->state) {
	case CONNECTION_CONNECTING:
	case CONNECTION_BACKEND_HANDSHAKE:
	case CONNECTION_VERDICT:
	case CONNECTION_RELAYING:
	case CONNECTION_BACKEND_ENDED:
		return !connection->up.source_ended;
	default:
		return false;
	}
}

bool connection_takes_down(const struct connection *connection)
{
	return (connection->state == CONNECTION_RELAYING || connection->state == CONNECTION_CLIENT_ENDED) &&
	       !connection->down.source_ended;
}

void connection_set_site(struct connection *connection, const struct site *site)
{
	const struct worker_thread *thread = connection->thread;

	connection->site = site;
	connection->counts = site->tally != NULL ? site_tally_counts(site->tally, thread->options.index)
						 : site_tally_counts(thread->nobody, 0);
}

void connection_report(struct connection *connection, enum worker_event_kind kind, uint8_t alert, const char *text)
{
	worker_thread_report(connection->thread, kind, connection->lease->snapshot, connection->site->index, alert,
			     text);
}

static uint64_t deadline_after_ms(const struct connection *connection, enum connection_deadline deadline)
{
	const struct config_site *config = connection->site->config;

	switch (deadline) {
	case DEADLINE_HANDSHAKE:
	case DEADLINE_BACKEND_HANDSHAKE:
		return config->handshake_timeout_ms;
	case DEADLINE_CONNECT:
		return config->connect_timeout_ms;
	case DEADLINE_IDLE:
		return config->idle_timeout_ms;
	case DEADLINE_LINGER:
		return CONNECTION_LINGER_MS;
	case DEADLINE_NONE:
	case DEADLINE_KEEP:
		break;
	}
	return 0;
}

static void set_deadline(struct connection *connection, enum connection_deadline deadline)
{
	struct worker_thread *thread = connection->thread;

	if (deadline == DEADLINE_KEEP)
		return;
	if (deadline == DEADLINE_NONE)
		timer_disarm(&thread->timers, &connection->timer);
	else
		timer_arm(&thread->timers, &connection->timer,
			  thread->now_ms + deadline_after_ms(connection, deadline));
}

/* Questions are numbered one by one, so that the lists are equally long. */
static struct connection **waiting_list(struct worker_thread *thread, uint64_t question)
{
	return &thread->waiting[question % WORKER_WAITING_LISTS];
}

static void add_waiting(struct connection *connection)
{
	connection->question = ++connection->thread->num_questions;
	struct connection **list = waiting_list(connection->thread, connection->question);
	connection->next_waiting = *list;
	*list = connection;
}

static void remove_waiting(struct connection *connection)
{
	struct connection **link = waiting_list(connection->thread, connection->question);

	while (*link != NULL && *link != connection)
		link = &(*link)->next_waiting;
	if (*link != NULL)
		*link = connection->next_waiting;
}

/* The one place where the state changes. */
static void set_state(struct connection *connection, enum connection_state state)
{
	if (connection->state == CONNECTION_VERDICT && state != CONNECTION_VERDICT)
		remove_waiting(connection);
	if (connection->state != CONNECTION_VERDICT && state == CONNECTION_VERDICT)
		add_waiting(connection);
	connection->state = state;
	connection->last_active_ms = connection->thread->now_ms;
	set_deadline(connection, connection_deadline_of(state));
}

static enum connection_event do_nothing(struct connection *connection)
{
	(void)connection;
	return EVENT_NONE;
}

static enum connection_event end_client(struct connection *connection)
{
	client_side_end(connection, connection->state == CONNECTION_BACKEND_ENDED);
	return EVENT_NONE;
}

static enum connection_event give_up(struct connection *connection)
{
	backend_side_close(connection);
	relay_release(&connection->up);
	client_side_end(connection, true);
	return EVENT_NONE;
}

static enum connection_event abandon(struct connection *connection)
{
	backend_side_close(connection);
	relay_release(&connection->up);
	tls_channel_flush(&connection->thread->channel);
	stream_end(&connection->client);
	return EVENT_NONE;
}

static void unlink_open(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		thread->connections = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	connection->previous = NULL;
}

static enum connection_event close_all(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	tls_channel_flush(&thread->channel);
	stream_close(&connection->client);
	backend_side_close(connection);
	unlink_open(connection);
	connection->next = thread->closed;
	thread->closed = connection;
	thread->num_connections--;
	counters_add(&thread->counters.connections_open, UINT64_MAX); /* one less */
	admission_give_back(thread->options.admission, thread->options.index);
	return EVENT_NONE;
}

static enum connection_event (*const actions[NUM_CONNECTION_ACTIONS])(struct connection *connection) = {
    [ACTION_IMPOSSIBLE] = close_all,
    [ACTION_NOTHING] = do_nothing,
    [ACTION_CONNECT] = backend_side_connect,
    [ACTION_CONNECT_NEXT] = backend_side_connect_next,
    [ACTION_START_BACKEND_TLS] = backend_side_start_tls,
    [ACTION_ASK_VERDICT] = backend_side_ask_verdict,
    [ACTION_RESUME_BACKEND_TLS] = backend_side_resume_tls,
    [ACTION_START_RELAY] = backend_side_start_relay,
    [ACTION_END_BACKEND] = backend_side_end,
    [ACTION_END_CLIENT] = end_client,
    [ACTION_GIVE_UP] = give_up,
    [ACTION_ABANDON] = abandon,
    [ACTION_CLOSE] = close_all,
};

void connection_fire(struct connection *connection, enum connection_event event)
{
	while (event != EVENT_NONE) {
		struct connection_step step = connection_step_of(connection->state, event);

		set_state(connection, step.next);
		event = actions[step.action](connection);
	}
}

static bool is_flushed(const struct connection *connection)
{
	if (stream_backlog(&connection->client) > 0)
		return false;
	if (connection->state == CONNECTION_LINGERING)
		return connection->client.ended;
	return connection->state == CONNECTION_FLUSHING && stream_backlog(&connection->backend) == 0;
}

/* Full reads leave more behind, and so does the bottom of a backlog: another turn, after the others had theirs. */
static void queue_rest(struct connection *connection)
{
	struct poller *poller = &connection->thread->poller;

	if (connection->client.readable && client_side_may_read(connection))
		poller_queue(poller, &connection->client.pollable);
	else if (connection->backend.readable && backend_side_may_read(connection))
		poller_queue(poller, &connection->backend.pollable);
}

/* Nobody wakes us when the last byte is acknowledged, and a reset behind it would overtake it: so it is looked for in
 * the next tick. An end, where the backend has it, overtakes nothing. */
static bool has_reached_backend(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	if (stream_backlog(&connection->backend) > 0)
		return false;
	if (!connection->relays || connection->backend.end_sent || stream_is_delivered(&connection->backend))
		return true;
	timer_arm(&thread->timers, &connection->timer, thread->now_ms + TIMER_TICK_MS);
	return false;
}

/* What a client sent before it was gone is the backend's: it is read to its end and passed on. A client that sends,
 * closes and never reads resets the connection itself, by the session ticket that it leaves unread. */
static bool client_is_gone(struct connection *connection)
{
	if (!connection->client.write_failed || connection->state == CONNECTION_CLOSED)
		return false;
	if (connection->client.readable && client_side_may_read(connection))
		return false;
	return connection->up.held.len == 0 && has_reached_backend(connection);
}

/* A backend that has ended is read no more: only a write can find out that it is gone. */
static bool backend_is_gone(const struct connection *connection)
{
	return connection->state == CONNECTION_BACKEND_ENDED && connection->backend.write_failed;
}

static void work(struct connection *connection)
{
	client_side_read(connection);
	backend_side_read(connection);
	tls_channel_flush(&connection->thread->channel);
	if (client_is_gone(connection))
		connection_fire(connection, EVENT_CLIENT_BROKEN);
	if (backend_is_gone(connection))
		connection_fire(connection, EVENT_BACKEND_BROKEN);
	if (is_flushed(connection))
		connection_fire(connection, EVENT_FLUSHED);
	if (connection->state != CONNECTION_CLOSED)
		queue_rest(connection);
}

/* Bytes that go out count as activity, as those that come in do: a slow reader is not an idle one. */
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
	note(connection, &connection->client, events);
	work(connection);
}

static void on_backend_ready(struct pollable *pollable, uint32_t events)
{
	struct connection *connection = CONNECTION_OF(pollable, backend);

	if (connection->state == CONNECTION_CLOSED)
		return;
	note(connection, &connection->backend, events);
	if (connection->state == CONNECTION_CONNECTING && events != 0)
		backend_side_look_at_connect(connection);
	work(connection);
}

/* Such a deadline is not moved with each byte: when it comes, what has happened since is looked at. */
static bool is_premature(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;
	enum connection_deadline deadline = connection_deadline_of(connection->state);
	bool flushes = deadline == DEADLINE_LINGER && stream_backlog(&connection->client) > 0;

	if (deadline != DEADLINE_IDLE && !flushes)
		return false;
	uint64_t deadline_ms = connection->last_active_ms + deadline_after_ms(connection, deadline);
	if (deadline_ms <= thread->now_ms)
		return false;
	timer_arm(&thread->timers, &connection->timer, deadline_ms);
	return true;
}

static void on_deadline(struct timer *timer)
{
	struct connection *connection = CONNECTION_OF(timer, timer);
	enum connection_state state = connection->state;

	if (is_premature(connection)) {
		if (connection->client.write_failed)
			work(connection); /* has_reached_backend asked for it */
		return;
	}
	/* Where neither side has sent anything, nothing has told yet that the backend is connected. */
	if (state == CONNECTION_CONNECTING)
		backend_side_look_at_connect(connection);
	/* A timer that is armed again belongs to what followed. */
	if (connection->state == state && !timer_is_armed(timer)) {
		if (state == CONNECTION_HANDSHAKE) {
			counters_add(&connection->thread->counters.handshakes_timed_out, 1);
			counters_add(&connection->counts->timed_out, 1);
		}
		backend_side_note_timeout(connection);
		connection_fire(connection, EVENT_DEADLINE);
	}
	if (connection->state != CONNECTION_CLOSED)
		work(connection);
}

static struct connection *connection_new(struct worker_thread *thread, const struct snapshot_listener *listener)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return NULL;

	connection->thread = thread;
	connection->listener = listener;
	connection->lease = thread->lease;
	connection->lease->users++;
	connection_set_site(connection, site_lookup_fallback(listener->lookup));
	connection->timer.on_due = on_deadline;
	stream_init(&connection->client, &thread->poller, on_client_ready);
	connection->client.pollable.expensive = true;
	stream_init(&connection->backend, &thread->poller, on_backend_ready);
	relay_init(&connection->up);
	relay_init(&connection->down);
	return connection;
}

static void connection_free(struct connection *connection)
{
	stream_close(&connection->client);
	stream_close(&connection->backend);
	tls_pump_cleanup(&connection->client_tls);
	tls_pump_cleanup(&connection->backend_tls);
	relay_cleanup(&connection->up);
	relay_cleanup(&connection->down);
	timer_disarm(&connection->thread->timers, &connection->timer);
	snapshot_lease_unref(connection->lease);
	free(connection);
}

static void link_open(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	connection->next = thread->connections;
	if (connection->next != NULL)
		connection->next->previous = connection;
	thread->connections = connection;
	thread->num_connections++;
	counters_add(&thread->counters.connections_open, 1);
}

void connection_open(struct worker_thread *thread, const struct snapshot_listener *listener, int take_fd,
		     uint64_t network)
{
	const struct credential *first = site_lookup_first_credential(listener->lookup);
	struct connection *connection = NULL;

	counters_add(&thread->counters.connections_accepted, 1);
	if (first == NULL) {
		worker_thread_report(thread, WORKER_NO_CREDENTIAL, thread->lease->snapshot,
				     site_lookup_fallback(listener->lookup)->index, 0, "");
		close(take_fd);
		admission_give_back(thread->options.admission, thread->options.index);
		return;
	}
	connection = connection_new(thread, listener);
	if (connection == NULL || failed(client_side_start(connection, first))) {
		close(take_fd);
		goto out;
	}
	if (failed(stream_open(&connection->client, take_fd, false)))
		goto out;
	connection->network = network;
	link_open(connection);
	set_state(connection, CONNECTION_HANDSHAKE);
	return;
out:
	counters_add(&thread->counters.accept_errors, 1);
	if (connection != NULL)
		connection_free(connection);
	admission_give_back(thread->options.admission, thread->options.index);
}

void connections_give_verdict(struct worker_thread *thread, uint64_t question, bool trusted, const char *reason)
{
	struct connection *connection = *waiting_list(thread, question);

	while (connection != NULL && connection->question != question)
		connection = connection->next_waiting;
	if (connection == NULL)
		return; /* it did not wait so long */
	backend_side_give_verdict(connection, trusted, reason);
	if (connection->state != CONNECTION_CLOSED)
		work(connection);
}

void connections_cut_all(struct worker_thread *thread)
{
	while (thread->connections != NULL)
		connection_fire(thread->connections, EVENT_CUT);
}

void connections_free_closed(struct worker_thread *thread)
{
	while (thread->closed != NULL) {
		struct connection *connection = thread->closed;

		thread->closed = connection->next;
		connection_free(connection);
	}
}
