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

/* acceptors_drop closes what `snapshot` (NULL: none) does not listen on. Connections that wait there are taken
 * first, by the snapshot that is still the present one: none is lost. */
void acceptors_drop(struct worker_thread *thread, const struct snapshot *snapshot);

/* acceptors_adopt opens what `snapshot`, the present one now, listens on; the others serve by it from here on. */
void acceptors_adopt(struct worker_thread *thread, const struct snapshot *snapshot);

/* acceptors_pause leaves new clients waiting in the kernel for a while: `code` (errno) says what there is none of. */
void acceptors_pause(struct worker_thread *thread, int code);

/* acceptors_try_again ends a pause if there is room, and else goes on with it; it opens what could not be opened. */
void acceptors_try_again(struct worker_thread *thread);

#endif
