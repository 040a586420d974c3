/* wake - wakes a loop from any thread, without a message; see mailbox for messages. */
#ifndef PROXY_IO_WAKE_H
#define PROXY_IO_WAKE_H

#include "chaincache/base/error.h"

struct loop;
struct wake;

/* wake_open: `on_wake` is called on the loop's thread after wake_send, once for several that come close together. */
MUST_USE struct error wake_open(struct loop *loop, void *context, void (*on_wake)(void *context), struct wake **out);

/* wake_send may be called from any thread until wake_close is. */
void wake_send(struct wake *wake);

/* wake_close is called on the loop's thread; freed in its close callback. NULL is fine. */
void wake_close(struct wake *wake);

#endif
