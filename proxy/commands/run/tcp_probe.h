/* tcp_probe - finds out whether backends without TLS can be connected to: connects to each, and closes at once. */
#ifndef PROXY_COMMANDS_RUN_TCP_PROBE_H
#define PROXY_COMMANDS_RUN_TCP_PROBE_H

#include "conf/config.h"
#include "proxy/io/resolver.h"

#define TCP_PROBE_MS 2000 /* for one address of each */
#define TCP_PROBE_MAX 64 /* side by side */
#define TCP_PROBE_MAX_ADDRESSES 4 /* of one name; the rest are not tried */
#define TCP_PROBE_MAX_TEXT 128

/* One backend that is tried. */
struct tcp_probe {
	const struct config_address *address; /* borrowed */
	bool answered; /* of the result */
	char why[TCP_PROBE_MAX_TEXT]; /* what the last address answered, where none could be connected to */
	struct resolver *resolver; /* the rest is tcp_probe_all's */
	struct sockaddr_storage addresses[TCP_PROBE_MAX_ADDRESSES];
	size_t num_addresses;
	size_t next;
	int fd;
};

/* tcp_probe_all looks the names up, tries the addresses of each in turn, side by side, and waits for the answers, until
 * `until_ms` at the most, by clock_now_ns in milliseconds: those that have given none by then have timed out. `count` is TCP_PROBE_MAX at
 * the most. On `loop`, a look-up may be left, as loop_free says. */
void tcp_probe_all(struct loop *loop, struct tcp_probe *probes, size_t count, uint64_t until_ms);

#endif
