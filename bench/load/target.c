#include "bench/load/target.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TRY_MS 2000

static bool answers(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	if (fd < 0)
		return false;
	int connected = connect(fd, info->ai_addr, info->ai_addrlen);
	bool ok = connected == 0 || (poll(&wait, 1, TRY_MS) == 1 && (wait.revents & (POLLERR | POLLHUP)) == 0 &&
				     (wait.revents & POLLOUT));
	close(fd);
	return ok;
}

struct error target_find(const struct load_plan *plan, struct target *target)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char port[8];

	snprintf(port, sizeof(port), "%u", plan->port);
	int code = getaddrinfo(plan->host, port, &hints, &list);
	if (code != 0)
		return error_of(ERROR_RESOLVE, code, "look up the server's name");
	const struct addrinfo *chosen = list;
	unsigned tried = 0;
	for (const struct addrinfo *info = list; list->ai_next != NULL && info != NULL; info = info->ai_next) {
		if (tried++ == TARGET_MAX_ADDRESSES)
			break;
		if (answers(info)) {
			chosen = info;
			break;
		}
	}
	memset(target, 0, sizeof(*target));
	memcpy(&target->address, chosen->ai_addr, chosen->ai_addrlen);
	target->address_len = chosen->ai_addrlen;
	freeaddrinfo(list);
	return error_none();
}

const char *target_print(const struct target *target, char *out, size_t out_size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool v6 = target->address.ss_family == AF_INET6;

	if (getnameinfo((const struct sockaddr *)&target->address, target->address_len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, out_size, "?");
	else
		snprintf(out, out_size, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	return out;
}
