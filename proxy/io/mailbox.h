/* mailbox - messages from any thread to one loop's thread: a queue with a lock, which wakes the loop.
 *
 * For the rare things (a new snapshot, a verdict, a report), never on the path of a connection's bytes.
 */
#ifndef PROXY_IO_MAILBOX_H
#define PROXY_IO_MAILBOX_H

#include "chaincache/base/error.h"

/* Embedded as the first member of what is sent. */
struct mail {
	struct mail *next;
};

struct loop;
struct mailbox;

/* on_mail owns each mail that it is given; it is called on the loop's thread, in the order of posting. */
typedef void mailbox_handler(void *context, struct mail *take_mail);

MUST_USE struct error mailbox_open(struct loop *loop, mailbox_handler *on_mail, void *context, struct mailbox **out);

/* mailbox_post may be called from any thread until mailbox_close was called. */
void mailbox_post(struct mailbox *mailbox, struct mail *take_mail);

/* mailbox_close hands out what is still queued to on_mail, then closes the handle and frees the mailbox in its close
 * callback. Call it on the loop's thread, once nobody posts any more. */
void mailbox_close(struct mailbox *mailbox);

#endif
