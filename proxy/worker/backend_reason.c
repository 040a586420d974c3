#include "proxy/worker/backend_reason.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "proxy/wire/tls_reason.h"
#include "proxy/worker/client_fault.h"

const struct backend_address *backend_address_of(const struct connection *connection)
{
	return &connection->site->backends->addresses[connection->backend_index];
}

const char *backend_address_print(const struct backend_address *address, char out[BACKEND_REASON_MAX_ADDRESS])
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->address.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->address;

		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(out, BACKEND_REASON_MAX_ADDRESS, "[%s]:%u", host, ntohs(in6->sin6_port));
		return out;
	}
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address->address;
	inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
	snprintf(out, BACKEND_REASON_MAX_ADDRESS, "%s:%u", host, ntohs(in->sin_port));
	return out;
}

void backend_reason_set(struct connection *connection, const char *what, const char *why)
{
	char address[BACKEND_REASON_MAX_ADDRESS];
	char words[TLS_REASON_MAX];

	/* Only BoringSSL's names are printed anew: another reason may be longer. */
	if (strpbrk(why, " :") == NULL)
		why = tls_reason_print(why, words);
	snprintf(connection->thread->reason, WORKER_MAX_REASON, "%s: %s%s%s",
		 backend_address_print(backend_address_of(connection), address), what, why[0] != '\0' ? ": " : "", why);
}

void backend_reason_set_timeout(struct connection *connection)
{
	static const char *const texts[NUM_CONNECTION_STATES] = {
	    [CONNECTION_CONNECTING] = "no answer within connect_timeout",
	    [CONNECTION_BACKEND_PREAMBLE] = "the TLS handshake was not complete within handshake_timeout",
	    [CONNECTION_HTTP_CONNECTING] = "no answer within connect_timeout",
	    [CONNECTION_HTTP_PREAMBLE] = "the TLS handshake was not complete within handshake_timeout",
	    [CONNECTION_HTTP_VERDICT] = "its certificate could not be judged within handshake_timeout",
	    [CONNECTION_VERDICT] = "its certificate could not be judged within handshake_timeout",
	};

	if (texts[connection->state] != NULL)
		backend_reason_set(connection, texts[connection->state], "");
}

void backend_reason_report(struct connection *connection)
{
	char peer[RESOLVER_MAX_TEXT];
	char text[sizeof(((struct worker_event *)NULL)->text)];

	counters_add(&connection->thread->counters.backend_failures, 1);
	counters_add(&connection->counts->no_backend, 1);
	snprintf(text, sizeof(text), "%.*s, for %s", WORKER_MAX_REASON, connection->thread->reason,
		 client_fault_peer(connection, peer));
	connection_report(connection, WORKER_BACKEND_FAILED, 0, text);
}
