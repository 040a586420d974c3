#include "proxy/worker/client_mismatch.h"

#include <stdio.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "proxy/io/resolver.h"

/* What is lacking, by BoringSSL's reason; NULL: something else failed. */
static const char *what_lacks(uint32_t packed_error)
{
	static const struct {
		int reason;
		const char *words;
	} known[] = {
	    {SSL_R_NO_SHARED_CIPHER, "no cipher suite (see `ciphers`)"},
	    {SSL_R_NO_SHARED_GROUP, "no key exchange group (see `groups`)"},
	    {SSL_R_UNSUPPORTED_PROTOCOL, "no TLS version (see `tls_min` and `tls_max`)"},
	    {SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS, "no signature algorithm for the key of the certificate"},
	    {SSL_R_WRONG_CURVE, "not the curve of the certificate's key"},
	};

	for (size_t i = 0; ERR_GET_LIB(packed_error) == ERR_LIB_SSL && i < sizeof(known) / sizeof(known[0]); i++)
		if (ERR_GET_REASON(packed_error) == known[i].reason)
			return known[i].words;
	return NULL;
}

static const char *print_peer(const struct connection *connection, char out[RESOLVER_MAX_TEXT])
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getpeername(connection->client.stream.fd, (struct sockaddr *)&address, &len) != 0)
		return "a client that is gone";
	return resolver_print((const struct sockaddr *)&address, out);
}

void client_mismatch_report(struct connection *connection)
{
	const char *lacking = what_lacks(connection->client.pump.channel->error);
	char peer[RESOLVER_MAX_TEXT];
	char text[sizeof(((struct worker_event *)NULL)->text)];

	if (lacking == NULL || connection->client.pump.alert != TLS_PUMP_NO_ALERT)
		return;
	counters_add(&connection->counts->nothing_in_common, 1);
	snprintf(text, sizeof(text), "%s: %s", print_peer(connection, peer), lacking);
	connection_report(connection, WORKER_NOTHING_IN_COMMON, 0, text);
}
