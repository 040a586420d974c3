/* client_handshake - the app data of a client's SSL: how its handshake chooses a credential, and its ticket keys. */
#ifndef PROXY_SHARED_CLIENT_HANDSHAKE_H
#define PROXY_SHARED_CLIENT_HANDSHAKE_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "chaincache/base/bytes.h"

struct ticket_keys;

struct client_handshake {
	enum ssl_select_cert_result_t (*select)(struct client_handshake *handshake, const SSL_CLIENT_HELLO *hello);
	struct ticket_keys *ticket_keys; /* borrowed: those that seal and open this handshake's tickets */
	struct bytes alpn; /* set by select: offered, in the wire format; empty: none is negotiated */
	bool refuse_name; /* set by select: answer with the alert unrecognized_name */
};

#endif
