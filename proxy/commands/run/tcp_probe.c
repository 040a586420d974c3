#include "proxy/commands/run/tcp_probe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/io/clock.h"

enum { NO_FD = -1, NS_PER_MS = 1000000 };

static void look_up(struct tcp_probe *probe)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	char port[8];

	probe->answered = false;
	probe->fd = NO_FD;
	probe->list = NULL;
	snprintf(port, sizeof(port), "%u", probe->address->port);
	int status = getaddrinfo(probe->address->host, port, &hints, &probe->list);
	probe->next = status == 0 ? probe->list : NULL;
	if (status != 0)
		snprintf(probe->why, sizeof(probe->why), "%s", gai_strerror(status));
}

static void settle(struct tcp_probe *probe, int code)
{
	if (probe->fd != NO_FD)
		close(probe->fd);
	probe->fd = NO_FD;
	probe->answered = code == 0;
	snprintf(probe->why, sizeof(probe->why), "%s", strerror(code));
}

/* Connects to the next address; fd is NO_FD where that is over already. */
static void try_next(struct tcp_probe *probe)
{
	const struct addrinfo *info = probe->next;

	probe->next = info->ai_next;
	probe->fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd < 0) {
		probe->fd = NO_FD;
		settle(probe, errno);
	} else if (connect(probe->fd, info->ai_addr, info->ai_addrlen) == 0) {
		settle(probe, 0);
	} else if (errno != EINPROGRESS) {
		settle(probe, errno);
	}
}

static void take_answers(struct tcp_probe *probes, const struct pollfd *waits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int code = 0;
		socklen_t len = sizeof(code);

		if (probes[i].fd == NO_FD || waits[i].revents == 0)
			continue;
		if (getsockopt(probes[i].fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
			code = errno;
		settle(&probes[i], code);
	}
}

/* Waits until every connect is over, or its time is. poll(2) skips a descriptor below 0. */
static void wait_for_all(struct tcp_probe *probes, size_t count)
{
	struct pollfd waits[TCP_PROBE_MAX];
	uint64_t end_ms = clock_now_ns() / NS_PER_MS + TCP_PROBE_MS;

	for (;;) {
		uint64_t now_ms = clock_now_ns() / NS_PER_MS;
		size_t num_waiting = 0;

		for (size_t i = 0; i < count; i++) {
			waits[i] = (struct pollfd){.fd = probes[i].fd, .events = POLLOUT};
			num_waiting += probes[i].fd != NO_FD;
		}
		if (num_waiting == 0)
			return;
		if (now_ms >= end_ms || poll(waits, count, (int)(end_ms - now_ms)) < 0)
			break;
		take_answers(probes, waits, count);
	}
	for (size_t i = 0; i < count; i++)
		if (probes[i].fd != NO_FD)
			settle(&probes[i], ETIMEDOUT);
}

void tcp_probe_all(struct tcp_probe *probes, size_t count)
{
	bool tried = true;

	for (size_t i = 0; i < count; i++)
		look_up(&probes[i]);
	while (tried) {
		tried = false;
		for (size_t i = 0; i < count; i++) {
			if (probes[i].answered || probes[i].next == NULL)
				continue;
			try_next(&probes[i]);
			tried = true;
		}
		wait_for_all(probes, count);
	}
	for (size_t i = 0; i < count; i++)
		if (probes[i].list != NULL)
			freeaddrinfo(probes[i].list);
}
