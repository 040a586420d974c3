/* probe_log - writes what the prober of one site saw to the logs. For prober.c alone. */
#ifndef PROXY_MENDING_PROBE_LOG_H
#define PROXY_MENDING_PROBE_LOG_H

#include "proxy/log/fix_log.h"
#include "proxy/mending/probed_backend.h"

/* All borrowed. */
struct probe_log {
	const struct program_log *log;
	struct fix_log *fix_log;
	const struct config_site *config;
};

/* probe_log_findings writes the findings of one part (prober_part) into the fix log, with the chains of `result` (may be
 * NULL). */
void probe_log_findings(const struct probe_log *log, unsigned part, const struct finding_list *findings,
			const struct mend_result *result);

/* probe_log_audit writes the verdict on the backend's chain into the program log, unless the last line said the same. */
void probe_log_audit(const struct probe_log *log, struct probed_backend *backend, const struct mend_result *result);

/* probe_log_reach writes how the backend is reached into the fix log, under this part; `reason` is "" where it is. The
 * program log gets a line where the outcome differs from backend->outcome. */
void probe_log_reach(const struct probe_log *log, unsigned part, const struct probed_backend *backend,
		     enum chain_probe_outcome outcome, const char *reason);

/* probe_log_differences reports backends that serve different certificates: which one clients see depends on the backend
 * that they reach. */
void probe_log_differences(const struct probe_log *log, const struct probed_backend *backends, size_t num_backends);

#endif
