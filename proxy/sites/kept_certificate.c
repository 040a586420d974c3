#include "proxy/sites/kept_certificate.h"

#include <stdlib.h>
#include <time.h>

#include "chaincache/certificate/certificate_words.h"
#include "proxy/log/time_text.h"
#include "proxy/mending/chain_trial.h"
#include "proxy/sites/renewal.h"

/* A certificate with its key, kept mended. */
struct kept_pair {
	struct kept_certificate *owner;
	struct certificate_keeper *keeper;
	size_t leaf_place;
	bool insisted; /* an operator asked for it */
};

/* How far the mending of a renewal has come: not at all, by the cache, with fetching. */
enum stage { STAGE_GIVEN, STAGE_MENDED, STAGE_FETCHED };

/* Holds always, once it is made: `pair` is not NULL. */
struct kept_certificate {
	struct kept_certificate_options options;
	struct kept_pair *pair; /* serves */
	struct kept_pair *renewal; /* waits to take its place; NULL: none does */
	int64_t looked_s; /* when the renewal was looked at last */
	int64_t next_look_s;
	enum renewal_reason logged; /* in the program log; RENEWAL_COMPLETE: nothing */
	bool begun;
};

static const struct certificate *leaf_of(const struct kept_pair *pair)
{
	return keeper_given(pair->keeper)->items[0].certificate;
}

/* Serves the chain of the serving pair. A new chain of the renewal is looked at in the next tick; that it is not served
 * is no failure of its keeper. */
static struct error serve(void *context, const struct certificate_list *chain, EVP_PKEY *key)
{
	const struct kept_pair *pair = context;
	struct kept_certificate *kept = pair->owner;

	if (pair != kept->pair) {
		kept->next_look_s = 0;
		return error_none();
	}
	return kept->options.serve(kept->options.context, chain, key);
}

static void look_at_renewal(struct kept_certificate *kept, int64_t now_s);

static void judged(void *context)
{
	const struct kept_pair *pair = context;
	if (pair == pair->owner->renewal)
		look_at_renewal(pair->owner, (int64_t)time(NULL));
}

static void pair_free(struct kept_pair *pair)
{
	if (pair == NULL)
		return;
	keeper_free(pair->keeper);
	free(pair);
}

static struct kept_pair *pair_new(struct kept_certificate *kept, const struct given_certificate *given, bool quiet)
{
	const struct kept_certificate_options *options = &kept->options;
	struct kept_pair *pair = calloc(1, sizeof(*pair));
	if (pair == NULL)
		return NULL;
	const struct keeper_options keeper_options = {
	    .services = options->services,
	    .fix_log = options->fix_log,
	    .log = options->log,
	    .config = options->config,
	    .material = options->material,
	    .share = options->share,
	    .purpose = options->purpose,
	    .part = options->part,
	    .leaf_place = given->leaf_place,
	    .quiet = quiet,
	    .context = pair,
	    .serve = serve,
	    .judged = judged,
	};
	pair->owner = kept;
	pair->leaf_place = given->leaf_place;
	pair->keeper = keeper_new(&keeper_options, given->chain, given->former, given->key);
	if (pair->keeper != NULL)
		return pair;
	free(pair);
	return NULL;
}

static struct given_certificate given_of(const struct kept_pair *pair)
{
	return (struct given_certificate){
	    .chain = keeper_given(pair->keeper),
	    .former = pair->keeper,
	    .leaf_place = pair->leaf_place,
	    .key = keeper_key(pair->keeper),
	};
}

struct error kept_certificate_new(const struct kept_certificate_options *options, const struct given_certificate *given,
				  const struct kept_certificate *former, struct kept_certificate **out)
{
	struct kept_certificate *kept = calloc(1, sizeof(*kept));
	struct error error = error_of(ERROR_MEMORY, 0, "keep a certificate");

	*out = NULL;
	if (kept == NULL)
		return error;
	bool renewed = former != NULL && !certificate_equal(leaf_of(former->pair), given->chain->items[0].certificate);
	const struct given_certificate first = renewed ? given_of(former->pair) : *given;
	kept->options = *options;
	kept->logged = RENEWAL_COMPLETE;
	kept->pair = pair_new(kept, &first, false);
	*out = kept;
	if (kept->pair != NULL)
		error = keeper_start(kept->pair->keeper);
	if (failed(error)) {
		*out = NULL;
		kept_certificate_free(kept);
		return error;
	}
	if (renewed)
		kept_certificate_offer(kept, given, false);
	return error;
}

void kept_certificate_free(struct kept_certificate *kept)
{
	if (kept == NULL)
		return;
	pair_free(kept->renewal);
	pair_free(kept->pair);
	free(kept);
}

static void report_renewal(const struct kept_certificate *kept, const struct finding_list *findings)
{
	const struct kept_certificate_options *options = &kept->options;
	const struct fix_report report = {
	    .group = {options->config->name, SUBJECT_CERTIFICATE, options->renewal_part},
	    .findings = findings,
	};
	fix_log_report(options->fix_log, &report, time_text_now_ms());
}

static void report_no_renewal(const struct kept_certificate *kept)
{
	const struct finding_list none = {0};

	if (kept->begun)
		report_renewal(kept, &none);
}

static void drop_renewal(struct kept_certificate *kept)
{
	if (kept->renewal == NULL)
		return;
	pair_free(kept->renewal);
	kept->renewal = NULL;
	report_no_renewal(kept);
}

static enum stage stage_of(const struct kept_pair *renewal)
{
	const struct chain_verdict *verdict = keeper_verdict(renewal->keeper);

	if (!verdict->judged)
		return STAGE_GIVEN;
	return verdict->with_fetching ? STAGE_FETCHED : STAGE_MENDED;
}

static bool everybody_accepts(const struct kept_certificate *kept, const struct kept_pair *pair)
{
	const struct chain_verdict *verdict = keeper_verdict(pair->keeper);
	bool reports = kept->options.config->mode == MODE_REPORT;

	return !verdict->held_back && (reports ? verdict->served_trusted : verdict->mended_trusted);
}

/* Takes the names of `hostnames`; without them, those that clients asked for lately. */
static void take_names(const struct kept_certificate *kept, struct host_name asked[ASKED_NAMES_MAX],
		       struct renewal_question *question)
{
	const struct kept_certificate_options *options = &kept->options;

	question->names = options->material->names;
	question->num_names = options->material->num_names;
	if (options->asked_names == NULL)
		return;
	question->names = asked;
	question->num_names = asked_names_list(options->asked_names, question->now_s * 1000, asked);
}

/* Compares the names that clients ask for, and the stores that accept both chains. The trials are only run for a
 * renewal that some store does not accept by its mend, which is rare. A client certificate is not judged: the backends'
 * stores are not known here. */
static struct error ask_clients(const struct kept_certificate *kept, const struct shown_chain *shown,
				struct host_name asked[ASKED_NAMES_MAX], struct renewal_question *question)
{
	const struct site_material *material = kept->options.material;
	const struct certificate_keeper *renewed = kept->renewal->keeper;

	if (kept->options.purpose != PURPOSE_TLS_SERVER)
		return error_none();
	take_names(kept, asked, question);
	if (everybody_accepts(kept, kept->renewal)) {
		question->former.stores = UINT32_MAX;
		question->renewed.stores = UINT32_MAX;
		return error_none();
	}
	struct error error =
	    chain_trial_stores(shown->chain, shown->key, material->stores, question->now_s, &question->former.stores);
	if (failed(error))
		return error;
	return chain_trial_stores(keeper_chain(renewed), keeper_key(renewed), material->stores, question->now_s,
				  &question->renewed.stores);
}

/* False: it is not known yet, or memory ran out; the next look asks again. */
static bool ask(const struct kept_certificate *kept, int64_t now_s, struct host_name asked[ASKED_NAMES_MAX],
		struct renewal_question *out)
{
	const struct shown_chain shown = kept->options.shown(kept->options.context);
	struct certificate_keeper *renewed = kept->renewal->keeper;
	enum revocation_answer former_revoked = keeper_finds_revoked(kept->pair->keeper, shown.chain);
	enum revocation_answer renewed_revoked = keeper_finds_revoked(renewed, keeper_chain(renewed));

	*out = (struct renewal_question){
	    .former = {.chain = shown.chain, .revoked = former_revoked == REVOCATION_FOUND},
	    .renewed = {.chain = keeper_chain(renewed), .revoked = renewed_revoked == REVOCATION_FOUND},
	    .insisted = kept->renewal->insisted,
	    .now_s = now_s,
	};
	if (out->insisted)
		return true;
	return former_revoked != REVOCATION_NOT_KNOWN_YET && renewed_revoked != REVOCATION_NOT_KNOWN_YET &&
	       stage_of(kept->renewal) != STAGE_GIVEN && !failed(ask_clients(kept, &shown, asked, out));
}

/* Serves the renewal. On failure the served chain stays, and the next look tries it again. */
static void take_renewal(struct kept_certificate *kept, enum renewal_reason reason)
{
	const struct kept_certificate_options *options = &kept->options;
	struct kept_pair *former = kept->pair;
	struct kept_pair *renewal = kept->renewal;
	const struct certificate *leaf = leaf_of(renewal);
	char text[ERROR_MAX_TEXT];

	kept->pair = renewal;
	struct error error =
	    options->serve(options->context, keeper_chain(renewal->keeper), keeper_key(renewal->keeper));
	if (failed(error)) {
		kept->pair = former;
		program_log_write(options->log, LOG_LEVEL_ERROR, options->config->name,
				  "the new certificate %s cannot be served, the former one goes on: %s",
				  certificate_words_subject(leaf).text, error_print(error, text, sizeof(text)));
		return;
	}
	program_log_write(options->log, LOG_LEVEL_INFO, options->config->name,
			  "the new certificate %s (serial number %s) takes the place of the former one (serial number "
			  "%s): %s",
			  certificate_words_subject(leaf).text, leaf->serial, leaf_of(former)->serial,
			  renewal_reason_words(reason));
	kept->renewal = NULL;
	pair_free(former);
	report_no_renewal(kept);
	keeper_set_quiet(renewal->keeper, false);
}

/* Reported once it was mended with fetching: until then, what is missing may be an issuer that is fetched. */
static void hold_renewal(struct kept_certificate *kept, const struct renewal_question *question,
			 enum renewal_reason reason)
{
	const struct kept_certificate_options *options = &kept->options;
	struct finding_list findings = {0};

	if (stage_of(kept->renewal) != STAGE_FETCHED)
		return;
	renewal_add_finding(&findings, question, options->material->stores);
	report_renewal(kept, &findings);
	finding_list_cleanup(&findings);
	if (kept->logged != reason)
		program_log_write(options->log, LOG_LEVEL_WARNING, options->config->name,
				  "the new certificate %s is not served: %s; the former one goes on, see the fix log",
				  certificate_words_subject(leaf_of(kept->renewal)).text, renewal_reason_words(reason));
	kept->logged = reason;
}

static int64_t earlier(int64_t a, int64_t b, int64_t now_s)
{
	return b > now_s && b < a ? b : a;
}

/* A look at the moment when a validity begins or ends changes the answer. */
static void set_next_look(struct kept_certificate *kept, int64_t now_s)
{
	int64_t next = now_s + KEPT_CERTIFICATE_LOOK_S;

	next = earlier(next, leaf_of(kept->pair)->not_after + 1, now_s);
	next = earlier(next, leaf_of(kept->renewal)->not_before, now_s);
	kept->looked_s = now_s;
	kept->next_look_s = next;
}

static void look_at_renewal(struct kept_certificate *kept, int64_t now_s)
{
	struct renewal_question question;
	struct host_name asked[ASKED_NAMES_MAX];

	set_next_look(kept, now_s);
	if (!ask(kept, now_s, asked, &question)) {
		kept->next_look_s = 0;
		return;
	}
	enum renewal_reason reason = renewal_decide(&question);
	if (renewal_is_taken(reason))
		take_renewal(kept, reason);
	else
		hold_renewal(kept, &question, reason);
}

/* Begins to mend the renewal. */
static void start_renewal(struct kept_certificate *kept, const struct given_certificate *given)
{
	const struct kept_certificate_options *options = &kept->options;
	char text[ERROR_MAX_TEXT];

	kept->renewal = pair_new(kept, given, true);
	struct error error = error_of(ERROR_MEMORY, 0, "keep a certificate");
	if (kept->renewal != NULL)
		error = keeper_start(kept->renewal->keeper);
	if (!failed(error))
		return;
	pair_free(kept->renewal);
	kept->renewal = NULL;
	report_no_renewal(kept);
	program_log_write(options->log, LOG_LEVEL_ERROR, options->config->name,
			  "the new certificate %s cannot be served, the former one goes on: %s",
			  certificate_words_subject(given->chain->items[0].certificate).text,
			  error_print(error, text, sizeof(text)));
}

void kept_certificate_offer(struct kept_certificate *kept, const struct given_certificate *given, bool insisted)
{
	const struct certificate *leaf = given->chain->items[0].certificate;

	if (certificate_equal(leaf_of(kept->pair), leaf)) {
		drop_renewal(kept);
		keeper_set_given(kept->pair->keeper, given->chain);
		return;
	}
	if (kept->renewal != NULL && certificate_equal(leaf_of(kept->renewal), leaf)) {
		keeper_set_given(kept->renewal->keeper, given->chain);
	} else {
		pair_free(kept->renewal);
		kept->logged = RENEWAL_COMPLETE;
		start_renewal(kept, given);
		if (kept->renewal != NULL && kept->begun)
			keeper_begin(kept->renewal->keeper);
	}
	if (kept->renewal == NULL)
		return;
	kept->renewal->insisted = kept->renewal->insisted || insisted;
	look_at_renewal(kept, (int64_t)time(NULL));
}

void kept_certificate_set_extra(struct kept_certificate *kept, const struct certificate_list *extra)
{
	keeper_set_extra(kept->pair->keeper, extra);
	if (kept->renewal != NULL)
		keeper_set_extra(kept->renewal->keeper, extra);
}

void kept_certificate_set_withdrawn(struct kept_certificate *kept, bool withdrawn)
{
	keeper_set_withdrawn(kept->pair->keeper, withdrawn);
}

void kept_certificate_begin(struct kept_certificate *kept)
{
	kept->begun = true;
	keeper_begin(kept->pair->keeper);
	if (kept->renewal != NULL)
		keeper_begin(kept->renewal->keeper);
	else
		report_no_renewal(kept);
}

enum revocation_answer kept_certificate_finds_revoked(struct kept_certificate *kept,
						      const struct certificate_list *chain)
{
	return keeper_finds_revoked(kept->pair->keeper, chain);
}

const struct certificate_keeper *kept_certificate_find_keeper(const struct kept_certificate *kept,
							      const struct certificate *leaf)
{
	if (certificate_equal(leaf_of(kept->pair), leaf))
		return kept->pair->keeper;
	if (kept->renewal != NULL && certificate_equal(leaf_of(kept->renewal), leaf))
		return kept->renewal->keeper;
	return NULL;
}

const struct certificate_keeper *kept_certificate_keeper(const struct kept_certificate *kept)
{
	return kept->pair->keeper;
}

const struct certificate_keeper *kept_certificate_renewal(const struct kept_certificate *kept)
{
	return kept->renewal != NULL ? kept->renewal->keeper : NULL;
}

/* A clock that was set back does not lengthen the pause. */
static bool is_look_due(const struct kept_certificate *kept, int64_t now_s)
{
	if (kept->renewal == NULL)
		return false;
	return now_s >= kept->next_look_s || now_s < kept->looked_s;
}

void kept_certificate_tick(struct kept_certificate *kept, int64_t now_s)
{
	if (is_look_due(kept, now_s))
		look_at_renewal(kept, now_s);
}
