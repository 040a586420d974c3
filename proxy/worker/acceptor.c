#include "proxy/worker/acceptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/shortage.h"
#include "proxy/shared/network_set.h"
#include "proxy/worker/connection_machine.h"

struct acceptor {
	struct pollable pollable; /* first */
	struct acceptor *next;
	struct worker_thread *thread;
	struct listen_socket *socket; /* one reference */
	const struct snapshot_listener *listener; /* of the present snapshot, or of `lease` */
	struct snapshot_lease *lease; /* it leaves, and serves those who waited by this one; NULL: it does not leave */
	unsigned num_waiting; /* while it leaves: clients that it still takes */
	int fd;
	bool watched;
};

enum accept_result { ACCEPTED, NOTHING_TO_ACCEPT, NO_ROOM };

/* Tries again as after a pause: memory is short, ours or the kernel's. */
static void try_again_later(struct worker_thread *thread)
{
	timer_arm(&thread->timers, &thread->resume_timer, thread->now_ms + ACCEPTOR_PAUSE_MS);
}

static void watch(struct acceptor *acceptor)
{
	if (acceptor->watched)
		return;
	struct error error = poller_add(&acceptor->thread->poller, &acceptor->pollable, acceptor->fd, POLLER_READABLE);
	acceptor->watched = !failed(error);
	if (failed(error))
		try_again_later(acceptor->thread);
}

static void unwatch(struct acceptor *acceptor)
{
	if (acceptor->watched)
		poller_remove(&acceptor->thread->poller, acceptor->fd);
	acceptor->watched = false;
}

static void change_all(struct worker_thread *thread, void (*change)(struct acceptor *acceptor))
{
	for (struct acceptor *acceptor = thread->acceptors; acceptor != NULL; acceptor = acceptor->next)
		change(acceptor);
	for (struct acceptor *acceptor = thread->leaving; acceptor != NULL; acceptor = acceptor->next)
		change(acceptor);
}

static void pause_all(struct worker_thread *thread)
{
	thread->accepting_paused = true;
	change_all(thread, unwatch);
	try_again_later(thread);
	admission_wait(thread->options.admission, thread->options.index);
}

/* Leaves the timer armed: a listener that could not be opened, or watched, may need it. */
static void resume_all(struct worker_thread *thread)
{
	admission_stop_waiting(thread->options.admission, thread->options.index);
	thread->accepting_paused = false;
	change_all(thread, watch);
}

/* Pauses until a place is given back. Looks for one afterwards: one that was given back just before wakes nobody. */
static void wait_for_room(struct worker_thread *thread)
{
	pause_all(thread);
	if (admission_has_room(thread->options.admission))
		resume_all(thread);
}

static void open_missing(struct worker_thread *thread);

void acceptors_try_again(struct worker_thread *thread)
{
	open_missing(thread);
	if (!thread->accepting_paused || admission_has_room(thread->options.admission))
		resume_all(thread);
	else
		wait_for_room(thread);
}

static void pause_when_full(struct worker_thread *thread)
{
	const struct admission *admission = thread->options.admission;
	char why[96];

	counters_add(&thread->counters.accepts_paused_full, 1);
	snprintf(why, sizeof(why), "max_connections is reached (%llu); new clients wait",
		 (unsigned long long)admission_max(admission));
	worker_thread_report(thread, WORKER_FULL, NULL, 0, 0, why);
	wait_for_room(thread);
}

void acceptors_pause(struct worker_thread *thread, int code)
{
	char why[96];

	counters_add(&thread->counters.accept_errors, 1);
	snprintf(why, sizeof(why), "no connection can be accepted: %s; new clients wait", strerror(code));
	worker_thread_report(thread, WORKER_ACCEPT_PAUSED, NULL, 0, 0, why);
	backend_pool_empty(&thread->pool); /* they hold memory and descriptors that clients need now */
	pause_all(thread);
}

static enum accept_result accept_one(struct acceptor *acceptor)
{
	struct worker_thread *thread = acceptor->thread;

	if (!admission_take(thread->options.admission)) {
		pause_when_full(thread);
		return NO_ROOM;
	}
	/* Asks for the address here: a client that has reset its connection has none any more later. */
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	socklen_t peer_len = sizeof(peer);
	int fd = accept4(acceptor->fd, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		connection_open(thread, acceptor->lease != NULL ? acceptor->lease : thread->lease, acceptor->listener,
				fd, network_of_address((struct sockaddr *)&peer));
		return thread->accepting_paused ? NO_ROOM : ACCEPTED; /* memory was short for it */
	}
	int code = errno;
	admission_give_back(thread->options.admission, thread->options.index);
	if (shortage_is(code)) {
		acceptors_pause(thread, code);
		return NO_ROOM;
	}
	/* accept(2) also reports the error of a connection that broke while it waited: no error of the listener. */
	return code == EAGAIN ? NOTHING_TO_ACCEPT : ACCEPTED;
}

/* Accepts one of the clients that waited when the listener was dropped. */
static bool accept_waiting(struct acceptor *acceptor)
{
	if (acceptor->num_waiting == 0)
		return false;
	enum accept_result result = accept_one(acceptor);
	if (result == NO_ROOM)
		return false;
	acceptor->num_waiting = result == ACCEPTED ? acceptor->num_waiting - 1 : 0;
	return true;
}

/* Takes more in a turn with much else to do: new clients would starve behind those who move bytes in bulk. */
static void on_ready(struct pollable *pollable, uint32_t events)
{
	struct acceptor *acceptor = (struct acceptor *)(void *)pollable;
	int share = 1 + acceptor->thread->poller.num_events / ACCEPTOR_EVENTS_A_CLIENT;

	(void)events;
	for (int i = 0; i < share && acceptor->watched; i++)
		if (acceptor->lease != NULL ? !accept_waiting(acceptor) : accept_one(acceptor) != ACCEPTED)
			return;
}

/* Lets the kernel refuse new clients. The descriptor stays open, as it is the listen_socket's: listen() would bring it
 * back. */
static void acceptor_close(struct acceptor *acceptor)
{
	unwatch(acceptor);
	shutdown(acceptor->fd, SHUT_RDWR);
	listen_socket_unref(acceptor->socket);
	snapshot_lease_unref(acceptor->lease);
	free(acceptor);
}

/* Counts the clients that wait in the kernel, by the TCP_INFO of a listening socket (tcp(7)). */
static unsigned count_waiting(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 ? info.tcpi_unacked : LISTEN_BACKLOG;
}

/* Accepts the clients that wait as far as there is room, the others once there is room again. Meanwhile the kernel
 * queues no more than one behind them. */
static void acceptor_leave(struct acceptor *acceptor)
{
	struct worker_thread *thread = acceptor->thread;

	listen(acceptor->fd, 0);
	acceptor->num_waiting = count_waiting(acceptor->fd);
	acceptor->lease = thread->lease;
	acceptor->lease->users++;
	acceptor->next = thread->leaving;
	thread->leaving = acceptor;
	while (accept_waiting(acceptor))
		;
}

void acceptors_close_left(struct worker_thread *thread, bool all)
{
	struct acceptor **link = &thread->leaving;

	while (*link != NULL) {
		struct acceptor *acceptor = *link;

		if (acceptor->num_waiting > 0 && !all) {
			link = &acceptor->next;
			continue;
		}
		*link = acceptor->next;
		acceptor_close(acceptor);
	}
}

/* Unlinks the acceptor of `socket` that leaves, if there is one: it stays. */
static struct acceptor *take_back(struct worker_thread *thread, const struct listen_socket *socket)
{
	struct acceptor **link = &thread->leaving;

	while (*link != NULL && (*link)->socket != socket)
		link = &(*link)->next;
	struct acceptor *acceptor = *link;
	if (acceptor == NULL)
		return NULL;
	*link = acceptor->next;
	snapshot_lease_unref(acceptor->lease);
	acceptor->lease = NULL;
	acceptor->num_waiting = 0;
	return acceptor;
}

static struct acceptor *make(struct worker_thread *thread, struct listen_socket *socket)
{
	struct acceptor *acceptor = calloc(1, sizeof(*acceptor));
	if (acceptor == NULL)
		return NULL;

	acceptor->pollable.on_ready = on_ready;
	acceptor->thread = thread;
	acceptor->socket = listen_socket_ref(socket);
	acceptor->fd = socket->fds[thread->options.index];
	return acceptor;
}

static void acceptor_open(struct worker_thread *thread, const struct snapshot_listener *listener)
{
	struct acceptor *acceptor = take_back(thread, listener->socket);
	if (acceptor == NULL)
		acceptor = make(thread, listener->socket);
	if (acceptor == NULL) {
		try_again_later(thread);
		return;
	}
	acceptor->listener = listener;
	acceptor->next = thread->acceptors;
	thread->acceptors = acceptor;
	listen(acceptor->fd, LISTEN_BACKLOG); /* an address that an earlier snapshot has given up listens again */
	if (!thread->accepting_paused)
		watch(acceptor);
}

static size_t count_acceptors(const struct worker_thread *thread)
{
	size_t count = 0;

	for (const struct acceptor *acceptor = thread->acceptors; acceptor != NULL; acceptor = acceptor->next)
		count++;
	return count;
}

/* Opens the listeners of the present snapshot that have no acceptor. */
static void open_missing(struct worker_thread *thread)
{
	const struct snapshot *snapshot = thread->lease->snapshot;

	if (thread->draining || count_acceptors(thread) == snapshot->num_listeners)
		return;
	bool *is_open = calloc(snapshot->num_listeners, sizeof(*is_open));
	if (is_open == NULL) {
		try_again_later(thread);
		return;
	}
	for (const struct acceptor *acceptor = thread->acceptors; acceptor != NULL; acceptor = acceptor->next)
		is_open[acceptor->listener - snapshot->listeners] = true;
	for (size_t i = 0; i < snapshot->num_listeners; i++)
		if (!is_open[i])
			acceptor_open(thread, &snapshot->listeners[i]);
	free(is_open);
}

void acceptors_drop(struct worker_thread *thread, const struct snapshot *snapshot)
{
	struct acceptor **link = &thread->acceptors;

	while (*link != NULL) {
		struct acceptor *acceptor = *link;

		if (snapshot != NULL && snapshot_find_listener(snapshot, acceptor->socket) != NULL) {
			link = &acceptor->next;
			continue;
		}
		*link = acceptor->next;
		acceptor_leave(acceptor);
	}
}

void acceptors_adopt(struct worker_thread *thread, const struct snapshot *snapshot)
{
	for (struct acceptor *acceptor = thread->acceptors; acceptor != NULL; acceptor = acceptor->next)
		acceptor->listener = snapshot_find_listener(snapshot, acceptor->socket);
	open_missing(thread);
}
