/* http_client - who the client of a request is, as the backend is told. */
#ifndef PROXY_HTTP_HTTP_CLIENT_H
#define PROXY_HTTP_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

/* Texts are borrowed. */
struct http_client {
	const char *address; /* numeric, without brackets; "" where there is none (a Unix socket) */
	const char *name; /* that the handshake asked for, as it came, for HTTP/1.0 without a Host; NULL: none */
	uint16_t port; /* of the site, that the client came to; 0: none (a Unix socket) */
	bool is_trusted; /* one of trusted_proxies: the X-Forwarded-* and Forwarded that it sent are kept */
};

#endif
