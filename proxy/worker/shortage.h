/* shortage - tells errors that come from a lack of descriptors or memory from those that are a peer's fault. */
#ifndef PROXY_WORKER_SHORTAGE_H
#define PROXY_WORKER_SHORTAGE_H

#include "proxy/worker/connection.h"

/* shortage_is says whether this errno is about descriptors, memory, or how many of them may be watched (ENOSPC of
 * epoll_ctl(2)): what closed connections give back. */
bool shortage_is(int code);

/* shortage_note has new clients wait for a while, since a connection met the shortage `code`: they could not be served.
 * Returns EVENT_SHORTAGE. */
enum connection_event shortage_note(struct connection *connection, int code);

#endif
