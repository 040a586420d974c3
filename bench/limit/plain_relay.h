/* plain_relay - the least that a relay can do: bytes from a listening socket's clients to a backend and back, plain
 * TCP, edge-triggered, on one thread, with no time limit, no counter and no configuration. What it costs is the
 * floor under every terminator. */
#ifndef BENCH_LIMIT_PLAIN_RELAY_H
#define BENCH_LIMIT_PLAIN_RELAY_H

#include <stdbool.h>
#include <sys/socket.h>

/* plain_relay_run relays to the address `backend` until `stop_fd` can be read. The end of a client's bytes ends both
 * connections. All descriptors stay the caller's. False when it could not. */
bool plain_relay_run(int listen_fd, int stop_fd, const struct sockaddr *backend, socklen_t backend_len);

#endif
