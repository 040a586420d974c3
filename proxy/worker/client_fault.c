#include "proxy/worker/client_fault.h"

#include <stdio.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "proxy/wire/first_bytes.h"
#include "proxy/wire/tls_reason.h"

enum fault {
	FAULT_BROKEN, /* anything else */
	FAULT_NO_TLS,
	FAULT_NOTHING_IN_COMMON,
	FAULT_REPORTED, /* where it was found */
};

/* By BoringSSL's reason. `words` say what is lacking. */
static const struct reason {
	int reason;
	enum fault fault;
	const char *words;
} reasons[] = {
    {SSL_R_NO_SHARED_CIPHER, FAULT_NOTHING_IN_COMMON, "no cipher suite (see `ciphers`)"},
    {SSL_R_NO_SHARED_GROUP, FAULT_NOTHING_IN_COMMON, "no key exchange group (see `groups`)"},
    {SSL_R_UNSUPPORTED_PROTOCOL, FAULT_NOTHING_IN_COMMON, "no TLS version (see `tls_min` and `tls_max`)"},
    {SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS, FAULT_NOTHING_IN_COMMON,
     "no signature algorithm for the key of the certificate"},
    {SSL_R_WRONG_CURVE, FAULT_NOTHING_IN_COMMON, "not the curve of the certificate's key"},
    {SSL_R_NO_APPLICATION_PROTOCOL, FAULT_NOTHING_IN_COMMON, "no application protocol (see `alpn`)"},
    {SSL_R_HTTP_REQUEST, FAULT_NO_TLS, ""},
    {SSL_R_HTTPS_PROXY_REQUEST, FAULT_NO_TLS, ""},
    {SSL_R_WRONG_VERSION_NUMBER, FAULT_NO_TLS, ""},
    {SSL_R_CONNECTION_REJECTED, FAULT_REPORTED, ""}, /* no certificate to serve */
    {SSL_R_CLIENTHELLO_TLSEXT, FAULT_REPORTED, ""}, /* unknown_names = reject */
};
static const struct reason other = {0, FAULT_BROKEN, ""};

enum { NUM_REASONS = sizeof(reasons) / sizeof(reasons[0]), NO_GROUP = NUM_REASONS };

/* In place of the row of SSL_R_NO_SHARED_CIPHER: BoringSSL agrees on no suite that needs a group then (client_hello.c). */
static const char no_group[] = "no cipher suite that does without a key exchange group, of which it names none "
			       "(`ciphers = ECDHE:kRSA` allows some)";

static const struct reason *find_reason(uint32_t packed_error)
{
	for (size_t i = 0; ERR_GET_LIB(packed_error) == ERR_LIB_SSL && i < NUM_REASONS; i++)
		if (ERR_GET_REASON(packed_error) == reasons[i].reason)
			return &reasons[i];
	return &other;
}

const char *client_fault_peer(const struct connection *connection, char out[RESOLVER_MAX_TEXT])
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getpeername(connection->client.stream.fd, (struct sockaddr *)&address, &len) != 0)
		return "a client that is gone";
	return resolver_print((const struct sockaddr *)&address, out);
}

/* `kind` and `number` together are limited apart from the others. */
static void report(struct connection *connection, enum worker_event_kind kind, uint8_t number, const char *words)
{
	char peer[RESOLVER_MAX_TEXT];
	char text[sizeof(((struct worker_event *)NULL)->text)];

	snprintf(text, sizeof(text), "%s: %s", client_fault_peer(connection, peer), words);
	connection_report(connection, kind, number, text);
}

/* BoringSSL knows some requests even where their first bytes came before those of the present event. */
static enum first_bytes guess_protocol(const struct reason *reason, struct bytes given)
{
	if (reason->reason == SSL_R_HTTP_REQUEST || reason->reason == SSL_R_HTTPS_PROXY_REQUEST)
		return FIRST_BYTES_HTTP;
	return first_bytes_of(given);
}

bool client_fault_is_http(const struct connection *connection, struct bytes given)
{
	const struct reason *reason = find_reason(connection->client.pump.channel->error);

	return reason->fault == FAULT_NO_TLS && connection->credential == NULL &&
	       guess_protocol(reason, given) == FIRST_BYTES_HTTP;
}

static void report_no_tls(struct connection *connection, const struct reason *reason, struct bytes given)
{
	enum first_bytes first = guess_protocol(reason, given);

	counters_add(&connection->counts->no_tls, 1);
	report(connection, WORKER_NO_TLS, (uint8_t)first, first_bytes_words(first));
}

static void report_broken(struct connection *connection)
{
	char words[TLS_REASON_MAX];

	report(connection, WORKER_CLIENT_BROKE, 0, tls_reason_print(connection->client.pump.reason, words));
}

static void report_nothing_in_common(struct connection *connection, const struct reason *reason)
{
	counters_add(&connection->counts->nothing_in_common, 1);
	if (reason->reason == SSL_R_NO_SHARED_CIPHER && connection->client_handshake.names_no_group)
		report(connection, WORKER_NOTHING_IN_COMMON, NO_GROUP, no_group);
	else
		report(connection, WORKER_NOTHING_IN_COMMON, (uint8_t)(reason - reasons), reason->words);
}

void client_fault_report(struct connection *connection, struct bytes given)
{
	const struct tls_pump *pump = &connection->client.pump;
	const struct reason *reason = find_reason(pump->channel->error);

	if (pump->channel->error == 0 || pump->alert != TLS_PUMP_NO_ALERT || pump->out_of_memory)
		return;
	switch (reason->fault) {
	case FAULT_NO_TLS:
		if (connection->credential == NULL)
			report_no_tls(connection, reason, given);
		else
			report_broken(connection);
		break;
	case FAULT_NOTHING_IN_COMMON:
		report_nothing_in_common(connection, reason);
		break;
	case FAULT_BROKEN:
		report_broken(connection);
		break;
	case FAULT_REPORTED:
		break;
	}
}

void client_fault_report_timeout(struct connection *connection)
{
	if (connection->client.heard)
		report(connection, WORKER_CLIENT_BROKE, 1, "it was not complete within handshake_timeout");
}
