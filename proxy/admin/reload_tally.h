/* reload_tally - how the reloads went: of the control thread. */
#ifndef PROXY_ADMIN_RELOAD_TALLY_H
#define PROXY_ADMIN_RELOAD_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define RELOAD_RESULTS(X)                                                                                              \
	X(RELOAD_DONE, "done") /* all of it was taken over */                                                          \
	X(RELOAD_PARTIAL, "partial") /* files were wrong: their sites go on with what they had */                      \
	X(RELOAD_FAILED, "failed") /* nothing of it was taken over */

enum reload_result {
#define X(id, word) id,
	RELOAD_RESULTS(X)
#undef X
	    NUM_RELOAD_RESULTS
};

const char *reload_result_name(enum reload_result result);

/* Zero-initialised: there was none. */
struct reload_tally {
	uint64_t counts[NUM_RELOAD_RESULTS];
	int64_t last_ms[NUM_RELOAD_RESULTS]; /* since 1970; 0: never */
	enum reload_result last; /* of the last reload */
};

void reload_tally_add(struct reload_tally *tally, enum reload_result result, int64_t now_ms);

/* reload_tally_last_failed says whether the last reload took over nothing. */
bool reload_tally_last_failed(const struct reload_tally *tally);

#endif
