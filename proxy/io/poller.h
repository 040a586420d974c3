/* poller - an epoll set in which a worker's thread sleeps. It holds the sockets of the connections and, as one more
 * descriptor, the worker's loop, which runs when it has mail or timers.
 *
 * The sockets are not watched on the loop, since libuv spends two ioctl and two to four epoll_ctl a connection that an
 * edge-triggered set does without: a tenth of a handshake's cost beside the cryptography.
 */
#ifndef PROXY_IO_POLLER_H
#define PROXY_IO_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "chaincache/base/error.h"

#define POLLER_MAX_EVENTS 128 /* taken in one go */

/* Events to watch a descriptor for, and those that it has: the kernel's own bits. */
#define POLLER_READABLE 0x1U
#define POLLER_URGENT 0x2U /* an urgent byte of TCP has come */
#define POLLER_WRITABLE 0x4U
#define POLLER_ERROR 0x8U /* watched for always, as POLLER_CLOSED is */
#define POLLER_CLOSED 0x10U /* both directions */
#define POLLER_PEER_ENDED 0x2000U
#define POLLER_EDGES 0x80000000U /* each event comes once, in place of as long as it lasts */

struct epoll_event;
struct loop;

/* Embedded in the object that waits for a descriptor. `events` is 0 for a call that poller_queue asked for. Free it
 * between two turns only, from no handler. */
struct pollable {
	void (*on_ready)(struct pollable *pollable, uint32_t events);
	bool expensive; /* its handler takes long: it is called after the others that are ready */
	struct pollable *next; /* in the queue; NULL: not queued */
	struct pollable *previous;
};

struct poller {
	int fd;
	struct loop *loop;
	struct pollable loop_pollable;
	struct pollable queue; /* head of a ring */
	struct epoll_event *events; /* POLLER_MAX_EVENTS, that poller_wait found */
	int num_events;
	bool run_loop;
};

/* poller_open watches `loop`, which is run by poller_dispatch alone from then on. */
MUST_USE struct error poller_open(struct poller *poller, struct loop *loop);
void poller_close(struct poller *poller);

/* poller_add watches `fd` until it is closed or poller_remove is called; poller_change changes the events. */
MUST_USE struct error poller_add(struct poller *poller, struct pollable *pollable, int fd, uint32_t events);
MUST_USE struct error poller_change(struct poller *poller, struct pollable *pollable, int fd, uint32_t events);
void poller_remove(struct poller *poller, int fd);

/* poller_forget drops the events that the present turn still has for it. For a descriptor that is being closed. */
void poller_forget(struct poller *poller, struct pollable *pollable);

/* poller_queue calls on_ready once more in the next turn, after the events of the sockets. */
void poller_queue(struct poller *poller, struct pollable *pollable);

/* poller_wait sleeps until something is ready, for `wait_ms` at most (-1: no limit). */
MUST_USE struct error poller_wait(struct poller *poller, int wait_ms);

/* poller_dispatch handles the events that poller_wait found, the cheap ones first, then the queue, then the loop. */
void poller_dispatch(struct poller *poller);

#endif
