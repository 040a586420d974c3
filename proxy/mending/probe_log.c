#include "proxy/mending/probe_log.h"

#include <string.h>

#include "chaincache/certificate/certificate_words.h"
#include "proxy/log/time_text.h"

void probe_log_findings(const struct probe_log *log, unsigned part, const struct finding_list *findings,
			const struct mend_result *result)
{
	struct fix_report fix_report = {
	    .group = {log->config->name, SUBJECT_BACKEND, part},
	    .findings = findings,
	    .result = result,
	    .applied = log->config->backend_verify == BACKEND_VERIFY_MEND,
	};
	fix_log_report(log->fix_log, &fix_report, time_text_now_ms());
}

/* Says whether the program log has this verdict already, and remembers it as logged. */
static bool was_logged(struct probed_backend *backend, const struct mend_result *result)
{
	bool logged = backend->logged_served_trusted == result->served_trusted &&
		      backend->logged_mended_trusted == result->mended_trusted &&
		      certificate_list_equal(&backend->logged_chain, &result->served);

	if (logged || failed(certificate_list_replace(&backend->logged_chain, &result->served)))
		return logged;
	backend->logged_served_trusted = result->served_trusted;
	backend->logged_mended_trusted = result->mended_trusted;
	return false;
}

/* Says in words whether connections to the backend trust the chain. */
static const char *words_of(bool strict, const struct mend_result *result)
{
	bool in_order = !finding_list_has(&result->findings, FINDING_WRONG_ORDER);

	if (!result->mended_trusted)
		return "not trusted, see the fix log";
	if (result->served_trusted)
		return in_order ? "complete" : "complete, but in the wrong order";
	return strict ? "not complete, and backend_verify = strict mends nothing, see the fix log"
		      : "not complete, but it can be mended";
}

void probe_log_audit(const struct probe_log *log, struct probed_backend *backend, const struct mend_result *result)
{
	bool strict = log->config->backend_verify == BACKEND_VERIFY_STRICT;
	bool good = strict ? result->served_trusted : result->mended_trusted;

	if (was_logged(backend, result))
		return;
	program_log_write(log->log, good ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, log->config->name,
			  "backend %s serves %s with %zu certificate%s: %s", backend->target,
			  certificate_words_subject(result->served.items[0].certificate).text, result->served.count,
			  result->served.count == 1 ? "" : "s", words_of(strict, result));
}

void probe_log_differences(const struct probe_log *log, const struct probed_backend *backends, size_t num_backends)
{
	struct finding_list findings = {0};

	for (size_t i = 0; i < num_backends; i++)
		probed_backend_compare(backends, i, &findings);
	probe_log_findings(log, KNOWN_FINDINGS_WHOLE_SITE, &findings, NULL);
	finding_list_cleanup(&findings);
}

/* Returns the reason without the words that the message has already. */
static const char *without_preface(const char *reason)
{
	size_t len = strlen(CHAIN_CAPTURE_FAILED);

	return strncmp(reason, CHAIN_CAPTURE_FAILED, len) == 0 ? reason + len : reason;
}

void probe_log_reach(const struct probe_log *log, unsigned part, const struct probed_backend *backend,
		     enum chain_probe_outcome outcome, const char *reason)
{
	struct finding_list findings = {0};
	bool unreachable = chain_probe_is_unreachable(outcome);

	if (reason[0] != '\0') {
		struct finding *finding =
		    unreachable ? finding_list_add(&findings, FINDING_BACKEND_UNREACHABLE,
						   "Backend %s cannot be reached: %s.", backend->target, reason)
				: finding_list_add(&findings, FINDING_BACKEND_TLS_FAILED,
						   "The TLS handshake with backend %s failed: %s.", backend->target,
						   without_preface(reason));
		finding_set_source(finding, backend->target);
		if (backend->outcome != outcome)
			program_log_write(log->log, LOG_LEVEL_WARNING, log->config->name,
					  "backend %s: %s: %s; it is tried again", backend->target,
					  unreachable ? "cannot be reached" : "the TLS handshake failed",
					  without_preface(reason));
	}
	probe_log_findings(log, part, &findings, NULL);
	finding_list_cleanup(&findings);
}
