/* refusal - the finding for a mended chain that is not served: clients of a store would be lost (chain_trial.h). */
#ifndef PROXY_MENDING_REFUSAL_H
#define PROXY_MENDING_REFUSAL_H

#include "chaincache/mend/finding.h"

/* refusal_add adds the finding for the chain of `leaf`. `store` is the one whose clients would be lost. */
void refusal_add(struct finding_list *findings, const char *store, const struct certificate *leaf);

#endif
