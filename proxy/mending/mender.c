#include "proxy/mending/mender.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "proxy/io/alarm.h"
#include "proxy/io/clock.h"
#include "proxy/mending/mend_tally.h"

/* One URL under way. */
struct mender_fetch {
	struct mender *mender;
	struct fetch_request *request; /* NULL: answered, or never started */
	size_t index; /* into mend_requests */
};

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
	struct issuer_store *issuers;
	struct host_name *names;
	size_t num_names;
	EVP_PKEY *key;
	bool has_pin;
	uint8_t pin[SHA256_BYTES];
	size_t max_chain_bytes;

	struct mend *mend;
	struct alarm *deadline;
	bool out_of_time;
	struct mender_fetch fetches[MEND_MAX_FETCHES];
	size_t num_fetches;
	size_t num_open;
};

static void mender_free(struct mender *mender)
{
	if (mender == NULL)
		return;
	mend_free(mender->mend);
	alarm_free(mender->deadline);
	if (mender->issuers != NULL)
		mend_services_return_issuers(mender->services, mender->issuers);
	certificate_list_cleanup(&mender->served);
	certificate_list_cleanup(&mender->extra);
	trust_store_set_unref(mender->stores);
	crl_store_unref(mender->crls);
	EVP_PKEY_free(mender->key);
	free(mender->names);
	free(mender);
}

static struct error copy_question(struct mender *mender, const struct mender_question *question)
{
	struct error error = certificate_list_copy(&mender->served, question->served);
	if (!failed(error) && question->extra != NULL)
		error = certificate_list_copy(&mender->extra, question->extra);
	if (failed(error))
		return error;
	if (question->num_names > 0) {
		mender->names = malloc(question->num_names * sizeof *mender->names);
		if (mender->names == NULL)
			return error_of(ERROR_MEMORY, 0, "mend a chain");
		memcpy(mender->names, question->names, question->num_names * sizeof *mender->names);
		mender->num_names = question->num_names;
	}
	mender->stores = trust_store_set_ref(question->stores);
	mender->crls = crl_store_ref(question->crls);
	mender->no_staple = question->no_staple;
	if (question->key != NULL) {
		EVP_PKEY_up_ref(question->key);
		mender->key = question->key;
	}
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
	struct mender *mender = calloc(1, sizeof *mender);
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
	mender->issuers = mend_services_borrow_issuers(mender->services);
	struct mend_input input = {
	    .served = &mender->served,
	    .leaf_place = mender->leaf_place,
	    .extra = &mender->extra,
	    .cache = mender->issuers,
	    .stores = mender->stores,
	    .crls = mender->crls,
	    .staple_asked = mender->no_staple,
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

/* The last act of a mender. The callback may start another one. */
static void answer(struct mender *mender, struct error error)
{
	const struct mend_result *result = failed(error) ? NULL : mend_result(mender->mend);

	mend_tally_mend(mender->services->tally, result, clock_now_ns() - mender->begun_ns);
	for (size_t i = 0; result != NULL && i < result->num_fetched; i++)
		mend_services_keep(mender->services, &result->fetched[i], mender->now);
	mender->on_answer(mender->context, error, result);
	mender_free(mender);
}

void mender_now(struct mend_services *services, const struct mender_question *question, void *context,
		mender_answer *on_answer)
{
	struct mender *mender = mender_new(services, question, context, on_answer);
	if (mender == NULL) {
		on_answer(context, error_of(ERROR_MEMORY, 0, "mend a chain"), NULL);
		return;
	}
	struct error error = make_mend(mender, true);
	if (!failed(error) && mend_advance(mender->mend) != MEND_DONE)
		error = error_of(ERROR_FORMAT, 0, "a mend without fetching asked for a URL");
	answer(mender, error);
}

static void end_turn(struct mender *mender, struct error error)
{
	mend_queue_leave(mender->services->queue, &mender->turn);
	answer(mender, error);
}

static void advance(struct mender *mender);

static void on_fetched(void *context, const struct fetch_result *result)
{
	struct mender_fetch *fetch = context;
	struct mender *mender = fetch->mender;

	fetch->request = NULL;
	mender->num_open--;
	mend_tally_fetch(mender->services->tally, result->ok, result->failure);
	if (result->ok)
		mend_give_body(mender->mend, fetch->index, result->body);
	else
		mend_give_failure(mender->mend, fetch->index, result->failure, result->detail);
	if (mender->num_open == 0)
		advance(mender);
}

static void start_fetch(struct mender *mender, size_t index, const char *url)
{
	struct mender_fetch *fetch = &mender->fetches[mender->num_fetches];

	if (mender->out_of_time) {
		mend_give_failure(mender->mend, index, FETCH_FAILURE_NETWORK, "the time for all fetches was used up");
		return;
	}
	if (mender->num_fetches == MEND_MAX_FETCHES) {
		mend_give_failure(mender->mend, index, FETCH_FAILURE_NETWORK, "too many URLs at one time");
		return;
	}
	*fetch = (struct mender_fetch){.mender = mender, .index = index};
	fetch->request = fetcher_get(mender->services->fetcher, url, fetch, on_fetched);
	if (fetch->request == NULL) {
		mend_give_failure(mender->mend, index, FETCH_FAILURE_NETWORK, "out of memory");
		return;
	}
	mender->num_fetches++;
	mender->num_open++;
}

static void advance(struct mender *mender)
{
	while (mend_advance(mender->mend) == MEND_WANT_URLS) {
		size_t count = 0;
		const struct mend_request *requests = mend_requests(mender->mend, &count);
		mender->num_fetches = 0;
		for (size_t i = 0; i < count; i++)
			start_fetch(mender, i, requests[i].url);
		if (mender->num_open > 0)
			return;
	}
	end_turn(mender, error_none());
}

static void cancel_fetches(struct mender *mender, bool give_failure)
{
	for (size_t i = 0; i < mender->num_fetches; i++) {
		struct mender_fetch *fetch = &mender->fetches[i];
		if (fetch->request == NULL)
			continue;
		fetcher_cancel(mender->services->fetcher, fetch->request);
		fetch->request = NULL;
		if (give_failure)
			mend_give_failure(mender->mend, fetch->index, FETCH_FAILURE_NETWORK,
					  "the time for all fetches of a mend was used up");
	}
	mender->num_open = 0;
}

static void on_deadline(void *context)
{
	struct mender *mender = context;

	mender->out_of_time = true;
	cancel_fetches(mender, true);
	advance(mender);
}

static void on_turn(void *context)
{
	struct mender *mender = context;
	struct mend_services *services = mender->services;
	struct error error = make_mend(mender, services->fetcher == NULL);

	mender->deadline = alarm_new(services->loop, mender, on_deadline);
	if (!failed(error) && mender->deadline == NULL)
		error = error_of(ERROR_MEMORY, 0, "mend a chain");
	if (failed(error)) {
		end_turn(mender, error);
		return;
	}
	alarm_set(mender->deadline, MEND_TIMEOUT_MS);
	advance(mender);
}

struct mender *mender_start(struct mend_services *services, const struct mender_question *question, void *context,
			    mender_answer *on_answer)
{
	struct mender *mender = mender_new(services, question, context, on_answer);
	if (mender != NULL)
		mend_queue_join(services->queue, &mender->turn, question->urgent, mender, on_turn);
	return mender;
}

void mender_cancel(struct mender *mender)
{
	cancel_fetches(mender, false);
	mend_queue_leave(mender->services->queue, &mender->turn);
	mender_free(mender);
}
