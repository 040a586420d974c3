#include "proxy/admin/reload_tally.h"

const char *reload_result_name(enum reload_result result)
{
	static const char *const names[] = {
#define X(id, word) [id] = (word),
	    RELOAD_RESULTS(X)
#undef X
	};
	return names[result];
}

void reload_tally_add(struct reload_tally *tally, enum reload_result result, int64_t now_ms)
{
	tally->counts[result]++;
	tally->last_ms[result] = now_ms;
	tally->last = result;
}

bool reload_tally_last_failed(const struct reload_tally *tally)
{
	return tally->counts[RELOAD_FAILED] > 0 && tally->last == RELOAD_FAILED;
}
