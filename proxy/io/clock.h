/* clock - the monotonic time of the call, which no step of the wall clock moves. */
#ifndef PROXY_IO_CLOCK_H
#define PROXY_IO_CLOCK_H

#include <stdint.h>

uint64_t clock_now_ns(void);
uint64_t clock_now_ms(void);

#endif
