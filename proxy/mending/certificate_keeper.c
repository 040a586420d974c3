#include "proxy/mending/certificate_keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proxy/io/alarm.h"
#include "proxy/log/time_text.h"
#include "proxy/mending/look_pause.h"
#include "proxy/mending/refusal.h"
#include "proxy/system/retry.h"

struct certificate_keeper {
	struct keeper_options options;
	struct certificate_list given;
	struct certificate_list extra;
	struct certificate_list chain; /* what was served last; empty until the first. Its leaf may be a former one. */
	EVP_PKEY *key; /* of what was given */
	EVP_PKEY *chain_key; /* of what was served last */
	struct chain_verdict verdict;
	bool trusted; /* by the first mend, without fetching */
	bool logged_untrusted; /* the verdict in the program log's last line ... */
	bool logged_changed;
	struct mender *mender; /* NULL: none is under way */
	struct alarm *alarm; /* NULL in a look without a loop */
	struct retry retry;
	bool begun;
	bool withdrawn; /* what goes out is another chain than `chain` */
};

/* Serves the chain, with the key of the given one, in place of the former. */
static struct error serve(struct certificate_keeper *keeper, const struct certificate_list *chain)
{
	struct certificate_list copy = {0};

	if (certificate_list_equal(&keeper->chain, chain))
		return error_none();
	struct error error = certificate_list_copy(&copy, chain);
	if (!failed(error))
		error = keeper->options.serve(keeper->options.context, chain, keeper->key);
	if (failed(error)) {
		certificate_list_cleanup(&copy);
		return error;
	}
	certificate_list_cleanup(&keeper->chain);
	keeper->chain = copy;
	EVP_PKEY_up_ref(keeper->key);
	EVP_PKEY_free(keeper->chain_key);
	keeper->chain_key = keeper->key;
	return error;
}

/* The chain to serve by this result. */
static const struct certificate_list *chain_of(const struct certificate_keeper *keeper,
					       const struct mend_result *result)
{
	if (result->mended.count == 0 || keeper->options.config->mode == MODE_REPORT)
		return &keeper->given;
	return &result->mended;
}

/* A revoked chain is no measure for another: clients that do not check revocation accept it. */
static bool is_revoked(const struct certificate_list *chain, const struct mend_result *result)
{
	for (size_t i = 0; i < result->findings.count; i++) {
		const struct finding *finding = &result->findings.items[i];
		if (finding->code == FINDING_REVOKED && finding->certificate != NULL &&
		    certificate_list_contains(chain, finding->certificate))
			return true;
	}
	return false;
}

/* Finds the clients that the result's chain would lose, compared with the chain that is served; at first, with the given
 * one. `mode = report` serves the given chain, so that there is nothing to try. */
static struct error try_out(const struct certificate_keeper *keeper, const struct mend_result *result,
			    struct chain_trial_loss *out)
{
	const struct certificate_list *chain = chain_of(keeper, result);
	bool first = keeper->chain.count == 0;
	const struct chain_trial trial = {
	    .chain = chain,
	    .key = keeper->key,
	    .former = first ? &keeper->given : &keeper->chain,
	    .former_key = first ? keeper->key : keeper->chain_key,
	    .stores = keeper->options.material->stores,
	    .names = keeper->options.material->names,
	    .num_names = keeper->options.material->num_names,
	    .now = (int64_t)time(NULL),
	};

	*out = (struct chain_trial_loss){0};
	if (keeper->options.config->mode == MODE_REPORT || certificate_list_equal(trial.chain, trial.former) ||
	    is_revoked(trial.former, result))
		return error_none();
	return chain_trial_run(&trial, out);
}

static bool loses_nobody(const struct chain_trial_loss *loss)
{
	return loss->store == NULL && loss->name == NULL;
}

static void log_refusal(const struct certificate_keeper *keeper, struct error error,
			const struct chain_trial_loss *loss)
{
	const struct keeper_options *options = &keeper->options;
	const char *leaf = keeper->given.items[0].certificate->subject;
	char text[ERROR_MAX_TEXT];
	char who[REFUSAL_MAX_WHO];

	if (failed(error))
		program_log_write(options->log, LOG_LEVEL_ERROR, options->config->name,
				  "%s: the chain could not be tried out, what is served stays: %s", leaf,
				  error_print(error, text, sizeof(text)));
	else
		program_log_write(options->log, LOG_LEVEL_ERROR, options->config->name,
				  "%s: its best chain is refused by %s, which accept what is served at present: that "
				  "stays",
				  leaf, refusal_who(loss, who));
}

/* Whether the program log has this verdict, for this chain, already. Remembers it as logged. */
static bool was_logged(struct certificate_keeper *keeper, const struct mend_result *result, bool chain_is_new)
{
	bool only_reports = keeper->options.config->mode == MODE_REPORT;
	bool logged = !chain_is_new && keeper->logged_untrusted == !result->mended_trusted &&
		      (!only_reports || keeper->logged_changed == result->changed);

	keeper->logged_untrusted = !result->mended_trusted;
	keeper->logged_changed = result->changed;
	return logged;
}

static void log_chain(const struct certificate_keeper *keeper, const struct mend_result *result)
{
	const struct keeper_options *options = &keeper->options;
	const char *leaf = result->served.items[0].certificate->subject;
	enum config_log_level level = result->mended_trusted ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING;

	program_log_write(options->log, level, options->config->name, "%s: %zu certificate%s given, %zu %s; %s", leaf,
			  result->served.count, result->served.count == 1 ? "" : "s", result->mended.count,
			  options->config->mode == MODE_REPORT ? "would be served (mode = report)" : "served",
			  result->mended_trusted ? "complete and trusted"
						 : "not trusted by every store, see the fix log");
}

static void report(const struct certificate_keeper *keeper, const struct mend_result *result, bool applied,
		   const struct chain_trial_loss *loss)
{
	const struct keeper_options *options = &keeper->options;
	const struct certificate *leaf = keeper->given.items[0].certificate;
	struct finding_list findings = {0};
	struct fix_report fix_report = {
	    .group = {options->config->name, SUBJECT_CERTIFICATE, options->part},
	    .findings = &result->findings,
	    .result = result,
	    .applied = applied && options->config->mode == MODE_MEND && !keeper->withdrawn,
	};

	if (!loses_nobody(loss) && !failed(finding_list_copy(&findings, &result->findings))) {
		refusal_add(&findings, loss, leaf, keeper->chain.count > 0 ? keeper->chain.items[0].certificate : leaf);
		fix_report.findings = &findings;
	}
	fix_log_report(options->fix_log, &fix_report, time_text_now_ms());
	finding_list_cleanup(&findings);
}

/* `settled`: there is a result, and its chain was served, or tried out and refused. */
static void set_alarm(struct certificate_keeper *keeper, const struct mend_result *result, bool settled)
{
	if (keeper->mender != NULL)
		return; /* serving it has started another mend already */
	if (!settled || result->wants_retry) {
		alarm_set(keeper->alarm, retry_next(&keeper->retry));
		return;
	}
	retry_reset(&keeper->retry);
	alarm_set(keeper->alarm, look_pause_ms(result->first_expiry, (int64_t)time(NULL)));
}

static void log_failure(const struct certificate_keeper *keeper, struct error error)
{
	char text[ERROR_MAX_TEXT];

	program_log_write(keeper->options.log, LOG_LEVEL_ERROR, keeper->options.config->name,
			  "the chain cannot be mended and is served as it is: %s",
			  error_print(error, text, sizeof(text)));
}

static void log_unserved(const struct certificate_keeper *keeper, struct error error)
{
	char text[ERROR_MAX_TEXT];

	program_log_write(keeper->options.log, LOG_LEVEL_ERROR, keeper->options.config->name,
			  "the new chain cannot be served, the former one goes on: %s",
			  error_print(error, text, sizeof(text)));
}

static void take_verdict(struct certificate_keeper *keeper, const struct mend_result *result, bool applied,
			 bool with_fetching)
{
	chain_verdict_take(&keeper->verdict, result, (int64_t)time(NULL));
	keeper->verdict.with_fetching = with_fetching;
	keeper->verdict.held_back = !applied;
}

/* Serves the result's chain, or logs why not; false when it is to be tried again. */
static bool apply(struct certificate_keeper *keeper, const struct mend_result *result)
{
	const struct certificate_list *chain = chain_of(keeper, result);
	struct chain_trial_loss loss = {0};
	struct error untried = try_out(keeper, result, &loss);
	bool accepted = !failed(untried) && loses_nobody(&loss);
	bool is_new = !certificate_list_equal(&keeper->chain, chain);
	struct error unserved = accepted ? serve(keeper, chain) : error_none();
	bool applied = accepted && !failed(unserved);

	report(keeper, result, applied, &loss);
	take_verdict(keeper, result, applied, true);
	if (!accepted)
		log_refusal(keeper, untried, &loss);
	else if (!applied)
		log_unserved(keeper, unserved);
	else if (!was_logged(keeper, result, is_new))
		log_chain(keeper, result);
	return !failed(untried) && !failed(unserved);
}

static void on_mended(void *context, struct error error, const struct mend_result *result)
{
	struct certificate_keeper *keeper = context;

	keeper->mender = NULL;
	if (result == NULL)
		log_failure(keeper, error);
	bool settled = result != NULL && apply(keeper, result);
	set_alarm(keeper, result, settled);
}

/* A mend without fetching, and the error of serving its chain. */
struct mend_now {
	struct certificate_keeper *keeper;
	struct error error;
};

/* Logs no verdict: the mend with fetching follows. Serves the given chain at least. */
static void on_mended_now(void *context, struct error error, const struct mend_result *result)
{
	struct mend_now *now = context;
	struct certificate_keeper *keeper = now->keeper;
	struct chain_trial_loss loss = {0};

	if (failed(error))
		log_failure(keeper, error);
	else
		error = try_out(keeper, result, &loss);
	bool accepted = !failed(error) && loses_nobody(&loss);
	if (accepted)
		now->error = serve(keeper, chain_of(keeper, result));
	else if (keeper->chain.count == 0)
		now->error = serve(keeper, &keeper->given);
	keeper->trusted = result != NULL && result->mended_trusted;
	if (result != NULL)
		take_verdict(keeper, result, accepted && !failed(now->error), false);
}

/* The chain that is served at present stays a candidate, so that a later mend can find it again. */
static struct error gather_extra(const struct certificate_keeper *keeper, struct certificate_list *out)
{
	struct error error = certificate_list_copy(out, &keeper->extra);
	if (failed(error) || keeper->chain.count == 0 ||
	    !certificate_equal(keeper->chain.items[0].certificate, keeper->given.items[0].certificate))
		return error;
	for (size_t i = 1; !failed(error) && i < keeper->chain.count; i++) {
		const struct certificate_entry *entry = &keeper->chain.items[i];
		if (!certificate_list_contains(out, entry->certificate) &&
		    !certificate_list_contains(&keeper->given, entry->certificate))
			error = certificate_list_append(out, entry->certificate, entry->source);
	}
	return error;
}

/* Where the leaf stood in its file; a backend's own always comes first. */
static size_t leaf_place(const struct keeper_options *options)
{
	return options->part < options->material->num_pairs ? options->material->pairs[options->part].leaf_place : 0;
}

static struct mender_question question_of(const struct certificate_keeper *keeper, const struct certificate_list *extra)
{
	const struct keeper_options *options = &keeper->options;
	return (struct mender_question){
	    .served = &keeper->given,
	    .leaf_place = leaf_place(options),
	    .extra = extra,
	    .stores = options->material->stores,
	    .crls = options->material->crls,
	    .no_staple = true,
	    .names = options->material->names,
	    .num_names = options->material->num_names,
	    .key = keeper->key,
	    .max_chain_bytes = (size_t)options->config->max_chain_bytes,
	};
}

static struct error mend_now(struct certificate_keeper *keeper)
{
	struct mender_question question = question_of(keeper, &keeper->extra);
	struct mend_now now = {keeper, error_none()};

	mender_now(keeper->options.services, &question, &now, on_mended_now);
	return now.error;
}

static void mend(struct certificate_keeper *keeper)
{
	struct certificate_list extra = {0};

	if (keeper->mender != NULL)
		mender_cancel(keeper->mender);
	keeper->mender = NULL;
	if (!failed(gather_extra(keeper, &extra))) {
		struct mender_question question = question_of(keeper, &extra);
		keeper->mender = mender_start(keeper->options.services, &question, keeper, on_mended);
	}
	certificate_list_cleanup(&extra);
	if (keeper->mender == NULL)
		alarm_set(keeper->alarm, retry_next(&keeper->retry));
	else
		alarm_stop(keeper->alarm);
}

static void on_alarm(void *context)
{
	mend(context);
}

struct certificate_keeper *keeper_new(const struct keeper_options *options, const struct certificate_list *chain,
				      const struct certificate_list *extra, EVP_PKEY *key)
{
	struct certificate_keeper *keeper = calloc(1, sizeof(*keeper));
	if (keeper == NULL)
		return NULL;
	keeper->options = *options;
	retry_init(&keeper->retry, KEEPER_RETRY_FIRST_MS, KEEPER_RETRY_MAX_MS);
	EVP_PKEY_up_ref(key);
	keeper->key = key;
	if (failed(certificate_list_copy(&keeper->given, chain)))
		goto out;
	if (extra != NULL && failed(certificate_list_copy(&keeper->extra, extra)))
		goto out;
	if (options->services->loop != NULL) {
		keeper->alarm = alarm_new(options->services->loop, keeper, on_alarm);
		if (keeper->alarm == NULL)
			goto out;
	}
	return keeper;
out:
	keeper_free(keeper);
	return NULL;
}

void keeper_free(struct certificate_keeper *keeper)
{
	if (keeper == NULL)
		return;
	if (keeper->mender != NULL)
		mender_cancel(keeper->mender);
	alarm_free(keeper->alarm);
	certificate_list_cleanup(&keeper->given);
	certificate_list_cleanup(&keeper->extra);
	certificate_list_cleanup(&keeper->chain);
	chain_verdict_cleanup(&keeper->verdict);
	EVP_PKEY_free(keeper->key);
	EVP_PKEY_free(keeper->chain_key);
	free(keeper);
}

struct error keeper_start(struct certificate_keeper *keeper)
{
	return mend_now(keeper);
}

void keeper_begin(struct certificate_keeper *keeper)
{
	keeper->begun = true;
	mend(keeper);
}

static bool replace_list(struct certificate_list *list, const struct certificate_list *by)
{
	return !certificate_list_equal(list, by) && !failed(certificate_list_replace(list, by));
}

void keeper_set_given(struct certificate_keeper *keeper, const struct certificate_list *chain, EVP_PKEY *key)
{
	if (!replace_list(&keeper->given, chain))
		return;
	EVP_PKEY_up_ref(key);
	EVP_PKEY_free(keeper->key);
	keeper->key = key;
	retry_reset(&keeper->retry);
	struct error error = mend_now(keeper);
	if (failed(error))
		log_unserved(keeper, error);
	if (keeper->begun)
		mend(keeper);
}

void keeper_set_extra(struct certificate_keeper *keeper, const struct certificate_list *extra)
{
	if (!replace_list(&keeper->extra, extra))
		return;
	retry_reset(&keeper->retry);
	if (keeper->begun)
		mend(keeper);
}

void keeper_set_withdrawn(struct certificate_keeper *keeper, bool withdrawn)
{
	if (keeper->withdrawn == withdrawn)
		return;
	keeper->withdrawn = withdrawn;
	if (keeper->begun)
		mend(keeper); /* which reports what is applied now */
}

/* A judgement of a chain that is not the keeper's own. */
struct revoked_look {
	const struct certificate_list *chain;
	bool revoked;
};

static void on_looked_at(void *context, struct error error, const struct mend_result *result)
{
	struct revoked_look *look = context;
	look->revoked = failed(error) || is_revoked(look->chain, result);
}

bool keeper_finds_revoked(const struct certificate_keeper *keeper, const struct certificate_list *chain)
{
	struct mender_question question = question_of(keeper, &keeper->extra);
	struct revoked_look look = {chain, true};

	if (question.crls == NULL)
		return false;
	question.served = chain;
	mender_now(keeper->options.services, &question, &look, on_looked_at);
	return look.revoked;
}

const struct certificate_list *keeper_chain(const struct certificate_keeper *keeper)
{
	return &keeper->chain;
}

const struct certificate_list *keeper_given(const struct certificate_keeper *keeper)
{
	return &keeper->given;
}

const struct chain_verdict *keeper_verdict(const struct certificate_keeper *keeper)
{
	return &keeper->verdict;
}

bool keeper_is_trusted(const struct certificate_keeper *keeper)
{
	return keeper->trusted;
}
