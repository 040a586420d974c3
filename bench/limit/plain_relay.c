#include "bench/limit/plain_relay.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

enum { MAX_EVENTS = 128, CLIENT = 0, BACKEND = 1 };

/* One way in: what was read from it and the other side did not take yet is kept, and nothing is read meanwhile. */
struct side {
	struct pair *pair;
	int fd;
	bool readable;
	bool ended; /* its end is behind the bytes: reads go on until they find it */
	uint8_t *kept; /* owned */
	size_t kept_len, kept_at;
};

struct pair {
	struct side sides[2];
	bool dead;
	struct pair *next_dead; /* freed behind the turn: events of its other side may follow */
};

struct relay {
	int epoll_fd;
	int listen_fd;
	int stop_fd;
	const struct sockaddr *backend;
	socklen_t backend_len;
	struct pair *dead;
	uint8_t chunk[CHUNK_BYTES];
};

static void end(struct relay *relay, struct pair *pair)
{
	if (pair->dead)
		return;
	pair->dead = true;
	for (int i = CLIENT; i <= BACKEND; i++) {
		if (pair->sides[i].fd >= 0)
			close(pair->sides[i].fd);
		free(pair->sides[i].kept);
	}
	pair->next_dead = relay->dead;
	relay->dead = pair;
}

static void free_dead(struct relay *relay)
{
	while (relay->dead != NULL) {
		struct pair *pair = relay->dead;
		relay->dead = pair->next_dead;
		free(pair);
	}
}

static bool keep(struct side *side, const uint8_t *data, size_t len)
{
	side->kept = malloc(len);
	if (side->kept == NULL)
		return false;
	memcpy(side->kept, data, len);
	side->kept_len = len;
	side->kept_at = 0;
	return true;
}

static bool pass(struct side *from, struct side *to, const uint8_t *data, size_t len)
{
	ssize_t sent = send(to->fd, data, len, MSG_NOSIGNAL);

	if (sent == (ssize_t)len)
		return true;
	if (sent < 0 && errno != EAGAIN)
		return false;
	return keep(from, data + (sent > 0 ? sent : 0), len - (sent > 0 ? (size_t)sent : 0));
}

static bool pass_kept(struct side *from, struct side *to)
{
	ssize_t sent = send(to->fd, from->kept + from->kept_at, from->kept_len - from->kept_at, MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN;
	from->kept_at += (size_t)sent;
	if (from->kept_at < from->kept_len)
		return true;
	free(from->kept);
	from->kept = NULL;
	return true;
}

/* Carries on one way until one of the sockets blocks: false at the end of the bytes. */
static bool carry(struct relay *relay, struct side *from, struct side *to)
{
	if (from->kept != NULL && !pass_kept(from, to))
		return false;
	while (from->readable && from->kept == NULL) {
		ssize_t got = recv(from->fd, relay->chunk, CHUNK_BYTES, 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			return false;
		if (got < 0)
			from->readable = false;
		else if (!pass(from, to, relay->chunk, (size_t)got))
			return false;
		if (got >= 0 && (size_t)got < CHUNK_BYTES && !from->ended)
			from->readable = false; /* emptied: what follows is a new edge */
	}
	return true;
}

static void on_event(struct relay *relay, struct side *side, uint32_t events)
{
	struct pair *pair = side->pair;
	struct side *other = &pair->sides[side == &pair->sides[CLIENT] ? BACKEND : CLIENT];
	if (pair->dead)
		return;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		side->readable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		side->ended = true;
	bool alive = carry(relay, side, other);
	if (alive && (events & EPOLLOUT) && other->kept != NULL)
		alive = carry(relay, other, side);
	if (!alive)
		end(relay, pair);
}

static bool watch(struct relay *relay, int fd, void *what, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = what};

	return epoll_ctl(relay->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_backend(struct relay *relay, struct pair *pair)
{
	struct side *side = &pair->sides[BACKEND];

	side->fd = socket(relay->backend->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return side->fd >= 0 && (connect(side->fd, relay->backend, relay->backend_len) == 0 || errno == EINPROGRESS);
}

/* The client's first bytes are there (TCP_DEFER_ACCEPT), and a connection on loopback stands at once. */
static void accept_client(struct relay *relay)
{
	const uint32_t events = (uint32_t)EPOLLIN | EPOLLOUT | EPOLLRDHUP | (uint32_t)EPOLLET;
	int fd = accept4(relay->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct pair *pair = fd >= 0 ? calloc(1, sizeof(*pair)) : NULL;

	if (pair == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	pair->sides[CLIENT] = (struct side){.pair = pair, .fd = fd, .readable = true};
	pair->sides[BACKEND] = (struct side){.pair = pair, .fd = -1};
	if (!open_backend(relay, pair) || !carry(relay, &pair->sides[CLIENT], &pair->sides[BACKEND]) ||
	    !watch(relay, fd, &pair->sides[CLIENT], events) ||
	    !watch(relay, pair->sides[BACKEND].fd, &pair->sides[BACKEND], events))
		end(relay, pair);
}

static bool relay_events(struct relay *relay)
{
	struct epoll_event events[MAX_EVENTS];

	for (;;) {
		int count = epoll_wait(relay->epoll_fd, events, MAX_EVENTS, -1);
		if (count < 0 && errno != EINTR)
			return false;
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == &relay->stop_fd)
				return true;
			if (events[i].data.ptr == &relay->listen_fd)
				accept_client(relay);
			else
				on_event(relay, events[i].data.ptr, events[i].events);
		}
		free_dead(relay);
	}
}

bool plain_relay_run(int listen_fd, int stop_fd, const struct sockaddr *backend, socklen_t backend_len)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	bool ok = false;

	if (relay == NULL)
		return false;
	relay->listen_fd = listen_fd;
	relay->stop_fd = stop_fd;
	relay->backend = backend;
	relay->backend_len = backend_len;
	relay->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (relay->epoll_fd >= 0 && watch(relay, listen_fd, &relay->listen_fd, EPOLLIN) &&
	    watch(relay, stop_fd, &relay->stop_fd, EPOLLIN))
		ok = relay_events(relay);
	free_dead(relay);
	if (relay->epoll_fd >= 0)
		close(relay->epoll_fd);
	free(relay);
	return ok;
}
