#include "proxy/commands/run/tcp_probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/io/alarm.h"
#include "proxy/io/clock.h"
#include "proxy/io/loop.h"

enum { NO_FD = -1, NS_PER_MS = 1000000 };

static void on_resolved(void *context, struct error error, const struct sockaddr_storage *addresses,
			size_t num_addresses)
{
	struct tcp_probe *probe = context;

	probe->resolver = NULL;
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];

		snprintf(probe->why, sizeof(probe->why), "%s", error_print(error, text, sizeof(text)));
		return;
	}
	probe->num_addresses = num_addresses < TCP_PROBE_MAX_ADDRESSES ? num_addresses : TCP_PROBE_MAX_ADDRESSES;
	memcpy(probe->addresses, addresses, probe->num_addresses * sizeof(*addresses));
}

static void start_look_up(struct loop *loop, struct tcp_probe *probe)
{
	probe->answered = false;
	probe->fd = NO_FD;
	probe->num_addresses = probe->next = 0;
	struct error error =
	    resolver_start(loop, probe->address->host, probe->address->port, probe, on_resolved, &probe->resolver);
	if (failed(error))
		on_resolved(probe, error, NULL, 0);
}

static bool is_looked_up(const struct tcp_probe *probes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (probes[i].resolver != NULL)
			return false;
	return true;
}

static void on_time_over(void *context)
{
	bool *is_over = context;

	*is_over = true;
}

static void look_up_all(struct loop *loop, struct tcp_probe *probes, size_t count, uint64_t until_ms)
{
	uint64_t now_ms = clock_now_ns() / NS_PER_MS;
	bool is_over = now_ms >= until_ms;
	struct alarm *alarm = alarm_new(loop, &is_over, on_time_over);

	for (size_t i = 0; i < count; i++)
		start_look_up(loop, &probes[i]);
	if (alarm != NULL)
		alarm_set(alarm, is_over ? 0 : until_ms - now_ms);
	while (alarm != NULL && !is_over && !is_looked_up(probes, count))
		loop_run_once(loop);
	alarm_free(alarm);
	for (size_t i = 0; i < count; i++) {
		if (probes[i].resolver == NULL)
			continue;
		resolver_cancel(probes[i].resolver);
		snprintf(probes[i].why, sizeof(probes[i].why), "its name was not looked up in time");
	}
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
	const struct sockaddr_storage *address = &probe->addresses[probe->next++];
	socklen_t len = address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	probe->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd < 0) {
		probe->fd = NO_FD;
		settle(probe, errno);
	} else if (connect(probe->fd, (const struct sockaddr *)address, len) == 0) {
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
static void wait_for_all(struct tcp_probe *probes, size_t count, uint64_t until_ms)
{
	struct pollfd waits[TCP_PROBE_MAX];
	uint64_t end_ms = clock_now_ns() / NS_PER_MS + TCP_PROBE_MS;

	if (end_ms > until_ms)
		end_ms = until_ms;

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

void tcp_probe_all(struct loop *loop, struct tcp_probe *probes, size_t count, uint64_t until_ms)
{
	bool tried = true;

	look_up_all(loop, probes, count, until_ms);
	while (tried) {
		tried = false;
		for (size_t i = 0; i < count; i++) {
			if (probes[i].answered || probes[i].next == probes[i].num_addresses)
				continue;
			try_next(&probes[i]);
			tried = true;
		}
		wait_for_all(probes, count, until_ms);
	}
}
