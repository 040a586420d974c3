/* backend_verdict - judges the chain of a backend for one name, by its mend and the rules of the site. Pure. */
#ifndef PROXY_MENDING_BACKEND_VERDICT_H
#define PROXY_MENDING_BACKEND_VERDICT_H

#include "chaincache/mend/coverage.h"
#include "chaincache/mend/mend_result.h"
#include "conf/config.h"

#define BACKEND_VERDICT_MAX_REASON 1024

struct backend_rules {
	enum config_backend_verify verify;
	const uint8_t *pin; /* SHA-256 of a SubjectPublicKeyInfo, borrowed; NULL: none */
};

/* backend_verdict_judge says whether the chain is trusted for `name`, one of the result's names. One trust store that
 * accepts it is enough: BACKEND_VERIFY_STRICT wants the chain as it was sent, BACKEND_VERIFY_MEND the mended one. A leaf
 * with the pin is trusted as it is. `reason` is "" when trusted. */
bool backend_verdict_judge(const struct backend_rules *rules, const struct mend_result *result,
			   const struct name_result *name, char reason[BACKEND_VERDICT_MAX_REASON]);

#endif
