/* key_mismatch - the findings about a backend that serves a certificate whose key is not here. */
#ifndef PROXY_SITES_KEY_MISMATCH_H
#define PROXY_SITES_KEY_MISMATCH_H

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/mend/finding.h"

/* key_mismatch_add: `leaf` is the backend's, `served` the chain that clients are served meanwhile (the same leaf with a key
 * that is in memory alone, perhaps); NULL: none. */
void key_mismatch_add(struct finding_list *findings, const struct certificate *leaf,
		      const struct certificate_list *served);

#endif
