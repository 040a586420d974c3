#include "proxy/io/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "proxy/io/loop.h"
#include "proxy/io/loop_uv.h"

#define SAME(ours, theirs) _Static_assert((ours) == (uint32_t)(theirs), "a kernel's bit is passed on as it is")

SAME(POLLER_READABLE, EPOLLIN);
SAME(POLLER_URGENT, EPOLLPRI);
SAME(POLLER_WRITABLE, EPOLLOUT);
SAME(POLLER_ERROR, EPOLLERR);
SAME(POLLER_CLOSED, EPOLLHUP);
SAME(POLLER_PEER_ENDED, EPOLLRDHUP);
SAME(POLLER_EDGES, EPOLLET);

static struct error watch_loop(struct poller *poller)
{
	poller->fd = epoll_create1(EPOLL_CLOEXEC);
	if (poller->fd < 0)
		return error_system("make an epoll set");
	loop_run_ready(poller->loop); /* libuv adds its handles to epoll when the loop is run */
	return poller_add(poller, &poller->loop_pollable, uv_backend_fd(&poller->loop->uv), POLLER_READABLE);
}

struct error poller_open(struct poller *poller, struct loop *loop)
{
	*poller = (struct poller){.fd = -1, .loop = loop};
	poller->queue.next = poller->queue.previous = &poller->queue;
	poller->events = calloc(POLLER_MAX_EVENTS, sizeof(*poller->events));
	if (poller->events == NULL)
		return error_of(ERROR_MEMORY, 0, "make an epoll set");
	struct error error = watch_loop(poller);
	if (failed(error))
		poller_close(poller);
	return error;
}

void poller_close(struct poller *poller)
{
	if (poller->fd >= 0)
		close(poller->fd);
	poller->fd = -1;
	free(poller->events);
	poller->events = NULL;
	poller->num_events = 0;
}

static struct error control(struct poller *poller, int operation, struct pollable *pollable, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data = {.ptr = pollable}};

	if (epoll_ctl(poller->fd, operation, fd, &event) != 0)
		return error_system("watch a socket");
	return error_none();
}

struct error poller_add(struct poller *poller, struct pollable *pollable, int fd, uint32_t events)
{
	return control(poller, EPOLL_CTL_ADD, pollable, fd, events);
}

struct error poller_change(struct poller *poller, struct pollable *pollable, int fd, uint32_t events)
{
	return control(poller, EPOLL_CTL_MOD, pollable, fd, events);
}

void poller_remove(struct poller *poller, int fd)
{
	epoll_ctl(poller->fd, EPOLL_CTL_DEL, fd, NULL);
}

static void unqueue(struct pollable *pollable)
{
	if (pollable->next == NULL)
		return;
	pollable->next->previous = pollable->previous;
	pollable->previous->next = pollable->next;
	pollable->next = pollable->previous = NULL;
}

void poller_forget(struct poller *poller, struct pollable *pollable)
{
	for (int i = 0; i < poller->num_events; i++)
		if (poller->events[i].data.ptr == pollable)
			poller->events[i].data.ptr = NULL;
	unqueue(pollable);
}

void poller_queue(struct poller *poller, struct pollable *pollable)
{
	if (pollable->next != NULL)
		return;
	pollable->next = &poller->queue;
	pollable->previous = poller->queue.previous;
	poller->queue.previous->next = pollable;
	poller->queue.previous = pollable;
}

/* Moves the queue to a ring of its own first: a pollable that queues itself again is called in the next turn. */
static void run_queue(struct poller *poller)
{
	struct pollable turn = {.next = &turn, .previous = &turn};

	if (poller->queue.next == &poller->queue)
		return;
	turn.next = poller->queue.next;
	turn.previous = poller->queue.previous;
	turn.next->previous = turn.previous->next = &turn;
	poller->queue.next = poller->queue.previous = &poller->queue;
	while (turn.next != &turn) {
		struct pollable *pollable = turn.next;

		unqueue(pollable);
		pollable->on_ready(pollable, 0);
	}
}

static int shorter_wait(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

struct error poller_wait(struct poller *poller, int wait_ms)
{
	if (poller->queue.next != &poller->queue)
		wait_ms = 0;
	int loop_wait_ms = uv_backend_timeout(&poller->loop->uv);
	poller->run_loop = loop_wait_ms >= 0;
	poller->num_events =
	    epoll_wait(poller->fd, poller->events, POLLER_MAX_EVENTS, shorter_wait(wait_ms, loop_wait_ms));
	if (poller->num_events >= 0)
		return error_none();
	poller->num_events = 0;
	if (errno == EINTR)
		return error_none();
	poller->run_loop = true; /* mail still comes */
	return error_system("wait for sockets");
}

/* Calls the cheap ones; puts the expensive ones to the front of the array, and returns their number. */
static int run_cheap(struct poller *poller)
{
	int num_expensive = 0;

	for (int i = 0; i < poller->num_events; i++) {
		struct epoll_event event = poller->events[i];
		struct pollable *pollable = event.data.ptr;

		if (pollable == &poller->loop_pollable) {
			poller->run_loop = true;
		} else if (pollable != NULL && pollable->expensive) {
			poller->events[i].data.ptr = NULL;
			poller->events[num_expensive++] = event;
		} else if (pollable != NULL) {
			pollable->on_ready(pollable, event.events);
		}
	}
	return num_expensive;
}

/* Handles the cheap events first, so that bytes do not wait for another client's cryptography. Several events of one
 * kind in a row also keep their code in the processor's caches. */
void poller_dispatch(struct poller *poller)
{
	poller->num_events = run_cheap(poller);
	for (int i = 0; i < poller->num_events; i++) {
		struct pollable *pollable = poller->events[i].data.ptr;

		if (pollable != NULL)
			pollable->on_ready(pollable, poller->events[i].events);
	}
	poller->num_events = 0;
	run_queue(poller);
	if (poller->run_loop)
		loop_run_ready(poller->loop);
}
