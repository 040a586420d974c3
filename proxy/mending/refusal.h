/* refusal - words for a chain that its trial refused: which chain stays, and which clients the new one would lose. */
#ifndef PROXY_MENDING_REFUSAL_H
#define PROXY_MENDING_REFUSAL_H

#include "chaincache/mend/finding.h"
#include "proxy/mending/chain_trial.h"

#define REFUSAL_MAX_WHO (HOST_NAME_MAX_CHARS + 64)

/* refusal_who names the clients that would be lost: "clients that trust STORE". Returns `out`. */
const char *refusal_who(const struct chain_trial_loss *loss, char out[REFUSAL_MAX_WHO]);

/* refusal_add adds the finding. `leaf` is that of the refused chain, `present` that of the chain that stays. */
void refusal_add(struct finding_list *findings, const struct chain_trial_loss *loss, const struct certificate *leaf,
		 const struct certificate *present);

#endif
