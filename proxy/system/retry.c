#include "proxy/system/retry.h"

void retry_init(struct retry *retry, uint64_t first_ms, uint64_t max_ms)
{
	*retry = (struct retry){.first_ms = first_ms, .max_ms = max_ms >= first_ms ? max_ms : first_ms};
}

void retry_reset(struct retry *retry)
{
	retry->next_ms = 0;
}

uint64_t retry_next(struct retry *retry)
{
	uint64_t pause = retry->next_ms > 0 ? retry->next_ms : retry->first_ms;

	retry->next_ms = pause > retry->max_ms / 2 ? retry->max_ms : pause * 2;
	return pause;
}
