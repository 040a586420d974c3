/* connection_trace - logs what happens to a connection, step by step, with log_level = debug: who came, what its hello
 * said, which site and certificate it got, which backends were tried, how much went each way and how it ended.
 *
 * Its lines begin with the worker and the client's descriptor ("0/27"), which stay the same until it is closed. Where
 * nothing is traced, each of these reads one byte.
 */
#ifndef PROXY_WORKER_CONNECTION_TRACE_H
#define PROXY_WORKER_CONNECTION_TRACE_H

#include "proxy/wire/client_hello.h"
#include "proxy/worker/connection.h"

#define CONNECTION_TRACE_MAX 2000 /* lines of a worker within CONNECTION_TRACE_MS; the rest is counted */
#define CONNECTION_TRACE_MS 1000

/* connection_traces says whether a line is wanted; the functions below are called where it is. */
static inline bool connection_traces(const struct connection *connection)
{
	return __builtin_expect(connection->thread->traces, false);
}

void connection_trace_accepted(struct connection *connection);
void connection_trace_hello(struct connection *connection, const struct client_hello *hello, uint16_t legacy_version);
void connection_trace_certificate(struct connection *connection);
void connection_trace_handshake(struct connection *connection);
void connection_trace_try(struct connection *connection); /* the backend's address that is connected to */
void connection_trace_reuse(struct connection *connection); /* the address of an idle connection that is taken */
void connection_trace_reached(struct connection *connection); /* the backend is ready for content */
void connection_trace_event(struct connection *connection, enum connection_event event);
void connection_trace_closed(struct connection *connection);

#endif
