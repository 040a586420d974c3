/* overview - the state of the server at one moment, for the admin page and the metrics. All borrowed. */
#ifndef PROXY_ADMIN_OVERVIEW_H
#define PROXY_ADMIN_OVERVIEW_H

#include "proxy/admin/reload_tally.h"
#include "proxy/clients/chain_watch.h"
#include "proxy/log/fix_log.h"
#include "proxy/mending/mend_tally.h"
#include "proxy/sites/site_set.h"
#include "proxy/worker/worker.h"

struct overview {
	const char *state; /* "starting", "running", "draining" */
	bool running; /* it has started, and does not drain */
	bool ready; /* running, and a site has a certificate to serve */
	const struct site_set *sites;
	const struct fix_log *fix_log;
	const struct mend_tally *mends;
	const struct reload_tally *reloads;
	const struct chain_watch *watch;
	struct worker *const *workers; /* NULL among them: it has ended */
	unsigned num_workers;
	uint64_t num_wrong_tokens; /* that the admin page was sent */
	int64_t started_ms; /* since 1970 */
	int64_t now_ms;
};

/* The counters of all workers together. */
struct counter_sums {
#define X(field, ...) uint64_t field;
	COUNTERS(X)
#undef X
};

void overview_sum_counters(const struct overview *overview, struct counter_sums *out);

#endif
