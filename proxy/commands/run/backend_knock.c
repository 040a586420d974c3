#include "proxy/commands/run/backend_knock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/io/clock.h"

enum { NO_FD = -1, NS_PER_MS = 1000000 };

static void look_up(struct backend_knock *knock)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	char port[8];

	knock->answered = false;
	knock->fd = NO_FD;
	knock->list = NULL;
	snprintf(port, sizeof(port), "%u", knock->address->port);
	int status = getaddrinfo(knock->address->host, port, &hints, &knock->list);
	knock->next = status == 0 ? knock->list : NULL;
	if (status != 0)
		snprintf(knock->why, sizeof(knock->why), "%s", gai_strerror(status));
}

static void settle(struct backend_knock *knock, int code)
{
	if (knock->fd != NO_FD)
		close(knock->fd);
	knock->fd = NO_FD;
	knock->answered = code == 0;
	snprintf(knock->why, sizeof(knock->why), "%s", strerror(code));
}

/* Connects to the next address; fd is NO_FD where that is over already. */
static void try_next(struct backend_knock *knock)
{
	const struct addrinfo *info = knock->next;

	knock->next = info->ai_next;
	knock->fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (knock->fd < 0) {
		knock->fd = NO_FD;
		settle(knock, errno);
	} else if (connect(knock->fd, info->ai_addr, info->ai_addrlen) == 0) {
		settle(knock, 0);
	} else if (errno != EINPROGRESS) {
		settle(knock, errno);
	}
}

static void take_answers(struct backend_knock *knocks, const struct pollfd *waits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int code = 0;
		socklen_t len = sizeof(code);

		if (knocks[i].fd == NO_FD || waits[i].revents == 0)
			continue;
		if (getsockopt(knocks[i].fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
			code = errno;
		settle(&knocks[i], code);
	}
}

/* Waits until every connect is over, or its time is. poll(2) skips a descriptor below 0. */
static void wait_for_all(struct backend_knock *knocks, size_t count)
{
	struct pollfd waits[BACKEND_KNOCK_MAX];
	uint64_t end_ms = clock_now_ns() / NS_PER_MS + BACKEND_KNOCK_MS;

	for (;;) {
		uint64_t now_ms = clock_now_ns() / NS_PER_MS;
		size_t num_waiting = 0;

		for (size_t i = 0; i < count; i++) {
			waits[i] = (struct pollfd){.fd = knocks[i].fd, .events = POLLOUT};
			num_waiting += knocks[i].fd != NO_FD;
		}
		if (num_waiting == 0)
			return;
		if (now_ms >= end_ms || poll(waits, count, (int)(end_ms - now_ms)) < 0)
			break;
		take_answers(knocks, waits, count);
	}
	for (size_t i = 0; i < count; i++)
		if (knocks[i].fd != NO_FD)
			settle(&knocks[i], ETIMEDOUT);
}

void backend_knock_all(struct backend_knock *knocks, size_t count)
{
	bool tried = true;

	for (size_t i = 0; i < count; i++)
		look_up(&knocks[i]);
	while (tried) {
		tried = false;
		for (size_t i = 0; i < count; i++) {
			if (knocks[i].answered || knocks[i].next == NULL)
				continue;
			try_next(&knocks[i]);
			tried = true;
		}
		wait_for_all(knocks, count);
	}
	for (size_t i = 0; i < count; i++)
		if (knocks[i].list != NULL)
			freeaddrinfo(knocks[i].list);
}
