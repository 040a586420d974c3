#include "proxy/mending/mend_driver.h"

#include <stdlib.h>

#include "proxy/io/alarm.h"
#include "proxy/io/loop.h"
#include "proxy/mending/mend_tally.h"

enum mend_driver_state {
	MEND_DRIVER_STARTING,
	MEND_DRIVER_FETCHING,
	MEND_DRIVER_LATE, /* nothing is fetched any more */
};

/* One URL under way. */
struct driven_fetch {
	struct mend_driver *driver;
	struct fetch_request *request; /* NULL: answered */
	size_t index; /* into mend_requests */
};

struct mend_driver {
	struct mend_driver_options options;
	struct mend *mend;
	void *context;
	mend_driver_done *on_done;
	enum mend_driver_state state;
	struct alarm *alarm; /* rings for the start, then at the deadline */
	struct driven_fetch fetches[MEND_MAX_FETCHES];
	size_t num_fetches;
	size_t num_open; /* those without an answer */
	bool has_fetched;
	uint64_t first_fetch_ms; /* in the loop's time */
};

static const char out_of_time[] = "the time for all fetches was used up";

static void on_alarm(void *context);

static void driver_free(struct mend_driver *driver)
{
	alarm_free(driver->alarm);
	free(driver);
}

struct mend_driver *mend_driver_start(const struct mend_driver_options *options, struct mend *mend, void *context,
				      mend_driver_done *on_done)
{
	struct mend_driver *driver = calloc(1, sizeof(*driver));
	if (driver == NULL)
		return NULL;
	driver->options = *options;
	driver->mend = mend;
	driver->context = context;
	driver->on_done = on_done;
	driver->alarm = alarm_new(options->loop, driver, on_alarm);
	if (driver->alarm == NULL) {
		free(driver);
		return NULL;
	}
	alarm_set(driver->alarm, 0);
	return driver;
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

static void advance(struct mend_driver *driver);

static void on_fetched(void *context, const struct fetch_result *result)
{
	struct driven_fetch *fetch = context;
	struct mend_driver *driver = fetch->driver;

	fetch->request = NULL;
	driver->num_open--;
	mend_tally_fetch(driver->options.tally, result->ok, result->failure);
	if (result->ok)
		mend_give_body(driver->mend, fetch->index, result->body);
	else
		mend_give_failure(driver->mend, fetch->index, result->failure, result->detail);
	if (driver->num_open == 0)
		advance(driver);
}

/* Starts one fetch. Returns NULL, or why there is none. */
static const char *start_fetch(struct mend_driver *driver, size_t index, const char *url)
{
	struct driven_fetch *fetch = &driver->fetches[driver->num_fetches];

	if (driver->state == MEND_DRIVER_LATE)
		return out_of_time;
	if (driver->options.fetcher == NULL)
		return "nothing is fetched";
	if (driver->num_fetches == MEND_MAX_FETCHES)
		return "too many URLs at one time";
	*fetch = (struct driven_fetch){.driver = driver, .index = index};
	fetch->request = fetcher_get(driver->options.fetcher, url, fetch, on_fetched);
	if (fetch->request == NULL)
		return "out of memory";
	driver->num_fetches++;
	driver->num_open++;
	return NULL;
}

static void start_fetches(struct mend_driver *driver)
{
	size_t count = 0;
	const struct mend_request *requests = mend_requests(driver->mend, &count);

	driver->num_fetches = 0;
	for (size_t i = 0; i < count; i++) {
		const char *why_not = start_fetch(driver, i, requests[i].url);
		if (why_not != NULL)
			mend_give_failure(driver->mend, i, FETCH_FAILURE_NETWORK, why_not);
	}
	if (driver->num_open == 0 || driver->has_fetched)
		return;
	driver->has_fetched = true;
	driver->first_fetch_ms = loop_now_ms(driver->options.loop);
}

static void advance(struct mend_driver *driver)
{
	while (mend_advance(driver->mend) == MEND_WANT_URLS) {
		start_fetches(driver);
		if (driver->num_open > 0)
			return;
	}
	finish(driver);
}

static void cancel_fetches(struct mend_driver *driver)
{
	for (size_t i = 0; i < driver->num_fetches; i++) {
		struct driven_fetch *fetch = &driver->fetches[i];
		if (fetch->request == NULL)
			continue;
		fetcher_cancel(driver->options.fetcher, fetch->request);
		fetch->request = NULL;
		mend_give_failure(driver->mend, fetch->index, FETCH_FAILURE_NETWORK, out_of_time);
	}
	driver->num_open = 0;
}

static void on_alarm(void *context)
{
	struct mend_driver *driver = context;

	if (driver->state == MEND_DRIVER_STARTING && driver->options.timeout_ms > 0) {
		driver->state = MEND_DRIVER_FETCHING;
		alarm_set(driver->alarm, driver->options.timeout_ms);
	} else {
		driver->state = MEND_DRIVER_LATE;
		cancel_fetches(driver);
	}
	advance(driver);
}

void mend_driver_cancel(struct mend_driver *driver)
{
	if (driver == NULL)
		return;
	cancel_fetches(driver);
	driver_free(driver);
}
