#include "proxy/commands/check/mend_runner.h"

#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/log/time_text.h"
#include "proxy/mending/mend_driver.h"

static bool open_fetcher(struct mend_runner *runner)
{
	char text[ERROR_MAX_TEXT];
	struct error error = fetch_options_make_fetcher(&runner->options->fetch, runner->loop, &runner->fetcher);
	if (!failed(error))
		return true;
	complain("fetching: %s: correct --fetch-proxy or the variable http_proxy, or give --offline",
		 error_print(error, text, sizeof(text)));
	return false;
}

bool mend_runner_open(struct mend_runner *runner, const struct audit_options *options)
{
	*runner = (struct mend_runner){.options = options, .fetching_left_ms = MEND_RUNNER_MAX_FETCHING_MS};
	runner->now = options->has_time ? options->time : time_text_now_ms() / 1000;
	struct error error = loop_new(&runner->loop);
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];
		complain("event loop: %s", error_print(error, text, sizeof(text)));
		return false;
	}
	return trust_material_open(&runner->material, options) && (options->offline || open_fetcher(runner));
}

/* Makes fetched issuers known to the mends that follow, and to the cache. */
static void keep_fetched(struct mend_runner *runner)
{
	const struct mend_result *result = runner->result;
	int64_t fetched_at = time_text_now_ms() / 1000;
	for (size_t i = 0; i < result->num_fetched; i++) {
		const struct fetched_issuer *fetched = &result->fetched[i];
		trust_material_keep(&runner->material, fetched->certificate, fetched->url, fetched_at);
		if (failed(issuer_store_add(runner->material.issuers, fetched->certificate, SOURCE_FETCHED)))
			complain("%s: out of memory", fetched->url);
	}
}

static void on_driven(void *context, uint64_t fetching_ms)
{
	struct mend_runner *runner = context;
	uint64_t left = runner->fetching_left_ms;
	runner->fetching_left_ms = fetching_ms < left ? left - fetching_ms : 0;
	runner->done = true;
	loop_stop(runner->loop); /* else this turn of the loop might go on to wait */
}

static struct error run_to_its_end(struct mend_runner *runner)
{
	uint64_t left = runner->fetching_left_ms;
	const struct mend_driver_options options = {
	    .loop = runner->loop,
	    .fetcher = runner->fetcher,
	    .timeout_ms = left < MEND_TIMEOUT_MS ? left : MEND_TIMEOUT_MS,
	};
	runner->done = false;
	if (mend_driver_start(&options, runner->mend, runner, on_driven) == NULL)
		return error_of(ERROR_MEMORY, 0, "mend a chain");
	while (!runner->done)
		loop_run_once(runner->loop);
	return error_none();
}

static bool run_mend(struct mend_runner *runner, const struct mend_input *input)
{
	struct error error = mend_new(input, &runner->mend);
	if (!failed(error))
		error = run_to_its_end(runner);
	if (!failed(error))
		error = mend_result(runner->mend)->error;
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];
		complain("mending: %s", error_print(error, text, sizeof(text)));
		return false;
	}
	runner->result = mend_result(runner->mend);
	keep_fetched(runner);
	return true;
}

static struct mend_input input_of(const struct mend_runner *runner, const struct certificate_list *served)
{
	return (struct mend_input){
	    .served = served,
	    .leaf_place = runner->leaf_place,
	    .cache = runner->material.issuers,
	    .stores = runner->material.stores,
	    .crls = runner->material.crls,
	    .names = runner->options->names,
	    .num_names = runner->options->num_names,
	    .now = runner->now,
	    .reader = FINDING_OF_COMMAND,
	    .offline = runner->options->offline,
	    .ignore_trust = runner->options->ignore_trust,
	};
}

bool mend_runner_run(struct mend_runner *runner, const struct certificate_list *served, const EVP_PKEY *key)
{
	struct mend_input input = input_of(runner, served);
	input.key = key;
	return run_mend(runner, &input);
}

bool mend_runner_run_sent(struct mend_runner *runner, const struct mend_runner_sent *sent)
{
	struct mend_input input = input_of(runner, sent->chain);
	input.names = sent->names;
	input.num_names = sent->num_names;
	input.staple_asked = sent->staple_asked;
	input.staple = sent->staple;
	return run_mend(runner, &input);
}

struct mend *mend_runner_take(struct mend_runner *runner)
{
	struct mend *mend = runner->mend;
	runner->mend = NULL;
	runner->result = NULL;
	return mend;
}

int mend_runner_end(struct mend_runner *runner, int status)
{
	mend_free(runner->mend);
	trust_material_close(&runner->material);
	if (runner->fetcher != NULL)
		fetcher_close(runner->fetcher, NULL, NULL);
	if (!loop_free(runner->loop))
		output_end(status, STATUS_UNKNOWN);
	return status;
}
