#include "proxy/mending/look_pause.h"

uint64_t look_pause_ms(int64_t first_expiry_s, int64_t now_s)
{
	if (first_expiry_s <= now_s)
		return LOOK_PAUSE_MAX_MS;
	uint64_t left_s = (uint64_t)first_expiry_s - (uint64_t)now_s;
	/* Nothing that is further away than two days matters here, and what is nearer does not overflow. */
	if (left_s > 2 * LOOK_PAUSE_MAX_MS / 1000)
		return LOOK_PAUSE_MAX_MS;
	uint64_t left_ms = (left_s + 1) * 1000; /* both ends of a validity belong to it */
	if (left_ms > LOOK_PAUSE_MARGIN_MS + LOOK_PAUSE_EXPIRY_MS)
		return left_ms - LOOK_PAUSE_MARGIN_MS;
	return left_ms < LOOK_PAUSE_EXPIRY_MS ? left_ms : LOOK_PAUSE_EXPIRY_MS;
}
