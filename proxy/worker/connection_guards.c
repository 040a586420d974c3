#include "proxy/worker/connection_guards.h"

#include "proxy/worker/backend_side.h"

static bool speaks_http(struct connection *connection)
{
	return connection->site->http != NULL;
}

static bool backend_has_preamble(struct connection *connection)
{
	return preambles_are_left(backend_side_preambles, connection->backend.preamble);
}

static bool client_is_silent(struct connection *connection)
{
	return !connection->client.heard;
}

/* Holds only when the client is read to its end: the backend gets all that it sent. This matters for each client that
 * sends, closes and never reads: its kernel resets the connection over the session ticket that is left unread. */
static bool client_is_gone(struct connection *connection)
{
	const struct side *client = &connection->client;

	return client->stream.write_failed && !(client->stream.readable && connection_may_read(connection, WAY_UP));
}

static bool client_is_gone_written(struct connection *connection)
{
	const struct side *backend = &connection->backend;

	return client_is_gone(connection) && backend->out.held.len == 0 && stream_backlog(&backend->stream) == 0;
}

/* Holds once the last byte is acknowledged: until then, a reset would overtake it. A FIN does not overtake. */
static bool client_is_gone_delivered(struct connection *connection)
{
	const struct stream *backend = &connection->backend.stream;

	return client_is_gone_written(connection) && (backend->end_sent || stream_is_delivered(backend));
}

static bool client_has_left(struct connection *connection)
{
	return connection->client.stream.ended && stream_backlog(&connection->client.stream) == 0;
}

static bool backend_is_gone(struct connection *connection)
{
	return connection->backend.stream.write_failed;
}

static bool is_flushed(struct connection *connection)
{
	return stream_backlog(&connection->client.stream) == 0 && stream_backlog(&connection->backend.stream) == 0;
}

/* Holds when the socket reported bytes and no FIN since the last read. With a FIN, it is not read again to find out:
 * nothing follows a close_notify (RFC 8446 6.1), and each connection would pay for that read. */
static bool client_has_sent_more(struct connection *connection)
{
	const struct stream *client = &connection->client.stream;

	return is_flushed(connection) && client->readable && !client->read_to_end;
}

bool (*const connection_guards[NUM_CONNECTION_GUARDS])(struct connection *connection) = {
    [GUARD_HTTP] = speaks_http,
    [GUARD_BACKEND_PREAMBLE] = backend_has_preamble,
    [GUARD_CLIENT_SILENT] = client_is_silent,
    [GUARD_CLIENT_GONE] = client_is_gone,
    [GUARD_CLIENT_GONE_WRITTEN] = client_is_gone_written,
    [GUARD_CLIENT_GONE_DELIVERED] = client_is_gone_delivered,
    [GUARD_CLIENT_LEFT] = client_has_left,
    [GUARD_BACKEND_GONE] = backend_is_gone,
    [GUARD_CLIENT_SENT_MORE] = client_has_sent_more,
    [GUARD_FLUSHED] = is_flushed,
};
