#include "chaincache/revocation/revocation_reason.h"

#include <stddef.h>

const char *revocation_reason_words(int reason)
{
	static const char *const words[] = {
	    [1] = "key compromise",
	    [2] = "compromise of the authority",
	    [3] = "affiliation changed",
	    [4] = "superseded",
	    [5] = "cessation of operation",
	    [REVOCATION_REASON_HOLD] = "certificate hold",
	    [REVOCATION_REASON_REMOVED] = "removed from the list",
	    [9] = "privilege withdrawn",
	    [10] = "compromise of the attribute authority",
	};
	const size_t count = sizeof(words) / sizeof(*words);

	return reason > 0 && (size_t)reason < count && words[reason] != NULL ? words[reason] : "no reason given";
}
