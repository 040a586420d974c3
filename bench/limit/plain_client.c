#include "bench/limit/plain_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/request.h"

#define NS_PER_MS UINT64_C(1000000)
#define CHUNK_BYTES ((size_t)64 * 1024)

enum { MAX_EVENTS = 64, MAX_SILENCE_MS = 10000 };

struct caller {
	int fd; /* -1: none */
	struct bytes unsent; /* of the request's present piece */
	struct request request;
};

struct client {
	const struct load_plan *plan;
	const struct sockaddr *address;
	socklen_t address_len;
	struct plain_client_result *result;
	int epoll_fd;
	uint64_t end_ns;
	uint64_t left;
	size_t num_open;
	struct caller *callers; /* plan->connections of them */
	uint8_t chunk[CHUNK_BYTES];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 * NS_PER_MS + (uint64_t)now.tv_nsec;
}

static bool send_request(struct client *client, struct caller *caller)
{
	for (;;) {
		if (caller->unsent.len == 0 && request_all_sent(&caller->request))
			return true;
		if (caller->unsent.len == 0)
			caller->unsent = request_next(&caller->request);
		ssize_t sent = send(caller->fd, caller->unsent.data, caller->unsent.len, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN;
		client->result->bytes += (uint64_t)sent;
		caller->unsent = bytes_of(caller->unsent.data + sent, caller->unsent.len - (size_t)sent);
	}
}

static void close_caller(struct client *client, struct caller *caller)
{
	if (caller->fd >= 0)
		close(caller->fd);
	caller->fd = -1;
	client->num_open--;
}

static bool open_caller(struct client *client, struct caller *caller)
{
	struct epoll_event event = {.events = (uint32_t)EPOLLIN | EPOLLOUT | EPOLLRDHUP | (uint32_t)EPOLLET,
				    .data.ptr = caller};

	client->num_open++;
	client->left--;
	request_begin(&caller->request, client->plan, "");
	caller->unsent = bytes_of(NULL, 0);
	caller->fd = socket(client->address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return caller->fd >= 0 &&
	       (connect(caller->fd, client->address, client->address_len) == 0 || errno == EINPROGRESS) &&
	       send_request(client, caller) && epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, caller->fd, &event) == 0;
}

/* False when it failed; *out_done when the answer is complete. */
static bool read_answer(struct client *client, struct caller *caller, bool *out_done)
{
	for (;;) {
		ssize_t got = recv(caller->fd, client->chunk, CHUNK_BYTES, 0);
		if (got < 0)
			return errno == EAGAIN;
		if (got == 0)
			return false;
		client->result->bytes += (uint64_t)got;
		enum request_verdict verdict = request_take(&caller->request, bytes_of(client->chunk, (size_t)got));
		*out_done = verdict == REQUEST_COMPLETE;
		if (verdict != REQUEST_GOES_ON)
			return *out_done;
		if ((size_t)got < CHUNK_BYTES)
			return true;
	}
}

static void start_some(struct client *client)
{
	for (unsigned i = 0; i < client->plan->connections; i++) {
		struct caller *caller = &client->callers[i];
		if (caller->fd >= 0 || client->left == 0 || now_ns() >= client->end_ns)
			continue;
		if (!open_caller(client, caller)) {
			client->result->failures++;
			close_caller(client, caller);
		}
	}
}

static void on_event(struct client *client, struct caller *caller)
{
	bool done = false;
	bool ok = send_request(client, caller) && read_answer(client, caller, &done);

	if (ok && !done)
		return;
	client->result->transactions += ok ? 1 : 0;
	client->result->failures += ok ? 0 : 1;
	close_caller(client, caller);
}

static bool work(struct client *client)
{
	struct epoll_event events[MAX_EVENTS];

	start_some(client);
	while (client->num_open > 0) {
		int count = epoll_wait(client->epoll_fd, events, MAX_EVENTS, MAX_SILENCE_MS);
		if (count == 0 || (count < 0 && errno != EINTR))
			return false;
		for (int i = 0; i < count; i++)
			on_event(client, events[i].data.ptr);
		start_some(client);
	}
	return true;
}

bool plain_client_run(const struct load_plan *plan, const struct sockaddr *address, socklen_t address_len,
		      struct plain_client_result *out)
{
	struct client *client = calloc(1, sizeof(*client));
	bool ok = false;

	*out = (struct plain_client_result){0};
	if (client == NULL)
		return false;
	client->plan = plan;
	client->address = address;
	client->address_len = address_len;
	client->result = out;
	client->left = plan->count > 0 ? plan->count : UINT64_MAX;
	client->end_ns = plan->duration_ms > 0 ? now_ns() + plan->duration_ms * NS_PER_MS : UINT64_MAX;
	client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	client->callers = calloc(plan->connections, sizeof(*client->callers));
	if (client->callers != NULL && client->epoll_fd >= 0) {
		for (unsigned i = 0; i < plan->connections; i++)
			client->callers[i].fd = -1;
		ok = work(client);
		for (unsigned i = 0; i < plan->connections; i++) {
			if (client->callers[i].fd >= 0)
				close_caller(client, &client->callers[i]);
		}
	}
	if (client->epoll_fd >= 0)
		close(client->epoll_fd);
	free(client->callers);
	free(client);
	return ok;
}
