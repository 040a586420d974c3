#include "proxy/worker/acceptor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/shared/network_set.h"
#include "proxy/worker/connection_machine.h"
#include "proxy/worker/shortage.h"

struct acceptor {
	struct pollable pollable; /* first */
	struct acceptor *next;
	struct worker_thread *thread;
	struct listen_socket *socket; /* one reference */
	const struct snapshot_listener *listener; /* of the present snapshot */
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

static void pause_all(struct worker_thread *thread)
{
	thread->accepting_paused = true;
	for (struct acceptor *acceptor = thread->acceptors; acceptor != NULL; acceptor = acceptor->next)
		unwatch(acceptor);
	try_again_later(thread);
	admission_wait(thread->options.admission, thread->options.index);
}

/* Leaves the timer armed: a listener that could not be opened, or watched, may need it. */
static void resume_all(struct worker_thread *thread)
{
	admission_stop_waiting(thread->options.admission, thread->options.index);
	thread->accepting_paused = false;
	for (struct acceptor *acceptor = thread->acceptors; acceptor != NULL; acceptor = acceptor->next)
		watch(acceptor);
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
		connection_open(thread, acceptor->listener, fd, network_of_address((struct sockaddr *)&peer));
		return ACCEPTED;
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

/* Takes more in a turn with much else to do: new clients would starve behind those who move bytes in bulk. */
static void on_ready(struct pollable *pollable, uint32_t events)
{
	struct acceptor *acceptor = (struct acceptor *)(void *)pollable;
	int share = 1 + acceptor->thread->poller.num_events / ACCEPTOR_EVENTS_A_CLIENT;

	(void)events;
	for (int i = 0; i < share && acceptor->watched; i++)
		if (accept_one(acceptor) != ACCEPTED)
			return;
}

/* Takes those who wait, and lets the kernel refuse new ones. The descriptor stays open, as it is the listen_socket's:
 * listen() would bring it back. */
static void acceptor_close(struct acceptor *acceptor)
{
	for (int i = 0; i < LISTEN_BACKLOG && accept_one(acceptor) == ACCEPTED; i++)
		;
	unwatch(acceptor);
	shutdown(acceptor->fd, SHUT_RDWR);
	listen_socket_unref(acceptor->socket);
	free(acceptor);
}

static void acceptor_open(struct worker_thread *thread, const struct snapshot_listener *listener)
{
	struct acceptor *acceptor = calloc(1, sizeof(*acceptor));
	if (acceptor == NULL) {
		try_again_later(thread);
		return;
	}
	acceptor->pollable.on_ready = on_ready;
	acceptor->thread = thread;
	acceptor->socket = listen_socket_ref(listener->socket);
	acceptor->listener = listener;
	acceptor->fd = listener->socket->fds[thread->options.index];
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
		acceptor_close(acceptor);
	}
}

void acceptors_adopt(struct worker_thread *thread, const struct snapshot *snapshot)
{
	for (struct acceptor *acceptor = thread->acceptors; acceptor != NULL; acceptor = acceptor->next)
		acceptor->listener = snapshot_find_listener(snapshot, acceptor->socket);
	open_missing(thread);
}
