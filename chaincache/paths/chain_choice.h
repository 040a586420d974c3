/* chain_choice - chooses the chain to send among those that were found (the contract's section 4, steps 4 and 5).
 *
 * The order is total and depends on the certificates alone, so the same input gives the same chain whatever the order
 * of files and candidates.
 */
#ifndef CHAINCACHE_PATHS_CHAIN_CHOICE_H
#define CHAINCACHE_PATHS_CHAIN_CHOICE_H

#include "chaincache/paths/chain_judge.h"

struct chain_candidate {
	struct path chain; /* to be sent: the path without its root; `end` is the path's */
	const struct certificate *root; /* the path's anchor or self-signed end; NULL: the chain ends nowhere */
	enum certificate_source root_source;
	struct path_verdict verdict; /* of the path with its root; PATH_GOOD where there is none */
	uint32_t mask; /* the audiences that accept the chain */
	uint32_t not_judged; /* the audiences that cannot be judged here: see chain_judge.h */
	bool served_only; /* it has served certificates alone */
	bool keeps_served_run; /* starts with the served chain's own path */
};

struct chain_choice {
	const struct chain_candidate *candidates; /* borrowed */
	size_t count;
	struct audience_masks served; /* the audiences that accept the served chain, or may: none of them may be lost */
	int64_t now;
};

/* chain_choice_best returns the winner; NULL when there is no candidate, or each would lose an audience. */
const struct chain_candidate *chain_choice_best(const struct chain_choice *choice);

/* chain_choice_why says in words why `loser` lost against `winner`. */
void chain_choice_why(const struct chain_choice *choice, const struct chain_candidate *winner,
		      const struct chain_candidate *loser, char *out, size_t out_size);

#endif
