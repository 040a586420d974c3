/* acceptor - one listening socket of a worker: takes a connection each time it is ready, and pauses when there is
 * no room.
 *
 * One connection a turn where little else happens: the set is level-triggered here, so the next one comes in the next
 * turn, after the others' bytes.
 */
#ifndef PROXY_WORKER_ACCEPTOR_H
#define PROXY_WORKER_ACCEPTOR_H

#include "proxy/worker/worker_thread.h"

#define ACCEPTOR_PAUSE_MS 500 /* then it is tried again; a connection of any worker that closes ends it sooner */
#define ACCEPTOR_EVENTS_A_CLIENT 8 /* further connections are taken for every so many events of a turn */

/* acceptors_drop gives up the listeners that `snapshot` (NULL: none) lacks. It takes the clients that wait there, whom
 * the present snapshot serves; where there is no room for them, the listener leaves once there is. */
void acceptors_drop(struct worker_thread *thread, const struct snapshot *snapshot);

/* acceptors_close_left closes those that have left, between two turns; with `all`, whoever still waits there. */
void acceptors_close_left(struct worker_thread *thread, bool all);

/* acceptors_adopt opens the listeners that `snapshot`, the present one now, has in addition; the others serve by it
 * from now on. */
void acceptors_adopt(struct worker_thread *thread, const struct snapshot *snapshot);

/* acceptors_pause leaves new clients waiting in the kernel for a while, as the shortage `code` (errno) demands. */
void acceptors_pause(struct worker_thread *thread, int code);

/* acceptors_try_again ends a pause if there is room, and opens the listeners that could not be opened. */
void acceptors_try_again(struct worker_thread *thread);

#endif
