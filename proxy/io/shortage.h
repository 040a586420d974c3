/* shortage - recognizes errors that come from a lack of descriptors or memory, and not from a peer. */
#ifndef PROXY_IO_SHORTAGE_H
#define PROXY_IO_SHORTAGE_H

#include <stdbool.h>

/* shortage_is says whether this errno is about descriptors, memory, or how many of them may be watched (ENOSPC of
 * epoll_ctl(2)): what closed connections give back. */
bool shortage_is(int code);

#endif
