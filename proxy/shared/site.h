/* site - one site for the workers: its credentials, the addresses of its backends, its counters. A part of a
 * snapshot, and read-only with it. */
#ifndef PROXY_SHARED_SITE_H
#define PROXY_SHARED_SITE_H

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/host_name.h"
#include "conf/config.h"
#include "proxy/http/http_policy.h"
#include "proxy/shared/backend_list.h"
#include "proxy/shared/credential.h"
#include "proxy/shared/site_tally.h"

#define SITE_MAX_CREDENTIALS 8

struct site {
	const struct config_site *config; /* borrowed from the snapshot's config */
	size_t index; /* of the site in snapshot->sites */
	struct credential *credentials[SITE_MAX_CREDENTIALS]; /* one reference each */
	bool reports_names; /* without `hostnames`: workers report the names that clients ask for */
	size_t num_credentials; /* 0 while the backend's leaf is not known: handshakes are refused, and reported */
	struct backend_list *backends; /* one reference */
	SSL_CTX *backend_ssl_ctx; /* client side, one reference; NULL for tcp backends */
	struct site_tally *tally; /* one reference; NULL: nobody reads its counts */
	/* Sent to a tls backend as SNI (unless an IP), and its certificate must cover it. With backend_name = client, where
	 * the client asked for no name of the site's. */
	struct host_name backend_name;
	bool backend_name_is_client;
	bool backend_below_tls13; /* TLS 1.3 with a backend failed where an older version does not (tls_client.h) */
	struct http_policy *http; /* owned; NULL: bytes are relayed as they are */
	struct buffer alpn; /* offered to clients, in the wire format, owned; empty: none is negotiated */
};

#endif
