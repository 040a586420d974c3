/* keeper_log - writes the verdicts on one kept certificate, and why a chain is not served, to the logs. */
#ifndef PROXY_MENDING_KEEPER_LOG_H
#define PROXY_MENDING_KEEPER_LOG_H

#include "chaincache/mend/mend.h"
#include "proxy/log/fix_log.h"

struct keeper_log {
	const struct program_log *log; /* borrowed, as the next two */
	struct fix_log *fix_log;
	const struct config_site *config;
	unsigned part; /* which certificate of the site */
	bool for_backends; /* the chain is sent to backends, not to clients */
	bool quiet; /* neither findings nor what is served are written */
	bool logged_untrusted; /* the verdict in the program log's last line ... */
	bool logged_changed;
};

/* keeper_log_findings writes the findings into the fix log. `lost_store` has clients that the mended chain would lose;
 * NULL: there is none. */
void keeper_log_findings(const struct keeper_log *log, const struct mend_result *result, bool applied,
			 const char *lost_store);

/* keeper_log_chain writes which chain is served by this result, unless the last line said the same. */
void keeper_log_chain(struct keeper_log *log, const struct mend_result *result, bool chain_is_new);

/* These write why the present chain stays: the trial failed (`error`) or refused the new one, no mend could be made, the
 * new one cannot be served. */
void keeper_log_refusal(const struct keeper_log *log, const struct certificate *leaf, struct error error,
			const char *lost_store);
void keeper_log_failure(const struct keeper_log *log, struct error error);
void keeper_log_unserved(const struct keeper_log *log, struct error error);

#endif
