#include "proxy/fetch/fetcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "proxy/fetch/curl_loop.h"
#include "proxy/fetch/fetch_pauses.h"
#include "proxy/fetch/transfer.h"
#include "proxy/io/alarm.h"
#include "proxy/io/clock.h"

/* A request waits at a fetch, or, once its answer is known, in the fetcher's queue of answers. */
TAILQ_HEAD(request_list, fetch_request);
TAILQ_HEAD(fetch_list, fetch);

/* One URL's answer, shared by all who asked for it. */
struct answer {
	unsigned references;
	struct fetch_result result;
	char detail[FETCHER_MAX_DETAIL];
	uint8_t body[];
};

struct fetch_request {
	TAILQ_ENTRY(fetch_request) link;
	struct fetch *fetch; /* NULL once it is answered */
	struct answer *answer; /* one reference; NULL when memory was short for one */
	void *context;
	void (*on_done)(void *context, const struct fetch_result *result);
};

/* One URL, asked or waiting for its turn. Holds always: somebody waits for it. */
struct fetch {
	TAILQ_ENTRY(fetch) link;
	struct fetcher *fetcher;
	struct transfer *transfer; /* NULL while it waits */
	struct request_list requests;
	char url[];
};

struct fetcher {
	struct loop *loop;
	struct fetch_policy *policy;
	struct transfer_rules rules;
	struct curl_loop *curl_loop;
	struct fetch_pauses *pauses;
	struct fetch_list under_way;
	struct fetch_list waiting;
	struct request_list answered;
	size_t num_under_way;
	size_t num_requests;
	struct alarm *answering; /* set while there are answers to give, and once more to free the fetcher */
	bool closing;
	void *close_context;
	void (*on_closed)(void *context);
};

static const struct fetch_result out_of_memory = {
    .failure = FETCH_FAILURE_NETWORK,
    .detail = "out of memory",
};

static struct answer *answer_new(struct bytes body)
{
	struct answer *answer = calloc(1, sizeof(*answer) + body.len);

	if (answer == NULL)
		return NULL;
	answer->references = 1;
	if (body.len > 0)
		memcpy(answer->body, body.data, body.len);
	answer->result.body = bytes_of(answer->body, body.len);
	answer->result.detail = answer->detail;
	return answer;
}

static struct answer *failure_new(enum fetch_failure failure, const char *detail)
{
	struct answer *answer = answer_new(bytes_of(NULL, 0));

	if (answer == NULL)
		return NULL;
	answer->result.failure = failure;
	snprintf(answer->detail, sizeof(answer->detail), "%s", detail);
	return answer;
}

static struct answer *answer_of(const struct transfer_outcome *outcome)
{
	if (!outcome->ok)
		return failure_new(outcome->failure, outcome->detail);
	struct answer *answer = answer_new(outcome->body);
	if (answer != NULL)
		answer->result.ok = true;
	return answer;
}

static struct answer *answer_ref(struct answer *answer)
{
	if (answer != NULL)
		answer->references++;
	return answer;
}

static void answer_unref(struct answer *answer)
{
	if (answer != NULL && --answer->references == 0)
		free(answer);
}

static void fetcher_free(struct fetcher *fetcher)
{
	curl_loop_free(fetcher->curl_loop);
	alarm_free(fetcher->answering);
	fetch_pauses_free(fetcher->pauses);
	fetch_proxy_cleanup(&fetcher->rules.proxy);
	free(fetcher->rules.user_agent);
	fetch_policy_free(fetcher->policy);
	free(fetcher);
	curl_global_cleanup();
}

static void finish_closing(struct fetcher *fetcher)
{
	void (*on_closed)(void *) = fetcher->on_closed;
	void *close_context = fetcher->close_context;

	fetcher_free(fetcher);
	if (on_closed != NULL)
		on_closed(close_context);
}

static void give_one(struct fetcher *fetcher, struct fetch_request *request)
{
	struct answer *answer = request->answer;
	void *context = request->context;
	void (*on_done)(void *, const struct fetch_result *) = request->on_done;

	TAILQ_REMOVE(&fetcher->answered, request, link);
	fetcher->num_requests--;
	free(request);
	on_done(context, answer != NULL ? &answer->result : &out_of_memory);
	answer_unref(answer);
}

static void answer_soon(struct fetcher *fetcher)
{
	if (!TAILQ_EMPTY(&fetcher->answered))
		alarm_set(fetcher->answering, 0);
}

/* Gives the answers that are there now. Those that come meanwhile (a callback asks again for what has just failed) wait for
 * the next turn of the loop. */
static void on_answering(void *context)
{
	struct fetcher *fetcher = context;
	size_t num_left = 0;
	const struct fetch_request *request;

	if (fetcher->closing) {
		finish_closing(fetcher);
		return;
	}
	for (request = TAILQ_FIRST(&fetcher->answered); request != NULL; request = TAILQ_NEXT(request, link))
		num_left++;
	while (num_left-- > 0 && !TAILQ_EMPTY(&fetcher->answered))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that TAILQ_REMOVE moves the head. */
		give_one(fetcher, TAILQ_FIRST(&fetcher->answered));
	if (!fetcher->closing)
		answer_soon(fetcher);
}

/* Takes the reference. */
static void answer(struct fetcher *fetcher, struct fetch_request *request, struct answer *take_answer)
{
	request->fetch = NULL;
	request->answer = take_answer;
	TAILQ_INSERT_TAIL(&fetcher->answered, request, link);
	answer_soon(fetcher);
}

static void fetch_free(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;

	if (fetch->transfer != NULL) {
		TAILQ_REMOVE(&fetcher->under_way, fetch, link);
		fetcher->num_under_way--;
	} else {
		TAILQ_REMOVE(&fetcher->waiting, fetch, link);
	}
	transfer_free(fetch->transfer);
	free(fetch);
}

/* Hands the answer to all who wait for it, and frees the fetch. Takes the reference. */
static void finish(struct fetch *fetch, struct answer *take_answer)
{
	struct fetcher *fetcher = fetch->fetcher;
	struct fetch_request *request;

	while ((request = TAILQ_FIRST(&fetch->requests)) != NULL) {
		TAILQ_REMOVE(&fetch->requests, request, link);
		answer(fetcher, request, answer_ref(take_answer));
	}
	answer_unref(take_answer);
	fetch_free(fetch);
}

static void conclude(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;
	const struct transfer_outcome *outcome = transfer_outcome(fetch->transfer);

	if (outcome->ok)
		fetch_pauses_succeeded(fetcher->pauses, fetch->url);
	else
		fetch_pauses_failed(fetcher->pauses, fetch->url, outcome->failure, outcome->detail, clock_now_ms());
	finish(fetch, answer_of(outcome));
}

static void start_waiting(struct fetcher *fetcher);

static void on_transfer_ended(void *context)
{
	struct fetch *fetch = context;
	struct fetcher *fetcher = fetch->fetcher;

	conclude(fetch);
	start_waiting(fetcher);
}

static void start_waiting(struct fetcher *fetcher)
{
	struct fetch *fetch;

	while (fetcher->num_under_way < FETCHER_MAX_UNDER_WAY && (fetch = TAILQ_FIRST(&fetcher->waiting)) != NULL) {
		struct transfer *transfer = transfer_new(fetcher->curl_loop, &fetcher->rules, fetch->url);
		if (transfer == NULL) {
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that TAILQ_REMOVE moves the head. */
			finish(fetch, NULL);
			continue;
		}
		TAILQ_REMOVE(&fetcher->waiting, fetch, link);
		TAILQ_INSERT_TAIL(&fetcher->under_way, fetch, link);
		fetcher->num_under_way++;
		fetch->transfer = transfer;
		if (!transfer_start(transfer, fetch, on_transfer_ended))
			conclude(fetch);
	}
}

static struct fetch *find_in(const struct fetch_list *list, const char *url)
{
	struct fetch *fetch;

	for (fetch = TAILQ_FIRST(list); fetch != NULL; fetch = TAILQ_NEXT(fetch, link)) {
		if (strcmp(fetch->url, url) == 0)
			break;
	}
	return fetch;
}

static struct fetch *find_fetch(const struct fetcher *fetcher, const char *url)
{
	struct fetch *fetch = find_in(&fetcher->under_way, url);

	return fetch != NULL ? fetch : find_in(&fetcher->waiting, url);
}

static struct fetch *fetch_new(struct fetcher *fetcher, const char *url)
{
	size_t url_size = strlen(url) + 1;
	struct fetch *fetch = calloc(1, sizeof(*fetch) + url_size);

	if (fetch == NULL)
		return NULL;
	fetch->fetcher = fetcher;
	TAILQ_INIT(&fetch->requests);
	memcpy(fetch->url, url, url_size);
	TAILQ_INSERT_TAIL(&fetcher->waiting, fetch, link);
	return fetch;
}

/* Answers a URL that is not asked yet. A refusal stays one: its detail is the line that would allow the address. */
static struct answer *answer_paused(const struct fetch_pause *pause)
{
	char detail[FETCHER_MAX_DETAIL];

	if (pause->failure == FETCH_FAILURE_REFUSED)
		return failure_new(pause->failure, pause->detail);
	snprintf(detail, sizeof(detail), "it failed %llu s ago and is not asked again for %llu s: %s",
		 (unsigned long long)(pause->since_ms / 1000), (unsigned long long)((pause->left_ms + 999) / 1000),
		 pause->detail);
	return failure_new(FETCH_FAILURE_PAUSED, detail);
}

/* Finds the answer that needs no transfer, if there is one. False when the URL must be asked. */
static bool answer_at_once(struct fetcher *fetcher, struct fetch_request *request, const char *url)
{
	struct fetch_pause pause;
	const char *why = transfer_check_url(url);

	if (why == NULL && fetcher->num_requests > FETCHER_MAX_REQUESTS)
		why = "more than 1000 fetches are asked for at the same time";
	if (why != NULL)
		answer(fetcher, request, failure_new(FETCH_FAILURE_NETWORK, why));
	else if (fetch_pauses_find(fetcher->pauses, url, clock_now_ms(), &pause))
		answer(fetcher, request, answer_paused(&pause));
	else
		return false;
	return true;
}

struct fetch_request *fetcher_get(struct fetcher *fetcher, const char *url, void *context,
				  void (*on_done)(void *context, const struct fetch_result *result))
{
	struct fetch_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->context = context;
	request->on_done = on_done;
	fetcher->num_requests++;
	if (answer_at_once(fetcher, request, url))
		return request;

	struct fetch *fetch = find_fetch(fetcher, url);
	if (fetch == NULL)
		fetch = fetch_new(fetcher, url);
	if (fetch == NULL) {
		answer(fetcher, request, NULL);
		return request;
	}
	request->fetch = fetch;
	TAILQ_INSERT_TAIL(&fetch->requests, request, link);
	start_waiting(fetcher);
	return request;
}

void fetcher_cancel(struct fetcher *fetcher, struct fetch_request *request)
{
	struct fetch *fetch = request->fetch;

	TAILQ_REMOVE(fetch != NULL ? &fetch->requests : &fetcher->answered, request, link);
	fetcher->num_requests--;
	answer_unref(request->answer);
	free(request);
	if (fetch == NULL || !TAILQ_EMPTY(&fetch->requests))
		return;
	fetch_free(fetch);
	start_waiting(fetcher);
}

static void drop_requests(struct request_list *list)
{
	struct fetch_request *request;

	while ((request = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, request, link);
		answer_unref(request->answer);
		free(request);
	}
}

static void drop_fetches(struct fetch_list *list)
{
	struct fetch *fetch;

	while ((fetch = TAILQ_FIRST(list)) != NULL) {
		drop_requests(&fetch->requests);
		fetch_free(fetch);
	}
}

void fetcher_close(struct fetcher *fetcher, void *context, void (*on_closed)(void *context))
{
	fetcher->closing = true;
	fetcher->close_context = context;
	fetcher->on_closed = on_closed;
	drop_fetches(&fetcher->under_way);
	drop_fetches(&fetcher->waiting);
	drop_requests(&fetcher->answered);
	alarm_set(fetcher->answering, 0);
}

static unsigned or_default(unsigned value, unsigned the_default)
{
	return value > 0 ? value : the_default;
}

static struct error set_up(struct fetcher *fetcher, const struct fetcher_options *options)
{
	struct transfer_rules *rules = &fetcher->rules;

	struct error error = fetch_proxy_init(&rules->proxy, options->proxy, options->no_proxy);
	if (failed(error))
		return error;
	if (fetcher->policy == NULL)
		fetcher->policy = fetch_policy_new();
	rules->policy = fetcher->policy;
	rules->user_agent = strdup(options->user_agent != NULL ? options->user_agent : "chainmend");
	rules->timeout_ms = or_default(options->timeout_ms, FETCH_TIMEOUT_MS);
	rules->connect_timeout_ms = or_default(options->connect_timeout_ms, FETCH_CONNECT_TIMEOUT_MS);
	fetcher->pauses =
	    fetch_pauses_new(or_default(options->first_pause_ms, FETCH_PAUSE_FIRST_MS), FETCH_PAUSE_MAX_MS);
	fetcher->answering = alarm_new(fetcher->loop, fetcher, on_answering);
	fetcher->curl_loop = curl_loop_new(fetcher->loop);
	if (fetcher->policy == NULL || rules->user_agent == NULL || fetcher->pauses == NULL ||
	    fetcher->answering == NULL || fetcher->curl_loop == NULL)
		return error_of(ERROR_MEMORY, 0, "make a fetcher");
	return error_none();
}

struct error fetcher_new(struct loop *loop, const struct fetcher_options *options, struct fetcher **out)
{
	struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

	*out = NULL;
	if (fetcher == NULL || curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
		free(fetcher);
		fetch_policy_free(options->take_policy);
		return error_of(ERROR_MEMORY, 0, "make a fetcher");
	}
	fetcher->loop = loop;
	fetcher->policy = options->take_policy;
	TAILQ_INIT(&fetcher->under_way);
	TAILQ_INIT(&fetcher->waiting);
	TAILQ_INIT(&fetcher->answered);
	struct error error = set_up(fetcher, options);
	if (failed(error)) {
		fetcher_free(fetcher);
		return error;
	}
	*out = fetcher;
	return error_none();
}
