/* client_handshake - the app data of a client's SSL: how its handshake chooses a credential, and its ticket keys. */
#ifndef PROXY_SHARED_CLIENT_HANDSHAKE_H
#define PROXY_SHARED_CLIENT_HANDSHAKE_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "chaincache/base/bytes.h"

struct ticket_keys;

struct client_handshake;

/* Chooses by the hello of a handshake. */
struct client_handshake_calls {
	enum ssl_select_cert_result_t (*select)(struct client_handshake *handshake, const SSL_CLIENT_HELLO *hello);
	/* Returns the protocols to offer by ALPN, in the wire format; empty: none. Called after select. */
	struct bytes (*alpn)(const struct client_handshake *handshake);
};

struct client_handshake {
	const struct client_handshake_calls *calls;
	struct ticket_keys *ticket_keys; /* borrowed: those that seal and open this handshake's tickets */
	bool refuse_name; /* set by select: answer with the alert unrecognized_name */
	bool out_of_memory; /* set by select, where it fails for that */
	bool names_no_group; /* set by select: the hello has no supported_groups */
};

#endif
