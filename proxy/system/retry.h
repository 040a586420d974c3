/* retry - pauses between attempts, which double from a first one up to a last one. Pure. */
#ifndef PROXY_SYSTEM_RETRY_H
#define PROXY_SYSTEM_RETRY_H

#include <stdint.h>

struct retry {
	uint64_t first_ms;
	uint64_t max_ms;
	uint64_t next_ms; /* 0: the next pause is the first one */
};

void retry_init(struct retry *retry, uint64_t first_ms, uint64_t max_ms);

/* retry_reset is called after a success: the next pause is the first one again. */
void retry_reset(struct retry *retry);

/* retry_next returns the pause before the next attempt and doubles the one after it. */
uint64_t retry_next(struct retry *retry);

#endif
