#include "proxy/system/listen_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chaincache/base/hash_index.h"

struct bind_address {
	struct sockaddr_storage address;
	socklen_t len;
};

static void every_address(struct bind_address *out, int family, uint16_t port)
{
	memset(out, 0, sizeof(*out));
	if (family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->address;

		*in6 =
		    (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
		out->len = sizeof(*in6);
		return;
	}
	struct sockaddr_in *in = (struct sockaddr_in *)&out->address;
	*in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_ANY)}};
	out->len = sizeof(*in);
}

static struct error find_address(const struct config_address *address, struct bind_address *out)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	char port[8];

	snprintf(port, sizeof(port), "%u", (unsigned)address->port);
	int status = getaddrinfo(address->host, port, &hints, &found);
	if (status != 0)
		return error_of(ERROR_RESOLVE, status, "find the listen address");
	memcpy(&out->address, found->ai_addr, found->ai_addrlen);
	out->len = found->ai_addrlen;
	freeaddrinfo(found);
	return error_none();
}

static struct error set_on(int fd, int level, int option)
{
	int on = 1;

	if (setsockopt(fd, level, option, &on, sizeof(on)) != 0)
		return error_system("set up a listening socket");
	return error_none();
}

/* Makes a bound socket, or an error and no descriptor. SO_REUSEADDR, so that a restart does not wait for TIME_WAIT. */
static struct error open_bound(const struct bind_address *address, bool reuse_port, int *out_fd)
{
	int both_families = 0;
	int fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_system("make a listening socket");

	struct error error = set_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (!failed(error) && reuse_port)
		error = set_on(fd, SOL_SOCKET, SO_REUSEPORT);
	if (!failed(error) && address->address.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &both_families, sizeof(both_families)) != 0)
		error = error_system("set up a listening socket");
	if (!failed(error) && bind(fd, (const struct sockaddr *)&address->address, address->len) != 0)
		error = error_system("listen on the address");
	if (failed(error))
		close(fd);
	else
		*out_fd = fd;
	return error;
}

/* SO_REUSEPORT would let us in beside another server of the same user, and share its connections: so the address is
 * tried without it first. */
static struct error check_free(const struct bind_address *address)
{
	int fd = -1;
	struct error error = open_bound(address, false, &fd);

	if (!failed(error))
		close(fd);
	return error;
}

static struct error choose_address(const struct config_address *address, struct bind_address *out)
{
	struct error error;

	if (address->host[0] != '\0') {
		error = find_address(address, out);
		return failed(error) ? error : check_free(out);
	}
	every_address(out, AF_INET6, address->port);
	error = check_free(out);
	if (!failed(error) || error.code == EADDRINUSE || error.code == EACCES)
		return error;
	every_address(out, AF_INET, address->port); /* a machine without IPv6 */
	return check_free(out);
}

static struct error open_listening(const struct bind_address *address, int *out_fd)
{
	struct error error = open_bound(address, true, out_fd);
	if (failed(error))
		return error;
	/* Accepted sockets inherit it. */
	error = set_on(*out_fd, IPPROTO_TCP, TCP_NODELAY);
	if (!failed(error) && listen(*out_fd, LISTEN_BACKLOG) != 0)
		error = error_system("listen on the address");
	return error;
}

/* Port 0 lets the kernel choose: the other workers' sockets take the port that the first one was given. */
static struct error open_all(struct listen_socket *listening, struct bind_address *address)
{
	for (unsigned i = 0; i < listening->num_workers; i++) {
		struct error error = open_listening(address, &listening->fds[i]);
		if (failed(error))
			return error;
		address->len = sizeof(address->address);
		if (getsockname(listening->fds[i], (struct sockaddr *)&address->address, &address->len) != 0)
			return error_system("ask a listening socket for its address");
	}
	return error_none();
}

struct error listen_socket_open(const struct config_address *address, unsigned num_workers, struct listen_socket **out)
{
	struct bind_address bound;

	if (num_workers == 0 || num_workers > LISTEN_MAX_WORKERS)
		return error_of(ERROR_LIMIT, 0, "a listener has 1 to 256 workers");
	struct error error = choose_address(address, &bound);
	if (failed(error))
		return error;

	struct listen_socket *listening = calloc(1, sizeof(*listening));
	if (listening == NULL)
		return error_of(ERROR_MEMORY, 0, "make a listener");
	atomic_init(&listening->references, 1);
	listening->port = address->port;
	listening->host = strdup(address->host);
	listening->fds = calloc(num_workers, sizeof(*listening->fds));
	if (listening->host == NULL || listening->fds == NULL) {
		error = error_of(ERROR_MEMORY, 0, "make a listener");
		goto out;
	}
	listening->num_workers = num_workers;
	for (unsigned i = 0; i < num_workers; i++)
		listening->fds[i] = -1;
	error = open_all(listening, &bound);
out:
	if (failed(error))
		listen_socket_unref(listening);
	else
		*out = listening;
	return error;
}

struct listen_socket *listen_socket_ref(struct listen_socket *socket)
{
	atomic_fetch_add_explicit(&socket->references, 1, memory_order_relaxed);
	return socket;
}

void listen_socket_unref(struct listen_socket *socket)
{
	if (socket == NULL || atomic_fetch_sub_explicit(&socket->references, 1, memory_order_acq_rel) != 1)
		return;
	for (unsigned i = 0; i < socket->num_workers; i++)
		if (socket->fds[i] >= 0)
			close(socket->fds[i]);
	free(socket->fds);
	free(socket->host);
	free(socket);
}

bool listen_socket_is(const struct listen_socket *socket, const char *host, uint16_t port)
{
	return socket->port == port && strcmp(socket->host, host) == 0;
}

uint32_t listen_socket_hash(const char *host, uint16_t port)
{
	return hash_index_text(HASH_INDEX_NO_TEXT ^ port, host);
}
