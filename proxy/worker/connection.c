#include "proxy/worker/connection.h"

#include <stdlib.h>

#include "proxy/shared/site_lookup.h"
#include "proxy/worker/http_state.h"

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

enum connection_event connection_run_short(struct connection *connection, int code)
{
	connection->thread->pause(connection->thread, code);
	return EVENT_SHORTAGE;
}

struct connection *connection_new(struct worker_thread *thread, struct snapshot_lease *lease,
				  const struct snapshot_listener *listener)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return NULL;

	connection->thread = thread;
	connection->listener = listener;
	connection->lease = lease;
	connection->lease->users++;
	connection_set_site(connection, site_lookup_fallback(listener->lookup));
	return connection;
}

void connection_free(struct connection *connection)
{
	http_state_free(connection->http);
	side_cleanup(&connection->client);
	side_cleanup(&connection->backend);
	timer_disarm(&connection->thread->timers, &connection->timer);
	snapshot_lease_unref(connection->lease);
	free(connection);
}

void connection_add(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	connection->next = thread->connections;
	if (connection->next != NULL)
		connection->next->previous = connection;
	thread->connections = connection;
	thread->num_connections++;
	counters_add(&thread->counters.connections_open, 1);
}

void connection_retire(struct connection *connection)
{
	struct worker_thread *thread = connection->thread;

	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		thread->connections = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	connection->previous = NULL;
	connection->next = thread->closed;
	thread->closed = connection;
	thread->num_connections--;
	counters_add(&thread->counters.connections_open, UINT64_MAX); /* one less */
}

void connections_free_closed(struct worker_thread *thread)
{
	while (thread->closed != NULL) {
		struct connection *connection = thread->closed;

		thread->closed = connection->next;
		connection_free(connection);
	}
}

/* Questions are numbered one by one, so that the lists are equally long. */
static struct connection **waiting_list(struct worker_thread *thread, uint64_t question)
{
	return &thread->waiting[question % WORKER_WAITING_LISTS];
}

void connection_wait(struct connection *connection)
{
	connection->question = ++connection->thread->num_questions;
	struct connection **list = waiting_list(connection->thread, connection->question);
	connection->next_waiting = *list;
	*list = connection;
	connection->waits = true;
}

void connection_stop_waiting(struct connection *connection)
{
	struct connection **link = waiting_list(connection->thread, connection->question);

	while (*link != NULL && *link != connection)
		link = &(*link)->next_waiting;
	if (*link != NULL)
		*link = connection->next_waiting;
	connection->waits = false;
}

struct connection *connections_find(struct worker_thread *thread, uint64_t question)
{
	struct connection *connection = *waiting_list(thread, question);

	while (connection != NULL && connection->question != question)
		connection = connection->next_waiting;
	return connection;
}
