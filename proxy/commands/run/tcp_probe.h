/* tcp_probe - finds out whether backends without TLS can be connected to: connects to each, and closes at once. */
#ifndef PROXY_COMMANDS_RUN_TCP_PROBE_H
#define PROXY_COMMANDS_RUN_TCP_PROBE_H

#include <netdb.h>

#include "conf/config.h"

#define TCP_PROBE_MS 2000 /* for one address of each */
#define TCP_PROBE_MAX 64 /* side by side */
#define TCP_PROBE_MAX_TEXT 128

/* One backend that is tried. */
struct tcp_probe {
	const struct config_address *address; /* borrowed */
	bool answered; /* of the result */
	char why[TCP_PROBE_MAX_TEXT]; /* what the last address answered, where none could be connected to */
	struct addrinfo *list; /* the rest is tcp_probe_all's */
	const struct addrinfo *next;
	int fd;
};

/* tcp_probe_all tries the addresses of each in turn, side by side, and waits for the answers. `count` is
 * TCP_PROBE_MAX at the most. */
void tcp_probe_all(struct tcp_probe *probes, size_t count);

#endif
