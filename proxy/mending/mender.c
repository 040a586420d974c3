#include "proxy/mending/mender.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "proxy/io/clock.h"
#include "proxy/io/pool_share.h"
#include "proxy/mending/chain_trial.h"
#include "proxy/mending/mend_driver.h"
#include "proxy/mending/mend_tally.h"

struct mender {
	struct mend_services *services;
	struct mend_turn turn; /* in the services' queue; in none for mender_now */
	void *context;
	mender_answer *on_answer;
	int64_t now;
	uint64_t begun_ns; /* monotonic */

	struct certificate_list served;
	size_t leaf_place;
	struct certificate_list extra;
	struct trust_store_set *stores;
	struct crl_store *crls;
	bool no_staple;
	enum certificate_purpose purpose;
	bool ignores_key_usage;
	struct issuer_store *issuers;
	struct host_name *names;
	size_t num_names;
	EVP_PKEY *key;
	bool has_pin;
	uint8_t pin[SHA256_BYTES];
	size_t max_chain_bytes;

	bool offline;
	bool urgent;
	struct pool_share *share; /* may be NULL */
	bool has_former;
	struct certificate_list former;

	struct mend *mend;
	struct mend_driver *driver; /* NULL: it is not under way */
	struct error untried; /* of the trial ... */
	const char *lost_store;
};

static void mender_free(struct mender *mender)
{
	if (mender == NULL)
		return;
	mend_free(mender->mend);
	issuer_store_unref(mender->issuers);
	certificate_list_cleanup(&mender->served);
	certificate_list_cleanup(&mender->extra);
	trust_store_set_unref(mender->stores);
	crl_store_unref(mender->crls);
	EVP_PKEY_free(mender->key);
	certificate_list_cleanup(&mender->former);
	pool_share_unref(mender->share);
	free(mender->names);
	free(mender);
}

static EVP_PKEY *key_ref(EVP_PKEY *key)
{
	if (key != NULL)
		EVP_PKEY_up_ref(key);
	return key;
}

static struct error copy_question(struct mender *mender, const struct mender_question *question)
{
	struct error error = certificate_list_copy(&mender->served, question->served);
	if (!failed(error) && question->extra != NULL)
		error = certificate_list_copy(&mender->extra, question->extra);
	mender->has_former = question->former != NULL;
	if (!failed(error) && mender->has_former)
		error = certificate_list_copy(&mender->former, question->former);
	if (failed(error))
		return error;
	if (question->num_names > 0) {
		mender->names = malloc(question->num_names * sizeof(*mender->names));
		if (mender->names == NULL)
			return error_of(ERROR_MEMORY, 0, "mend a chain");
		memcpy(mender->names, question->names, question->num_names * sizeof(*mender->names));
		mender->num_names = question->num_names;
	}
	mender->stores = trust_store_set_ref(question->stores);
	mender->crls = crl_store_ref(question->crls);
	mender->no_staple = question->no_staple;
	mender->purpose = question->purpose;
	mender->ignores_key_usage = question->ignores_key_usage;
	mender->key = key_ref(question->key);
	mender->offline = question->offline;
	mender->urgent = question->urgent;
	mender->share = question->share != NULL ? pool_share_ref(question->share) : NULL;
	if (question->pin != NULL) {
		memcpy(mender->pin, question->pin, SHA256_BYTES);
		mender->has_pin = true;
	}
	mender->leaf_place = question->leaf_place;
	mender->max_chain_bytes = question->max_chain_bytes;
	return error_none();
}

static struct mender *mender_new(struct mend_services *services, const struct mender_question *question, void *context,
				 mender_answer *on_answer)
{
	struct mender *mender = calloc(1, sizeof(*mender));
	if (mender == NULL)
		return NULL;
	*mender = (struct mender){.services = services, .context = context, .on_answer = on_answer};
	if (!failed(copy_question(mender, question)))
		return mender;
	mender_free(mender);
	return NULL;
}

static struct error make_mend(struct mender *mender, bool offline)
{
	mender->now = (int64_t)time(NULL);
	mender->begun_ns = clock_now_ns();
	mender->issuers = mend_services_issuers(mender->services);
	struct mend_input input = {
	    .served = &mender->served,
	    .leaf_place = mender->leaf_place,
	    .extra = &mender->extra,
	    .cache = mender->issuers,
	    .stores = mender->stores,
	    .crls = mender->crls,
	    .staple_asked = mender->no_staple,
	    .purpose = mender->purpose,
	    .ignore_trust = mender->purpose == PURPOSE_TLS_CLIENT,
	    .ignores_key_usage = mender->ignores_key_usage,
	    .names = mender->names,
	    .num_names = mender->num_names,
	    .key = mender->key,
	    .pin = mender->has_pin ? mender->pin : NULL,
	    .max_chain_bytes = mender->max_chain_bytes,
	    .now = mender->now,
	    .offline = offline,
	};
	return mend_new(&input, &mender->mend);
}

bool mender_is_revoked(const struct certificate_list *chain, const struct mend_result *result)
{
	for (size_t i = 0; i < result->findings.count; i++) {
		const struct finding *finding = &result->findings.items[i];
		if (finding->code == FINDING_REVOKED && finding->certificate != NULL &&
		    certificate_list_contains(chain, finding->certificate))
			return true;
	}
	return finding_list_has_dropped(&result->findings, FINDING_REVOKED); /* of what, nobody knows */
}

/* Finds the clients that the mended chain would lose, where the last step of the mend ran. A revoked chain is no measure
 * for another: clients that do not check revocation accept it. */
static void try_out(void *context)
{
	struct mender *mender = context;
	const struct mend_result *result = mend_result(mender->mend);
	const struct chain_trial trial = {
	    .chain = result->mended.count > 0 ? &result->mended : &mender->served,
	    .former = &mender->former,
	    .key = mender->key,
	    .stores = mender->stores,
	    .now = mender->now,
	};

	if (!mender->has_former || certificate_list_equal(trial.chain, trial.former) ||
	    mender_is_revoked(trial.former, result))
		return;
	mender->untried = chain_trial_run(&trial, &mender->lost_store);
}

/* Ends the mender. The callback may start another one. */
static void answer(struct mender *mender, struct error error)
{
	const struct mend_result *result = failed(error) ? NULL : mend_result(mender->mend);

	if (result != NULL && failed(result->error)) {
		error = result->error;
		result = NULL;
	}
	const struct mender_outcome outcome = {error, result, mender->untried, mender->lost_store};
	mend_tally_mend(mender->services->tally, result, clock_now_ns() - mender->begun_ns);
	for (size_t i = 0; result != NULL && i < result->num_fetched; i++)
		mend_services_keep(mender->services, &result->fetched[i], mender->now);
	mender->on_answer(mender->context, &outcome);
	mender_free(mender);
}

void mender_now(struct mend_services *services, const struct mender_question *question, void *context,
		mender_answer *on_answer)
{
	struct mender *mender = mender_new(services, question, context, on_answer);
	if (mender == NULL) {
		const struct mender_outcome outcome = {.error = error_of(ERROR_MEMORY, 0, "mend a chain")};
		on_answer(context, &outcome);
		return;
	}
	struct error error = make_mend(mender, true);
	if (!failed(error) && mend_advance(mender->mend) != MEND_DONE)
		error = error_of(ERROR_FORMAT, 0, "a mend without fetching asked for a URL");
	if (!failed(error))
		try_out(mender);
	answer(mender, error);
}

static void end_turn(struct mender *mender, struct error error)
{
	mend_queue_leave(mender->services->queue, &mender->turn);
	answer(mender, error);
}

static void on_driven(void *context, uint64_t fetching_ms)
{
	struct mender *mender = context;

	(void)fetching_ms;
	mender->driver = NULL;
	end_turn(mender, error_none());
}

static struct error begin(struct mender *mender)
{
	const struct mend_services *services = mender->services;
	const struct mend_driver_options options = {
	    .loop = services->loop,
	    .threads = services->threads,
	    .share = mender->share,
	    .urgent = mender->urgent,
	    .fetcher = services->fetcher,
	    .tally = services->tally,
	    .timeout_ms = MEND_TIMEOUT_MS,
	    .end_context = mender,
	    .end = try_out,
	};
	struct error error = make_mend(mender, mender->offline || services->fetcher == NULL);

	if (failed(error))
		return error;
	mender->driver = mend_driver_start(&options, mender->mend, mender, on_driven);
	return mender->driver != NULL ? error_none() : error_of(ERROR_MEMORY, 0, "mend a chain");
}

static void on_turn(void *context)
{
	struct mender *mender = context;
	struct error error = begin(mender);
	if (failed(error))
		end_turn(mender, error);
}

struct mender *mender_start(struct mend_services *services, const struct mender_question *question, void *context,
			    mender_answer *on_answer)
{
	struct mender *mender = mender_new(services, question, context, on_answer);
	if (mender == NULL)
		return NULL;
	/* A mend without fetching does not wait in the queue: only the number of threads limits it. */
	if (!question->offline) {
		mend_queue_join(services->queue, &mender->turn, question->urgent ? MEND_RANK_URGENT : MEND_RANK_REGULAR,
				mender, on_turn);
		return mender;
	}
	if (!failed(begin(mender)))
		return mender;
	mender_free(mender);
	return NULL;
}

static void on_released(void *context)
{
	mender_free(context);
}

void mender_cancel(struct mender *mender)
{
	mend_queue_leave(mender->services->queue, &mender->turn);
	if (mender->driver != NULL)
		mend_driver_cancel(mender->driver, mender, on_released);
	else
		mender_free(mender);
}
