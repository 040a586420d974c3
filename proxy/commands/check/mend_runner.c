#include "proxy/commands/check/mend_runner.h"

#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/io/alarm.h"
#include "proxy/log/time_text.h"

static bool open_fetcher(struct audit *audit)
{
	char text[ERROR_MAX_TEXT];
	struct error error = fetch_options_make_fetcher(&audit->options->fetch, audit->loop, &audit->fetcher);
	if (!failed(error))
		return true;
	complain("fetching: %s: correct --fetch-proxy or the variable http_proxy, or give --offline",
		 error_print(error, text, sizeof(text)));
	return false;
}

static void on_deadline(void *context);

static bool open_loop(struct audit *audit)
{
	char text[ERROR_MAX_TEXT];
	struct error error = loop_new(&audit->loop);
	if (!failed(error)) {
		audit->deadline = alarm_new(audit->loop, audit, on_deadline);
		if (audit->deadline == NULL)
			error = error_of(ERROR_MEMORY, 0, "set a deadline");
	}
	if (failed(error))
		complain("event loop: %s", error_print(error, text, sizeof(text)));
	return !failed(error);
}

bool audit_open(struct audit *audit, const struct audit_options *options)
{
	*audit = (struct audit){.options = options, .fetching_left_ms = AUDIT_MAX_FETCHING_MS};
	audit->now = options->has_time ? options->time : time_text_now_ms() / 1000;
	return open_loop(audit) && trust_material_open(&audit->material, options) &&
	       (options->offline || open_fetcher(audit));
}

static void advance(struct audit *audit);

/* An answer may come among the timers of a turn that would then wait for the deadline: the turn ends instead. */
static void advance_in_loop(struct audit *audit)
{
	advance(audit);
	if (audit->done)
		loop_stop(audit->loop);
}

static void on_fetched(void *context, const struct fetch_result *result)
{
	struct audit_fetch *fetch = context;
	struct audit *audit = fetch->audit;
	fetch->request = NULL;
	audit->num_open--;
	if (result->ok)
		mend_give_body(audit->mend, fetch->index, result->body);
	else
		mend_give_failure(audit->mend, fetch->index, result->failure, result->detail);
	if (audit->num_open == 0)
		advance_in_loop(audit);
}

static void start_fetch(struct audit *audit, size_t index, const char *url)
{
	static const char out_of_time[] = "the time for all fetches was used up";
	if (audit->out_of_time || audit->fetcher == NULL || index >= MEND_MAX_FETCHES) {
		mend_give_failure(audit->mend, index, FETCH_FAILURE_NETWORK, out_of_time);
		return;
	}
	struct audit_fetch *fetch = &audit->fetches[index];
	*fetch = (struct audit_fetch){.audit = audit, .index = index};
	fetch->request = fetcher_get(audit->fetcher, url, fetch, on_fetched);
	if (fetch->request == NULL)
		mend_give_failure(audit->mend, index, FETCH_FAILURE_NETWORK, "out of memory");
	else
		audit->num_open++;
}

static void advance(struct audit *audit)
{
	while (mend_advance(audit->mend) == MEND_WANT_URLS) {
		size_t count = 0;
		const struct mend_request *requests = mend_requests(audit->mend, &count);
		for (size_t i = 0; i < count; i++)
			start_fetch(audit, i, requests[i].url);
		if (audit->num_open > 0)
			return;
	}
	audit->done = true;
}

static void on_deadline(void *context)
{
	struct audit *audit = context;
	audit->out_of_time = true;
	for (size_t i = 0; i < MEND_MAX_FETCHES; i++) {
		struct audit_fetch *fetch = &audit->fetches[i];
		if (fetch->request == NULL)
			continue;
		fetcher_cancel(audit->fetcher, fetch->request);
		fetch->request = NULL;
		mend_give_failure(audit->mend, fetch->index, FETCH_FAILURE_NETWORK,
				  "the time for all fetches was used up");
	}
	audit->num_open = 0;
	advance_in_loop(audit);
}

/* What one mend fetched the next one has at hand. */
static void keep_fetched(struct audit *audit)
{
	const struct mend_result *result = audit->result;
	int64_t fetched_at = time_text_now_ms() / 1000;
	for (size_t i = 0; i < result->num_fetched; i++) {
		const struct fetched_issuer *fetched = &result->fetched[i];
		trust_material_keep(&audit->material, fetched->certificate, fetched->url, fetched_at);
		if (failed(issuer_store_add(audit->material.issuers, fetched->certificate, SOURCE_FETCHED)))
			complain("%s: out of memory", fetched->url);
	}
}

static void run_to_its_end(struct audit *audit)
{
	uint64_t left = audit->fetching_left_ms;
	audit->out_of_time = left == 0;
	audit->done = false;
	alarm_set(audit->deadline, left < MEND_TIMEOUT_MS ? left : MEND_TIMEOUT_MS);
	uint64_t start = loop_now_ms(audit->loop);
	advance(audit);
	while (!audit->done)
		loop_run_once(audit->loop);
	alarm_stop(audit->deadline);
	uint64_t spent = loop_now_ms(audit->loop) - start;
	audit->fetching_left_ms = spent < left ? left - spent : 0;
}

static bool run_mend(struct audit *audit, const struct mend_input *input)
{
	struct error error = mend_new(input, &audit->mend);
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];
		complain("mending: %s", error_print(error, text, sizeof(text)));
		return false;
	}
	run_to_its_end(audit);
	audit->result = mend_result(audit->mend);
	keep_fetched(audit);
	return true;
}

static struct mend_input input_of(const struct audit *audit, const struct certificate_list *served)
{
	return (struct mend_input){
	    .served = served,
	    .leaf_place = audit->leaf_place,
	    .cache = audit->material.issuers,
	    .stores = audit->material.stores,
	    .crls = audit->material.crls,
	    .names = audit->options->names,
	    .num_names = audit->options->num_names,
	    .now = audit->now,
	    .offline = audit->options->offline,
	    .ignore_trust = audit->options->ignore_trust,
	};
}

bool audit_run(struct audit *audit, const struct certificate_list *served, const EVP_PKEY *key)
{
	struct mend_input input = input_of(audit, served);
	input.key = key;
	return run_mend(audit, &input);
}

bool audit_run_sent(struct audit *audit, const struct audit_sent *sent)
{
	struct mend_input input = input_of(audit, sent->chain);
	input.names = sent->names;
	input.num_names = sent->num_names;
	input.staple_asked = sent->staple_asked;
	input.staple = sent->staple;
	return run_mend(audit, &input);
}

struct mend *audit_take(struct audit *audit)
{
	struct mend *mend = audit->mend;
	audit->mend = NULL;
	audit->result = NULL;
	return mend;
}

int audit_end(struct audit *audit, int status)
{
	mend_free(audit->mend);
	trust_material_close(&audit->material);
	if (audit->fetcher != NULL)
		fetcher_close(audit->fetcher, NULL, NULL);
	alarm_free(audit->deadline);
	if (!loop_free(audit->loop))
		output_end(status, STATUS_UNKNOWN);
	return status;
}
