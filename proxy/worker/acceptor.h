/* acceptor - one listening socket of a worker: takes a connection each time it is ready, and pauses when there is
 * no room.
 *
 * Where little else happens, a turn takes one connection: listening sockets are level-triggered, so that the next one
 * is taken in the next turn, after the bytes of the others.
 */
#ifndef PROXY_WORKER_ACCEPTOR_H
#define PROXY_WORKER_ACCEPTOR_H

#include "proxy/worker/worker_thread.h"

#define ACCEPTOR_PAUSE_MS 500 /* then it is tried again; a connection of any worker that closes ends it sooner */
#define ACCEPTOR_EVENTS_A_CLIENT 8 /* a turn takes one connection more for each so many of its events */

/* acceptors_drop gives up the listeners that `snapshot` (NULL: none) lacks. The clients that wait there are accepted,
 * and served by the present snapshot; where there is no room for them, the listener is closed once there is. */
void acceptors_drop(struct worker_thread *thread, const struct snapshot *snapshot);

/* acceptors_close_left closes, between two turns, the dropped listeners where no client waits any more; with `all`, the
 * others too. */
void acceptors_close_left(struct worker_thread *thread, bool all);

/* acceptors_adopt opens the listeners that `snapshot`, the present one now, has in addition; the others serve by it
 * from now on. */
void acceptors_adopt(struct worker_thread *thread, const struct snapshot *snapshot);

/* acceptors_pause leaves new clients waiting in the kernel for a while, as the shortage `code` (errno) demands. */
void acceptors_pause(struct worker_thread *thread, int code);

/* acceptors_try_again ends a pause if there is room, and opens the listeners that could not be opened. */
void acceptors_try_again(struct worker_thread *thread);

#endif
