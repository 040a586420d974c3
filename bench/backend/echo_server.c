#include "bench/backend/echo_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "bench/load/pattern.h"

#define CHUNK_BYTES ((size_t)64 * 1024)

enum { MAX_EVENTS = 128, BACKLOG = 4096, MAX_COMMAND = 32, MAX_ADDRESS = 300, ROUNDS = 4 };

enum manner { UNDECIDED, ECHO, SEND, TAKE, ANSWER };

/* Reads nothing while `pending` holds something: so the memory of one connection is bounded. */
struct client {
	LIST_ENTRY(client) link;
	int fd;
	enum manner manner;
	uint64_t left; /* SEND, TAKE: bytes */
	uint64_t at; /* SEND: in the pattern */
	char command[MAX_COMMAND];
	size_t command_len;
	uint8_t *pending; /* owned; what the socket did not take */
	size_t pending_len, pending_at;
	bool ended; /* the peer's bytes are at their end */
	bool waits_for_room; /* EPOLLOUT is watched */
};

struct echo_server {
	int epoll_fd;
	int listen_fd;
	int stop_fd;
	LIST_HEAD(, client) clients;
	uint8_t chunk[CHUNK_BYTES];
};

static void drop(struct client *client)
{
	LIST_REMOVE(client, link);
	close(client->fd);
	free(client->pending);
	free(client);
}

/* Sends what the socket takes and keeps the rest; false when the connection is gone. */
static bool put(struct client *client, const uint8_t *data, size_t len)
{
	ssize_t sent = send(client->fd, data, len, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	size_t done = sent > 0 ? (size_t)sent : 0;
	if (done == len)
		return true;
	client->pending = malloc(len - done);
	if (client->pending == NULL)
		return false;
	memcpy(client->pending, data + done, len - done);
	client->pending_len = len - done;
	client->pending_at = 0;
	return true;
}

static bool put_pending(struct client *client)
{
	ssize_t sent = send(client->fd, client->pending + client->pending_at, client->pending_len - client->pending_at,
			    MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	client->pending_at += (size_t)sent;
	if (client->pending_at == client->pending_len) {
		free(client->pending);
		client->pending = NULL;
	}
	return true;
}

/* Sends from the pattern itself: bytes that the socket does not take need not be kept. */
static bool put_pattern(struct client *client, bool *out_full)
{
	struct bytes next = pattern_at(client->at, client->left < CHUNK_BYTES ? (size_t)client->left : CHUNK_BYTES);
	ssize_t sent = send(client->fd, next.data, next.len, MSG_NOSIGNAL);

	*out_full = sent < (ssize_t)next.len;
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	client->at += (uint64_t)sent;
	client->left -= (uint64_t)sent;
	return true;
}

static bool take(struct client *client, size_t len)
{
	static const uint8_t answer[] = {'o', 'k'};

	client->left -= len < client->left ? len : client->left;
	if (client->left > 0)
		return true;
	client->manner = ANSWER;
	return put(client, answer, sizeof(answer));
}

static bool starts_as(const struct client *client, const char *word)
{
	size_t len = strlen(word);

	return strncmp(client->command, word, client->command_len < len ? client->command_len : len) == 0;
}

static bool parse_command(struct client *client)
{
	char *end;

	client->command[client->command_len] = '\0';
	if (client->command_len < 6 || client->command[5] < '0' || client->command[5] > '9')
		return false;
	errno = 0;
	client->left = strtoull(client->command + 5, &end, 10);
	if (*end != '\n' || errno != 0)
		return false;
	client->manner = client->command[0] == 's' ? SEND : TAKE;
	return true;
}

/* Collects the first line as long as it may become a command; *data is what stands behind it. */
static bool decide(struct client *client, const uint8_t **data, size_t *len)
{
	while (*len > 0 && client->manner == UNDECIDED) {
		char byte = (char)**data;

		client->command[client->command_len++] = byte;
		(*data)++;
		(*len)--;
		bool possible = starts_as(client, "send ") || starts_as(client, "take ");
		if (possible && byte == '\n' && parse_command(client))
			return client->manner == SEND || client->left > 0 || take(client, 0);
		if (possible && byte != '\n' && client->command_len < MAX_COMMAND - 1)
			continue;
		client->manner = ECHO;
		return put(client, (const uint8_t *)client->command, client->command_len);
	}
	return true;
}

/* Echoes bytes that might have become a command: the peer has ended within them. */
static bool take_end(struct client *client)
{
	client->ended = true;
	if (client->manner != UNDECIDED || client->command_len == 0)
		return true;
	client->manner = ECHO;
	return put(client, (const uint8_t *)client->command, client->command_len);
}

static bool add_pending(struct client *client, const uint8_t *data, size_t len)
{
	if (client->pending == NULL)
		return put(client, data, len);
	uint8_t *grown = realloc(client->pending, client->pending_len + len);
	if (grown == NULL)
		return false;
	client->pending = grown;
	memcpy(grown + client->pending_len, data, len);
	client->pending_len += len;
	return true;
}

static bool take_bytes(struct client *client, const uint8_t *data, size_t len)
{
	/* Only where nothing came before: an echo of one byte goes straight through. */
	if (client->manner == UNDECIDED && client->command_len == 0 && data[0] != 's' && data[0] != 't')
		client->manner = ECHO;
	if (!decide(client, &data, &len))
		return false;
	if (len == 0)
		return true;
	if (client->manner == ECHO)
		return add_pending(client, data, len);
	return client->manner != TAKE || take(client, len);
}

/* Reads and answers until the socket is empty or full: false when the connection is at its end. */
static bool serve(struct echo_server *server, struct client *client)
{
	bool full = false;

	for (unsigned round = 0; round < ROUNDS; round++) {
		if (client->pending != NULL && (!put_pending(client) || client->pending != NULL))
			return client->pending != NULL;
		if (client->manner == SEND && client->left > 0) {
			if (!put_pattern(client, &full))
				return false;
			if (full)
				return true;
			continue;
		}
		if (client->ended)
			return false;
		ssize_t got = recv(client->fd, server->chunk, CHUNK_BYTES, 0);
		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		if (got == 0 && !take_end(client))
			return false;
		if (got > 0 && !take_bytes(client, server->chunk, (size_t)got))
			return false;
		if (got > 0 && (size_t)got < CHUNK_BYTES && client->pending == NULL && client->manner != SEND)
			return true; /* it was emptied: epoll reports the next bytes */
	}
	return true;
}

static void serve_client(struct echo_server *server, struct client *client)
{
	bool alive = serve(server, client);
	bool wants_room = client->pending != NULL || (client->manner == SEND && client->left > 0);

	if (!alive) {
		drop(client);
		return;
	}
	if (wants_room == client->waits_for_room)
		return;
	struct epoll_event event = {.events = wants_room ? EPOLLOUT : EPOLLIN, .data.ptr = client};
	client->waits_for_room = wants_room;
	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, client->fd, &event) != 0)
		drop(client);
}

static void accept_clients(struct echo_server *server)
{
	for (;;) {
		int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		struct client *client = calloc(1, sizeof(*client));
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
		if (client == NULL) {
			close(fd);
			return;
		}
		client->fd = fd;
		LIST_INSERT_HEAD(&server->clients, client, link);
		if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
			drop(client);
	}
}

static bool watch(struct echo_server *server, int *fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = fd};

	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, *fd, &event) == 0;
}

static bool serve_events(struct echo_server *server)
{
	struct epoll_event events[MAX_EVENTS];

	for (;;) {
		int count = epoll_wait(server->epoll_fd, events, MAX_EVENTS, -1);
		if (count < 0 && errno != EINTR)
			return false;
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == &server->stop_fd)
				return true;
			if (events[i].data.ptr == &server->listen_fd)
				accept_clients(server);
			else
				serve_client(server, events[i].data.ptr);
		}
	}
}

static void drop_all(struct echo_server *server)
{
	for (struct client *client = LIST_FIRST(&server->clients), *next; client != NULL; client = next) {
		next = LIST_NEXT(client, link);
		drop(client);
	}
}

bool echo_server_run(int listen_fd, int stop_fd)
{
	struct echo_server *server = malloc(sizeof(*server));
	bool ok = false;

	if (server == NULL)
		return false;
	LIST_INIT(&server->clients);
	server->listen_fd = listen_fd;
	server->stop_fd = stop_fd;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd >= 0 && watch(server, &server->listen_fd) && watch(server, &server->stop_fd))
		ok = serve_events(server);
	drop_all(server);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	free(server);
	return ok;
}

/* "HOST:PORT"; port 0 is any free one. */
int echo_server_listen(const char *address)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *info = NULL;
	char host[MAX_ADDRESS];
	int on = 1, fd = -1;

	snprintf(host, sizeof(host), "%s", address);
	char *colon = strrchr(host, ':');
	if (colon == NULL)
		return -1;
	*colon = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &info) != 0)
		return -1;
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Inherited by accepted sockets. */
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
			bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(info);
	return fd;
}
