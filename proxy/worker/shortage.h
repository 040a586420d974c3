/* shortage - tells errors that come from a lack of descriptors or memory from those that are a peer's fault. */
#ifndef PROXY_WORKER_SHORTAGE_H
#define PROXY_WORKER_SHORTAGE_H

#include <stdbool.h>

/* shortage_is says whether this errno is about descriptors or memory, which closed connections give back. */
bool shortage_is(int code);

#endif
