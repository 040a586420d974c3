/* acceptor - one listening socket of a worker: takes a connection each time it is ready, and pauses when there is
 * no room.
 *
 * One connection a turn where little else happens: the set is level-triggered here, so the next one comes in the next
 * turn, after the others' bytes.
 */
#ifndef PROXY_GLUE_ACCEPTOR_H
#define PROXY_GLUE_ACCEPTOR_H

#include "proxy/glue/worker_thread.h"

#define ACCEPTOR_PAUSE_MS 500 /* after the descriptors ran out; a connection that closes ends it sooner */
#define ACCEPTOR_EVENTS_A_CLIENT 8 /* further connections are taken for every so many events of a turn */
#define ACCEPTOR_QUIET_MS 60000 /* a pause is told once in this time */

/* acceptors_drop closes what `snapshot` (NULL: none) does not listen on. Connections that wait there are taken
 * first, by the snapshot that is still the present one: none is lost. */
void acceptors_drop(struct worker_thread *thread, const struct snapshot *snapshot);

/* acceptors_adopt opens what `snapshot`, the present one now, listens on; the others serve by it from here on. */
void acceptors_adopt(struct worker_thread *thread, const struct snapshot *snapshot);

/* acceptors_resume ends a pause, if there is one and there is room again. */
void acceptors_resume(struct worker_thread *thread);

#endif
