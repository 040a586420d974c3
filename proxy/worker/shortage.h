/* shortage - which errors say that this machine, or this process, lacks something: no fault of a peer. */
#ifndef PROXY_WORKER_SHORTAGE_H
#define PROXY_WORKER_SHORTAGE_H

#include <stdbool.h>

/* shortage_is: this errno is about descriptors or memory, of which there are more when a connection closes. */
bool shortage_is(int code);

#endif
