#include "proxy/worker/client_plain.h"

#include "proxy/http/http_page.h"
#include "proxy/shared/site_lookup.h"

#define MAX_PAGE_BYTES ((size_t)4 * 1024)

/* Says whether the request is for a host of the listener: no other name is repeated to the client. */
static bool find_host(const struct connection *connection, struct bytes given, char host[HTTP_PLAIN_MAX_HOST + 1])
{
	bool known = false;

	if (http_plain_host(given, host))
		site_lookup_find(connection->listener->lookup, host, &known);
	return known;
}

void client_plain_answer(struct connection *connection, struct bytes given)
{
	struct side *client = &connection->client;
	char host[HTTP_PLAIN_MAX_HOST + 1];
	struct buffer page;

	buffer_init(&page, MAX_PAGE_BYTES);
	bool known = find_host(connection, given, host);
	if (!failed(http_plain_page(given, known ? host : NULL, connection->listener->socket->port, &page))) {
		tls_pump_retract(&client->pump);
		stream_write(&client->stream, buffer_bytes(&page));
	}
	buffer_cleanup(&page);
}
