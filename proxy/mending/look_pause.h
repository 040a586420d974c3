/* look_pause - when a chain that is complete is looked at again: once a day, and each hour before it expires. Pure. */
#ifndef PROXY_MENDING_LOOK_PAUSE_H
#define PROXY_MENDING_LOOK_PAUSE_H

#include <stdint.h>

#define LOOK_PAUSE_MAX_MS 86400000 /* a chain that is complete is looked at once a day ... */
#define LOOK_PAUSE_MARGIN_MS 86400000 /* ... and each hour from this long before its first expiry */
#define LOOK_PAUSE_EXPIRY_MS 3600000

/* look_pause_ms: the first certificate of the chain expires at `first_expiry_s`, since 1970. */
uint64_t look_pause_ms(int64_t first_expiry_s, int64_t now_s);

#endif
