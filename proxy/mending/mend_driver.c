#include "proxy/mending/mend_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/alarm.h"
#include "proxy/io/loop.h"
#include "proxy/io/thread_pool.h"
#include "proxy/mending/mend_tally.h"

/* One URL, under way or answered. */
struct driven_fetch {
	struct mend_driver *driver;
	struct fetch_request *request; /* NULL: answered */
	size_t index; /* into mend_requests */
	uint8_t *body; /* owned; NULL: it failed */
	size_t body_len;
	enum fetch_failure failure;
	char detail[FETCHER_MAX_DETAIL];
};

/* Holds always: while is_stepping, a thread has the mend and the fetches, and num_open is 0. */
struct mend_driver {
	struct pool_job job; /* first; a step of the mend */
	struct mend_driver_options options;
	struct mend *mend;
	enum mend_state mend_state; /* after the last step */
	void *context;
	mend_driver_done *on_done;
	void (*on_released)(void *context); /* after a cancel, with `context` */
	bool has_begun;
	bool is_late; /* nothing is fetched any more */
	bool is_stepping;
	struct alarm *alarm; /* rings for the start without threads, then at the deadline */
	struct driven_fetch fetches[MEND_MAX_FETCHES];
	size_t num_fetches;
	size_t num_open; /* those without an answer */
	bool has_fetched;
	uint64_t first_fetch_ms; /* in the loop's time */
};

static const char out_of_time[] = "the time for all fetches was used up";

static struct mend_driver *driver_of(struct pool_job *job)
{
	return (struct mend_driver *)(void *)job;
}

static void forget_fetches(struct mend_driver *driver)
{
	for (size_t i = 0; i < driver->num_fetches; i++)
		free(driver->fetches[i].body);
	driver->num_fetches = 0;
}

static void driver_free(struct mend_driver *driver)
{
	forget_fetches(driver);
	alarm_free(driver->alarm);
	free(driver);
}

static void give_answers(struct mend_driver *driver)
{
	for (size_t i = 0; i < driver->num_fetches; i++) {
		const struct driven_fetch *fetch = &driver->fetches[i];
		if (fetch->body != NULL)
			mend_give_body(driver->mend, fetch->index, bytes_of(fetch->body, fetch->body_len));
		else
			mend_give_failure(driver->mend, fetch->index, fetch->failure, fetch->detail);
	}
	forget_fetches(driver);
}

/* Runs on a mending thread, or on the loop's. */
static void step(struct pool_job *job)
{
	struct mend_driver *driver = driver_of(job);

	give_answers(driver);
	driver->mend_state = mend_advance(driver->mend);
	if (driver->mend_state == MEND_DONE && driver->options.end != NULL)
		driver->options.end(driver->options.end_context);
}

/* Frees the driver first: the callback may start another one. */
static void finish(struct mend_driver *driver)
{
	uint64_t fetching_ms = driver->has_fetched ? loop_now_ms(driver->options.loop) - driver->first_fetch_ms : 0;
	mend_driver_done *on_done = driver->on_done;
	void *context = driver->context;

	driver_free(driver);
	on_done(context, fetching_ms);
}

static void fail(struct driven_fetch *fetch, enum fetch_failure failure, const char *detail)
{
	fetch->request = NULL;
	fetch->failure = failure;
	snprintf(fetch->detail, sizeof(fetch->detail), "%s", detail);
}

static void keep_body(struct driven_fetch *fetch, struct bytes body)
{
	fetch->body = malloc(body.len + 1);
	if (fetch->body == NULL) {
		fail(fetch, FETCH_FAILURE_NETWORK, "out of memory");
		return;
	}
	memcpy(fetch->body, body.data, body.len);
	fetch->body_len = body.len;
}

static void run_step(struct mend_driver *driver);

static void on_fetched(void *context, const struct fetch_result *result)
{
	struct driven_fetch *fetch = context;
	struct mend_driver *driver = fetch->driver;

	fetch->request = NULL;
	driver->num_open--;
	mend_tally_fetch(driver->options.tally, result->ok, result->failure);
	if (result->ok)
		keep_body(fetch, result->body);
	else
		fail(fetch, result->failure, result->detail);
	if (driver->num_open == 0)
		run_step(driver);
}

/* Starts one fetch. Returns NULL, or why there is none. */
static const char *start_fetch(struct mend_driver *driver, struct driven_fetch *fetch, const char *url)
{
	if (driver->is_late)
		return out_of_time;
	if (driver->options.fetcher == NULL)
		return "nothing is fetched";
	fetch->request = fetcher_get(driver->options.fetcher, url, fetch, on_fetched);
	if (fetch->request == NULL)
		return "out of memory";
	driver->num_open++;
	return NULL;
}

/* The mend asks for MEND_MAX_FETCHES URLs at most. */
static void start_fetches(struct mend_driver *driver)
{
	size_t count = 0;
	const struct mend_request *requests = mend_requests(driver->mend, &count);

	driver->num_fetches = count < MEND_MAX_FETCHES ? count : MEND_MAX_FETCHES;
	for (size_t i = 0; i < driver->num_fetches; i++) {
		struct driven_fetch *fetch = &driver->fetches[i];
		*fetch = (struct driven_fetch){.driver = driver, .index = i};
		const char *why_not = start_fetch(driver, fetch, requests[i].url);
		if (why_not != NULL)
			fail(fetch, FETCH_FAILURE_NETWORK, why_not);
	}
	if (driver->num_open == 0 || driver->has_fetched)
		return;
	driver->has_fetched = true;
	driver->first_fetch_ms = loop_now_ms(driver->options.loop);
	alarm_set(driver->alarm, driver->options.timeout_ms);
}

/* Returns true when the next step can run; false: the driver waits for answers, or is freed. */
static bool follow_step(struct mend_driver *driver)
{
	if (driver->mend_state == MEND_DONE) {
		finish(driver);
		return false;
	}
	start_fetches(driver);
	return driver->num_open == 0;
}

static void submit(struct mend_driver *driver)
{
	driver->is_stepping = true;
	thread_pool_submit(driver->options.threads, driver->options.share, &driver->job, driver->options.urgent);
}

static void run_step(struct mend_driver *driver)
{
	if (driver->options.threads != NULL) {
		submit(driver);
		return;
	}
	driver->is_stepping = false;
	do
		step(&driver->job);
	while (follow_step(driver));
}

static void on_stepped(struct pool_job *job)
{
	struct mend_driver *driver = driver_of(job);

	driver->is_stepping = false;
	mend_tally_step(driver->options.tally, job->waited_ns, job->cpu_ns);
	if (follow_step(driver))
		run_step(driver);
}

static void release(struct mend_driver *driver)
{
	void (*on_released)(void *context) = driver->on_released;
	void *context = driver->context;

	driver_free(driver);
	on_released(context);
}

static void on_discarded(struct pool_job *job)
{
	release(driver_of(job));
}

static void cancel_fetches(struct mend_driver *driver)
{
	for (size_t i = 0; driver->num_open > 0 && i < driver->num_fetches; i++) {
		struct driven_fetch *fetch = &driver->fetches[i];
		if (fetch->request == NULL)
			continue;
		fetcher_cancel(driver->options.fetcher, fetch->request);
		fail(fetch, FETCH_FAILURE_NETWORK, out_of_time);
		driver->num_open--;
	}
}

static void on_alarm(void *context)
{
	struct mend_driver *driver = context;

	if (driver->has_begun) {
		driver->is_late = true;
		cancel_fetches(driver);
	}
	driver->has_begun = true;
	if (!driver->is_stepping)
		run_step(driver);
}

struct mend_driver *mend_driver_start(const struct mend_driver_options *options, struct mend *mend, void *context,
				      mend_driver_done *on_done)
{
	struct mend_driver *driver = calloc(1, sizeof(*driver));
	if (driver == NULL)
		return NULL;
	driver->job = (struct pool_job){.run = step, .on_done = on_stepped, .discard = on_discarded};
	driver->options = *options;
	driver->mend = mend;
	driver->context = context;
	driver->on_done = on_done;
	driver->is_late = options->timeout_ms == 0;
	driver->alarm = alarm_new(options->loop, driver, on_alarm);
	if (driver->alarm == NULL) {
		free(driver);
		return NULL;
	}
	if (options->threads == NULL) {
		alarm_set(driver->alarm, 0);
		return driver;
	}
	driver->has_begun = true;
	submit(driver);
	return driver;
}

void mend_driver_cancel(struct mend_driver *driver, void *context, void (*on_released)(void *context))
{
	driver->context = context;
	driver->on_released = on_released;
	alarm_stop(driver->alarm);
	if (driver->is_stepping) {
		thread_pool_cancel(driver->options.threads, &driver->job);
		return;
	}
	cancel_fetches(driver);
	release(driver);
}
