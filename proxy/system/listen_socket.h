/* listen_socket - one listening address, with one socket a worker (SO_REUSEPORT), opened before privileges are dropped.
 *
 * Reference-counted by the snapshots that listen on it; the last reference closes the sockets.
 */
#ifndef PROXY_SYSTEM_LISTEN_SOCKET_H
#define PROXY_SYSTEM_LISTEN_SOCKET_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "chaincache/base/error.h"
#include "conf/config.h"

#define LISTEN_BACKLOG 4096
#define LISTEN_MAX_WORKERS CONFIG_MAX_WORKERS

struct listen_socket {
	atomic_uint references;
	char *host; /* as configured: the identity of the address across reloads */
	uint16_t port;
	unsigned num_workers;
	int *fds; /* one a worker, non-blocking, close-on-exec, listening */
};

/* listen_socket_open binds and listens. An address that any other process listens on already is ERROR_SYSTEM with
 * EADDRINUSE, be that process's socket SO_REUSEPORT or not. A host "" is every address, IPv6 and IPv4. */
MUST_USE struct error listen_socket_open(const struct config_address *address, unsigned num_workers,
					 struct listen_socket **out);
struct listen_socket *listen_socket_ref(struct listen_socket *socket);
void listen_socket_unref(struct listen_socket *socket);

/* listen_socket_is says whether it is the one of this address. listen_socket_hash is for a hash_index of such sockets. */
bool listen_socket_is(const struct listen_socket *socket, const char *host, uint16_t port);
uint32_t listen_socket_hash(const char *host, uint16_t port);

#endif
