#include "proxy/mending/keeper_log.h"

#include "chaincache/certificate/certificate_words.h"
#include "proxy/log/time_text.h"
#include "proxy/mending/refusal.h"

/* Replaces the advice: a client certificate is in another file than the site's server certificate. */
static void advise_client_chain(struct finding_list *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].action == ACTION_NONE)
			continue;
		finding_set_advice(&findings->items[i],
				   "Put the certificates into the file of `backend_certificate` as they are after the "
				   "mend: the client certificate first, then each issuer in turn, without the root.");
	}
}

void keeper_log_findings(const struct keeper_log *log, const struct mend_result *result, bool applied,
			 const char *lost_store)
{
	struct finding_list findings = {0};
	struct fix_report fix_report = {
	    .group = {log->config->name, SUBJECT_CERTIFICATE, log->part},
	    .findings = &result->findings,
	    .result = result,
	    .applied = applied && log->config->mode == MODE_MEND,
	};

	if (log->quiet)
		return;
	bool differs = log->for_backends || lost_store != NULL;
	if (differs && !failed(finding_list_copy(&findings, &result->findings))) {
		if (log->for_backends)
			advise_client_chain(&findings);
		else
			refusal_add(&findings, lost_store, result->served.items[0].certificate);
		fix_report.findings = &findings;
	}
	fix_log_report(log->fix_log, &fix_report, time_text_now_ms());
	finding_list_cleanup(&findings);
}

/* Remembers the verdict as logged. */
static bool was_logged(struct keeper_log *log, const struct mend_result *result, bool chain_is_new)
{
	bool only_reports = log->config->mode == MODE_REPORT;
	bool logged = !chain_is_new && log->logged_untrusted == !result->mended_trusted &&
		      (!only_reports || log->logged_changed == result->changed);

	log->logged_untrusted = !result->mended_trusted;
	log->logged_changed = result->changed;
	return logged;
}

static const char *what_is_done(const struct keeper_log *log)
{
	if (log->config->mode == MODE_REPORT)
		return "would be served (mode = report)";
	return log->for_backends ? "shown to backends" : "served";
}

static const char *verdict_words(const struct keeper_log *log, const struct mend_result *result)
{
	if (log->for_backends)
		return result->mended_trusted ? "complete" : "complete at most up to a root that is not known here";
	return result->mended_trusted ? "complete and trusted" : "not trusted by every store, see the fix log";
}

void keeper_log_chain(struct keeper_log *log, const struct mend_result *result, bool chain_is_new)
{
	const char *leaf = result->served.items[0].certificate->subject;
	enum config_log_level level = result->mended_trusted ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING;

	if (log->quiet || was_logged(log, result, chain_is_new))
		return;
	program_log_write(log->log, level, log->config->name, "%s: %zu certificate%s given, %zu %s; %s", leaf,
			  result->served.count, result->served.count == 1 ? "" : "s", result->mended.count,
			  what_is_done(log), verdict_words(log, result));
}

void keeper_log_refusal(const struct keeper_log *log, const struct certificate *leaf, struct error error,
			const char *lost_store)
{
	char text[ERROR_MAX_TEXT];

	if (failed(error))
		program_log_write(log->log, LOG_LEVEL_ERROR, log->config->name,
				  "%s: the chain could not be tried out, what is served stays: %s",
				  certificate_words_subject(leaf).text, error_print(error, text, sizeof(text)));
	else
		program_log_write(log->log, LOG_LEVEL_ERROR, log->config->name,
				  "%s: its best chain is refused by clients that trust %.100s, which accept what is "
				  "served at present: that stays",
				  certificate_words_subject(leaf).text, lost_store);
}

void keeper_log_failure(const struct keeper_log *log, struct error error)
{
	char text[ERROR_MAX_TEXT];

	program_log_write(log->log, LOG_LEVEL_ERROR, log->config->name,
			  "the chain cannot be mended and is served as it is: %s",
			  error_print(error, text, sizeof(text)));
}

void keeper_log_unserved(const struct keeper_log *log, struct error error)
{
	char text[ERROR_MAX_TEXT];

	program_log_write(log->log, LOG_LEVEL_ERROR, log->config->name,
			  "the new chain cannot be served, the former one goes on: %s",
			  error_print(error, text, sizeof(text)));
}
