/* chain_verdict - the verdict of a certificate's last mend, kept for the admin page and the metrics. */
#ifndef PROXY_MENDING_CHAIN_VERDICT_H
#define PROXY_MENDING_CHAIN_VERDICT_H

#include "chaincache/mend/mend.h"

/* Zero-initialised: nothing has been judged. */
struct chain_verdict {
	bool judged;
	bool with_fetching; /* false: from the start, by the cache alone; another one follows */
	bool held_back; /* the trial (chain_trial.h) refused the mended chain: the former one is still served */
	bool changed; /* the mended chain differs from what was given */
	bool served_trusted; /* by every store */
	bool mended_trusted;
	struct certificate_list mended;
	const struct certificate *anchor; /* one reference; NULL: none is known */
	struct store_verdict *stores; /* their names are borrowed from the site's stores */
	size_t num_stores;
	struct name_result *names;
	size_t num_names;
	int64_t judged_s; /* seconds since 1970 */
};

/* chain_verdict_take replaces it by that of `result`; it stays as it was when out of memory. */
void chain_verdict_take(struct chain_verdict *verdict, const struct mend_result *result, int64_t now_s);

/* chain_verdict_copy makes `out` (zero-initialised) a copy, whose stores are those of `stores`, in the same order. It stays
 * as it was when out of memory. */
void chain_verdict_copy(struct chain_verdict *out, const struct chain_verdict *from,
			const struct trust_store_set *stores);
void chain_verdict_cleanup(struct chain_verdict *verdict);

/* chain_verdict_any_store says whether at least one store accepts the mended chain, or may (not_judged). */
bool chain_verdict_any_store(const struct chain_verdict *verdict);

#endif
