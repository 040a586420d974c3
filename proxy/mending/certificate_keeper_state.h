/* certificate_keeper_state - the members of a certificate_keeper, for the files that implement it. */
#ifndef PROXY_MENDING_CERTIFICATE_KEEPER_STATE_H
#define PROXY_MENDING_CERTIFICATE_KEEPER_STATE_H

#include "proxy/mending/chain_verdict.h"
#include "proxy/mending/keeper_log.h"
#include "proxy/mending/keeper_options.h"
#include "proxy/mending/revocation_look.h"
#include "proxy/system/retry.h"

struct certificate_keeper {
	struct keeper_options options;
	struct keeper_log log;
	struct certificate_list given;
	struct certificate_list others; /* authorities in the files of the site's other certificates */
	struct certificate_list extra;
	struct certificate_list first; /* served until there is anything better */
	struct certificate_list chain; /* what was served last; empty until the first */
	EVP_PKEY *key; /* of what was given */
	struct chain_verdict verdict;
	bool trusted; /* by the first mend, without fetching */
	struct mender *mender; /* NULL: none is under way */
	bool is_applying; /* serves a result, and reports it then */
	bool is_first; /* `mender` is the first mend, without fetching */
	struct revocation_look look;
	struct alarm *alarm; /* NULL in a look without a loop */
	uint64_t due_ms; /* when the alarm rings, by CLOCK_MONOTONIC */
	struct retry retry;
	bool settled; /* nothing is missing: the alarm is for the next regular mend */
	bool is_inherited; /* the verdict and the alarm are those from before a reload */
	bool begun;
	bool withdrawn; /* another chain than `chain` is served */
};

#endif
