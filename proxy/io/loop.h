/* loop - the event loop of one thread, for alarms, mailboxes, probes and watches of sockets and signals. */
#ifndef PROXY_IO_LOOP_H
#define PROXY_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "chaincache/base/error.h"

#define LOOP_CLOSE_WAIT_MS 500 /* for open handles to close; only a look-up in a thread takes longer */

struct loop;

/* loop_new: ERROR_SYSTEM where the system has no descriptor left for it. */
MUST_USE struct error loop_new(struct loop **out);

/* loop_free waits until all handles are closed, and frees the loop. False where one is open after LOOP_CLOSE_WAIT_MS,
 * such as the look-up of a name, which cannot be cut short: the loop is then left as it is, and exit() would wait for
 * it. NULL is fine. */
bool loop_free(struct loop *loop);

/* loop_run runs until nothing is open on the loop, or loop_stop is called. */
void loop_run(struct loop *loop);

/* loop_run_once waits until something happens, and handles it. */
void loop_run_once(struct loop *loop);

/* loop_run_ready handles pending events without waiting. */
void loop_run_ready(struct loop *loop);

/* loop_stop ends the present turn, or the next one before it waits. */
void loop_stop(struct loop *loop);

/* loop_now_ms is the monotonic time of the present turn; see clock.h for that of the call. */
uint64_t loop_now_ms(const struct loop *loop);

#endif
