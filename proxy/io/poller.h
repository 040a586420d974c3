/* poller - what a worker's thread sleeps in: an epoll set that holds the sockets of its connections and, as one
 * more descriptor, its loop, which runs when it has something to do: mail, timers of its own.
 *
 * Why the sockets are not watched on the loop: libuv spends two ioctl and two to four epoll_ctl a connection that an
 * edge-triggered set does without, a tenth of what a handshake costs beside the cryptography. The rest stays
 * libuv's.
 */
#ifndef PROXY_IO_POLLER_H
#define PROXY_IO_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "chaincache/base/error.h"

#define POLLER_MAX_EVENTS 128 /* taken in one go */

/* What a descriptor is watched for, and what is told of it: the kernel's own bits. */
#define POLLER_READABLE 0x1U
#define POLLER_URGENT 0x2U /* an urgent byte of TCP has come */
#define POLLER_WRITABLE 0x4U
#define POLLER_ERROR 0x8U /* told whether it is asked for or not, as POLLER_CLOSED is */
#define POLLER_CLOSED 0x10U /* both directions */
#define POLLER_PEER_ENDED 0x2000U
#define POLLER_EDGES 0x80000000U /* each event is told once, in place of as long as it lasts */

struct epoll_event;
struct loop;

/* Embedded in what waits for a descriptor. `events` is 0 for a turn that was asked for with
 * poller_queue. It must not be freed from its own handler, nor another's: only between two turns. */
struct pollable {
	void (*on_ready)(struct pollable *pollable, uint32_t events);
	bool expensive; /* its turn takes long: it comes behind the others that are ready */
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

/* poller_open watches `loop`, with what stands on it, which is run by poller_dispatch alone from then on. */
MUST_USE struct error poller_open(struct poller *poller, struct loop *loop);
void poller_close(struct poller *poller);

/* poller_add watches `fd` until it is closed or poller_remove is called; poller_change changes what for. */
MUST_USE struct error poller_add(struct poller *poller, struct pollable *pollable, int fd, uint32_t events);
MUST_USE struct error poller_change(struct poller *poller, struct pollable *pollable, int fd, uint32_t events);
void poller_remove(struct poller *poller, int fd);

/* poller_forget drops what the present turn still has for it: its descriptor was closed, and another one may follow. */
void poller_forget(struct poller *poller, struct pollable *pollable);

/* poller_queue has on_ready called again in the next turn, once, after what the sockets say. */
void poller_queue(struct poller *poller, struct pollable *pollable);
void poller_unqueue(struct pollable *pollable);

/* poller_wait sleeps until something is ready, for `wait_ms` at most (-1: no limit). */
MUST_USE struct error poller_wait(struct poller *poller, int wait_ms);

/* poller_dispatch calls what poller_wait found, the cheap ones first, then the queue, then the loop. */
void poller_dispatch(struct poller *poller);

#endif
