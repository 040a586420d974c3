#include "proxy/worker/client_side.h"

#include <errno.h>

#include "proxy/worker/client_report.h"
#include "proxy/worker/client_tls.h"

const struct preamble client_side_preambles[] = {
    {.start = client_tls_start, .take = client_tls_take},
    {0},
};

/* Acknowledges the client's Finished (TLS 1.3) where no bytes follow that would. A client under Nagle's algorithm holds
 * its request back until then, and the kernel delays the acknowledgement by 40 ms. */
void client_side_acknowledge(struct connection *connection)
{
	if (connection->backend.out.bytes == 0 && connection->thread->channel.send_len == 0)
		stream_acknowledge(&connection->client.stream);
}

/* Returns the event of TLS that failed: for lack of memory, it is not the client's fault. */
static enum connection_event event_of_failure(struct connection *connection)
{
	return connection->client.pump.out_of_memory ? connection_run_short(connection, ENOMEM) : EVENT_CLIENT_FAILED;
}

enum connection_event client_side_take(struct connection *connection, struct bytes bytes)
{
	struct side *client = &connection->client;
	uint64_t now_ms = connection->thread->now_ms;

	if (now_ms - connection->last_down_ms >= CONNECTION_QUIET_MS)
		tls_pump_start_small(&client->pump);
	connection->last_down_ms = now_ms;
	client->out.bytes += bytes.len;
	counters_add(&connection->thread->counters.bytes_to_client, bytes.len);
	counters_add(&connection->counts->bytes_to_client, bytes.len);
	return side_write(client, bytes) ? EVENT_NONE : event_of_failure(connection);
}

enum connection_event client_side_fail(struct connection *connection)
{
	client_report_late_alert(connection);
	return event_of_failure(connection);
}

bool client_side_refuse(struct connection *connection)
{
	struct side *client = &connection->client;

	if (client->heard && !tls_pump_fail(&client->pump, SSL_AD_INTERNAL_ERROR))
		return false;
	tls_channel_flush(&connection->thread->channel);
	stream_end(&client->stream);
	return true;
}
