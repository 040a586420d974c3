#include "proxy/mending/mender.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "proxy/io/clock.h"
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
	struct issuer_store *issuers;
	struct host_name *names;
	size_t num_names;
	EVP_PKEY *key;
	bool has_pin;
	uint8_t pin[SHA256_BYTES];
	size_t max_chain_bytes;

	struct mend *mend;
	struct mend_driver *driver; /* NULL: it is not under way */
};

static void mender_free(struct mender *mender)
{
	if (mender == NULL)
		return;
	mend_free(mender->mend);
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
		mender->names = malloc(question->num_names * sizeof(*mender->names));
		if (mender->names == NULL)
			return error_of(ERROR_MEMORY, 0, "mend a chain");
		memcpy(mender->names, question->names, question->num_names * sizeof(*mender->names));
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

/* Ends the mender. The callback may start another one. */
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

static void on_driven(void *context, uint64_t fetching_ms)
{
	struct mender *mender = context;

	(void)fetching_ms;
	mender->driver = NULL;
	end_turn(mender, error_none());
}

static void on_turn(void *context)
{
	struct mender *mender = context;
	const struct mend_services *services = mender->services;
	const struct mend_driver_options options = {
	    .loop = services->loop,
	    .fetcher = services->fetcher,
	    .tally = services->tally,
	    .timeout_ms = MEND_TIMEOUT_MS,
	};
	struct error error = make_mend(mender, services->fetcher == NULL);

	if (!failed(error)) {
		mender->driver = mend_driver_start(&options, mender->mend, mender, on_driven);
		if (mender->driver == NULL)
			error = error_of(ERROR_MEMORY, 0, "mend a chain");
	}
	if (failed(error))
		end_turn(mender, error);
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
	mend_driver_cancel(mender->driver);
	mend_queue_leave(mender->services->queue, &mender->turn);
	mender_free(mender);
}
