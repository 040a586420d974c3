#include "proxy/mending/certificate_keeper.h"

#include <stdlib.h>
#include <time.h>

#include "proxy/io/alarm.h"
#include "proxy/io/clock.h"
#include "proxy/mending/keeper_inherit.h"
#include "proxy/mending/look_pause.h"

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
	return error;
}

/* Returns the chain to serve by this result. */
static const struct certificate_list *chain_of(const struct certificate_keeper *keeper,
					       const struct mend_result *result)
{
	if (result->mended.count == 0 || keeper->options.config->mode == MODE_REPORT)
		return &keeper->given;
	return &result->mended;
}

static void ring_in(struct certificate_keeper *keeper, uint64_t pause_ms)
{
	keeper->due_ms = clock_now_ms() + pause_ms;
	alarm_set(keeper->alarm, pause_ms);
}

/* `tried`: there is a result, and its chain was served, or tried out and refused. */
static void set_alarm(struct certificate_keeper *keeper, const struct mend_result *result, bool tried)
{
	if (keeper->mender != NULL)
		return; /* serving it has started another mend already */
	keeper->settled = tried && !result->wants_retry;
	if (!keeper->settled) {
		ring_in(keeper, retry_next(&keeper->retry));
		return;
	}
	retry_reset(&keeper->retry);
	ring_in(keeper, look_pause_ms(result->first_expiry, (int64_t)time(NULL)));
}

static void take_verdict(struct certificate_keeper *keeper, const struct mend_result *result, bool applied,
			 bool with_fetching)
{
	chain_verdict_take(&keeper->verdict, result, (int64_t)time(NULL));
	keeper->verdict.with_fetching = with_fetching;
	keeper->verdict.held_back = !applied;
	if (keeper->options.judged != NULL)
		keeper->options.judged(keeper->options.context);
}

/* Serves the result's chain, or logs why not; false when it is to be tried again. */
static bool apply(struct certificate_keeper *keeper, const struct mender_outcome *outcome)
{
	const struct mend_result *result = outcome->result;
	const struct certificate_list *chain = chain_of(keeper, result);
	const struct certificate *leaf = keeper->given.items[0].certificate;
	bool accepted = !failed(outcome->untried) && outcome->lost_store == NULL;
	bool is_new = !certificate_list_equal(&keeper->chain, chain);
	struct error unserved = accepted ? serve(keeper, chain) : error_none();
	bool applied = accepted && !failed(unserved);

	take_verdict(keeper, result, applied, true); /* may call keeper_set_quiet */
	keeper_log_findings(&keeper->log, result, applied && !keeper->withdrawn, outcome->lost_store);
	if (!accepted)
		keeper_log_refusal(&keeper->log, leaf, outcome->untried, outcome->lost_store);
	else if (!applied)
		keeper_log_unserved(&keeper->log, unserved);
	else
		keeper_log_chain(&keeper->log, result, is_new);
	return !failed(outcome->untried) && !failed(unserved);
}

static void on_mended(void *context, const struct mender_outcome *outcome)
{
	struct certificate_keeper *keeper = context;

	keeper->mender = NULL;
	if (outcome->result == NULL)
		keeper_log_failure(&keeper->log, outcome->error);
	keeper->is_applying = true;
	bool tried = outcome->result != NULL && apply(keeper, outcome);
	keeper->is_applying = false;
	set_alarm(keeper, outcome->result, tried);
}

/* Takes a mend without fetching. Logs no verdict: the mend with fetching follows. Serves the given chain at least. */
static struct error take_first(struct certificate_keeper *keeper, const struct mender_outcome *outcome)
{
	const struct mend_result *result = outcome->result;
	struct error error = error_none();
	bool accepted = result != NULL && !failed(outcome->untried) && outcome->lost_store == NULL;

	if (result == NULL)
		keeper_log_failure(&keeper->log, outcome->error);
	if (accepted)
		error = serve(keeper, chain_of(keeper, result));
	else if (keeper->chain.count == 0)
		error = serve(keeper, &keeper->given);
	keeper->trusted = result != NULL && result->mended_trusted;
	if (result != NULL)
		take_verdict(keeper, result, accepted && !failed(error), false);
	return error;
}

/* The chain that is served at present stays a candidate, so that a later mend can find it again. */
static struct error gather_extra(const struct certificate_keeper *keeper, struct certificate_list *out)
{
	struct error error = certificate_list_copy(out, &keeper->others);
	for (size_t i = 0; !failed(error) && i < keeper->extra.count; i++)
		error = certificate_list_append(out, keeper->extra.items[i].certificate, keeper->extra.items[i].source);
	for (size_t i = 1; !failed(error) && i < keeper->chain.count; i++) {
		const struct certificate_entry *entry = &keeper->chain.items[i];
		if (!certificate_list_contains(out, entry->certificate) &&
		    !certificate_list_contains(&keeper->given, entry->certificate))
			error = certificate_list_append(out, entry->certificate, entry->source);
	}
	return error;
}

/* Says whether the chain is for backends, whose trust stores are not known here. */
static bool is_for_backends(const struct certificate_keeper *keeper)
{
	return keeper->options.purpose == PURPOSE_TLS_CLIENT;
}

static struct mender_question question_of(const struct certificate_keeper *keeper, const struct certificate_list *extra)
{
	const struct keeper_options *options = &keeper->options;
	bool for_clients = !is_for_backends(keeper);

	return (struct mender_question){
	    .served = &keeper->given,
	    .leaf_place = options->leaf_place,
	    .extra = extra,
	    .stores = options->material->stores,
	    .crls = options->material->crls,
	    .no_staple = for_clients,
	    .purpose = options->purpose,
	    .names = for_clients ? options->material->names : NULL,
	    .num_names = for_clients ? options->material->num_names : 0,
	    .key = keeper->key,
	    .max_chain_bytes = (size_t)options->config->max_chain_bytes,
	    .share = options->share,
	};
}

/* Returns the chain whose clients must accept the mended one too: the served chain, at first the given one. NULL:
 * nothing is tried, because `mode = report` serves the given chain, or the chain is for backends. */
static const struct certificate_list *former_of(const struct certificate_keeper *keeper)
{
	if (keeper->options.config->mode == MODE_REPORT || is_for_backends(keeper))
		return NULL;
	return keeper->chain.count > 0 ? &keeper->chain : &keeper->given;
}

static void cancel_mend(struct certificate_keeper *keeper)
{
	if (keeper->mender == NULL)
		return;
	if (keeper->is_first)
		keeper->options.services->num_first--;
	mender_cancel(keeper->mender);
	keeper->mender = NULL;
}

static void start_mend(struct certificate_keeper *keeper, bool is_first, mender_answer *on_answer)
{
	struct certificate_list extra = {0};

	cancel_mend(keeper);
	alarm_stop(keeper->alarm);
	keeper->settled = false;
	if (!failed(gather_extra(keeper, &extra))) {
		struct mender_question question = question_of(keeper, &extra);
		question.former = former_of(keeper);
		question.offline = is_first;
		keeper->mender = mender_start(keeper->options.services, &question, keeper, on_answer);
	}
	keeper->is_first = is_first;
	certificate_list_cleanup(&extra);
}

static void mend(struct certificate_keeper *keeper)
{
	start_mend(keeper, false, on_mended);
	if (keeper->mender == NULL)
		ring_in(keeper, retry_next(&keeper->retry));
}

static void on_first(void *context, const struct mender_outcome *outcome)
{
	struct certificate_keeper *keeper = context;

	keeper->mender = NULL;
	keeper->options.services->num_first--;
	struct error error = take_first(keeper, outcome);
	if (failed(error))
		keeper_log_unserved(&keeper->log, error);
	if (keeper->begun && keeper->mender == NULL)
		mend(keeper);
}

/* A mend without fetching, and the error of serving its chain. */
struct mend_now {
	struct certificate_keeper *keeper;
	struct error error;
};

static void on_mended_now(void *context, const struct mender_outcome *outcome)
{
	struct mend_now *now = context;
	now->error = take_first(now->keeper, outcome);
}

static struct error mend_now(struct certificate_keeper *keeper)
{
	struct certificate_list extra = {0};
	struct mend_now now = {keeper, gather_extra(keeper, &extra)};
	struct mender_question question = question_of(keeper, &extra);

	question.former = former_of(keeper);
	if (!failed(now.error))
		mender_now(keeper->options.services, &question, &now, on_mended_now);
	certificate_list_cleanup(&extra);
	return now.error;
}

/* The first mend, in a thread or at once. */
static struct error mend_first(struct certificate_keeper *keeper)
{
	if (keeper->options.services->threads == NULL)
		return mend_now(keeper);
	start_mend(keeper, true, on_first);
	if (keeper->mender != NULL)
		keeper->options.services->num_first++;
	else if (keeper->begun)
		mend(keeper);
	return error_none();
}

static void on_alarm(void *context)
{
	mend(context);
}

struct certificate_keeper *keeper_new(const struct keeper_options *options, const struct certificate_list *chain,
				      const struct certificate_keeper *former, EVP_PKEY *key)
{
	struct certificate_keeper *keeper = calloc(1, sizeof(*keeper));
	if (keeper == NULL)
		return NULL;
	keeper->options = *options;
	keeper->log = (struct keeper_log){
	    .log = options->log,
	    .fix_log = options->fix_log,
	    .config = options->config,
	    .part = options->part,
	    .for_backends = options->purpose == PURPOSE_TLS_CLIENT,
	    .quiet = options->quiet,
	};
	retry_init(&keeper->retry, KEEPER_RETRY_FIRST_MS, KEEPER_RETRY_MAX_MS);
	EVP_PKEY_up_ref(key);
	keeper->key = key;
	if (failed(keeper_inherit_chains(keeper, chain, former)))
		goto out;
	if (options->services->loop != NULL) {
		keeper->alarm = alarm_new(options->services->loop, keeper, on_alarm);
		if (keeper->alarm == NULL)
			goto out;
	}
	keeper_inherit_verdict(keeper, former);
	return keeper;
out:
	keeper_free(keeper);
	return NULL;
}

void keeper_free(struct certificate_keeper *keeper)
{
	if (keeper == NULL)
		return;
	cancel_mend(keeper);
	revocation_look_cleanup(&keeper->look);
	alarm_free(keeper->alarm);
	certificate_list_cleanup(&keeper->given);
	certificate_list_cleanup(&keeper->others);
	certificate_list_cleanup(&keeper->extra);
	certificate_list_cleanup(&keeper->first);
	certificate_list_cleanup(&keeper->chain);
	chain_verdict_cleanup(&keeper->verdict);
	EVP_PKEY_free(keeper->key);
	free(keeper);
}

struct error keeper_start(struct certificate_keeper *keeper)
{
	struct error error = error_none();

	if (keeper->options.services->threads != NULL)
		error = serve(keeper, &keeper->first);
	if (failed(error) || keeper->is_inherited)
		return error;
	return mend_first(keeper);
}

void keeper_begin(struct certificate_keeper *keeper)
{
	uint64_t now_ms = clock_now_ms();

	keeper->begun = true;
	if (keeper->is_inherited) {
		keeper->settled = true;
		ring_in(keeper, keeper->due_ms > now_ms ? keeper->due_ms - now_ms : 0);
	} else if (keeper->mender == NULL) {
		mend(keeper);
	}
}

static bool replace_list(struct certificate_list *list, const struct certificate_list *by)
{
	return !certificate_list_equal(list, by) && !failed(certificate_list_replace(list, by));
}

void keeper_set_given(struct certificate_keeper *keeper, const struct certificate_list *chain)
{
	if (!replace_list(&keeper->given, chain))
		return;
	keeper->is_inherited = false;
	retry_reset(&keeper->retry);
	struct error error = mend_first(keeper);
	if (failed(error))
		keeper_log_unserved(&keeper->log, error);
	if (keeper->begun && keeper->mender == NULL)
		mend(keeper);
}

/* Mends anew, unless the first mend is under way: another one follows it in any case. */
static void mend_again(struct certificate_keeper *keeper)
{
	keeper->is_inherited = false;
	if (keeper->begun && !(keeper->mender != NULL && keeper->is_first))
		mend(keeper);
}

void keeper_set_extra(struct certificate_keeper *keeper, const struct certificate_list *extra)
{
	if (!replace_list(&keeper->extra, extra))
		return;
	retry_reset(&keeper->retry);
	mend_again(keeper);
}

void keeper_set_quiet(struct certificate_keeper *keeper, bool quiet)
{
	if (keeper->log.quiet == quiet)
		return;
	keeper->log.quiet = quiet;
	if (keeper->mender == NULL && !keeper->is_applying)
		mend_again(keeper); /* a mend that is under way reports as `quiet` says by then */
}

void keeper_set_withdrawn(struct certificate_keeper *keeper, bool withdrawn)
{
	if (keeper->withdrawn == withdrawn)
		return;
	keeper->withdrawn = withdrawn;
	mend_again(keeper); /* which reports what is applied now */
}

enum revocation_answer keeper_finds_revoked(struct certificate_keeper *keeper, const struct certificate_list *chain)
{
	struct mender_question question = question_of(keeper, &keeper->extra);

	if (question.crls == NULL)
		return REVOCATION_NONE;
	return revocation_look_ask(&keeper->look, keeper->options.services, &question, chain);
}

const struct certificate_list *keeper_chain(const struct certificate_keeper *keeper)
{
	return &keeper->chain;
}

const struct certificate_list *keeper_given(const struct certificate_keeper *keeper)
{
	return &keeper->given;
}

EVP_PKEY *keeper_key(const struct certificate_keeper *keeper)
{
	return keeper->key;
}

const struct chain_verdict *keeper_verdict(const struct certificate_keeper *keeper)
{
	return &keeper->verdict;
}

bool keeper_is_trusted(const struct certificate_keeper *keeper)
{
	return keeper->trusted;
}
