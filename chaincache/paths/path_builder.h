/* path_builder - discovery: one simple path after another from a leaf upwards, depth first, with backtracking.
 *
 * Every link of a path is true (names match, the signature verifies), or cannot be judged (signature_memo_ask) and
 * leads to a certificate that was given with the leaf or to an anchor. Nothing else is judged here. No certificate, and
 * no pair of subject and key, is in a path twice (RFC 4158 2.3, 5.2), so that loops end by themselves. A trust anchor
 * ends a path; one that is not self-issued is also passed through, for the stores that hold only what is above.
 */
#ifndef CHAINCACHE_PATHS_PATH_BUILDER_H
#define CHAINCACHE_PATHS_PATH_BUILDER_H

#include "chaincache/paths/issuer_pool.h"
#include "chaincache/paths/path.h"
#include "chaincache/paths/signature_memo.h"

struct path_builder_level {
	struct issuer_candidates candidates;
	size_t next; /* the candidate to try next */
	enum { LEVEL_NEW, LEVEL_SEARCHING } state;
	bool anchor;
	bool extended; /* a true issuer was found that is not in the path yet, or the path's end was returned already */
};

/* Holds always: level i belongs to path.items[i]. */
struct path_builder {
	const struct issuer_pool *pool;
	struct signature_memo *memo;
	struct path path;
	struct path_builder_level levels[MEND_MAX_DEPTH];
	struct error error; /* ERROR_MEMORY: the search was broken off */
};

/* path_builder_init starts at `leaf`; `leaf_is_anchor`: this very certificate is in a trust store. All is borrowed
 * until path_builder_cleanup. */
void path_builder_init(struct path_builder *builder, const struct issuer_pool *pool, struct signature_memo *memo,
		       struct certificate_entry leaf, bool leaf_is_anchor);
void path_builder_cleanup(struct path_builder *builder);

/* path_builder_next gives the next path; false when there is none, a budget is spent, or memory is. The order depends
 * on the certificates alone. */
bool path_builder_next(struct path_builder *builder, struct path *out);

#endif
