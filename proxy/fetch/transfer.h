/* transfer - fetches one URL once: a body, or the reason why there is none. It follows redirects itself, so that each is
 * judged by the rules (fetcher.h).
 */
#ifndef PROXY_FETCH_TRANSFER_H
#define PROXY_FETCH_TRANSFER_H

#include "chaincache/base/bytes.h"
#include "chaincache/fetching/fetch_failure.h"
#include "chaincache/fetching/fetch_policy.h"
#include "proxy/fetch/curl_loop.h"
#include "proxy/fetch/fetch_proxy.h"

#define TRANSFER_MAX_HEADER_BYTES ((size_t)64 * 1024) /* of one answer */
#define TRANSFER_MAX_DETAIL 384

/* Borrowed by each transfer while it lives. */
struct transfer_rules {
	const struct fetch_policy *policy;
	struct fetch_proxy proxy;
	char *user_agent;
	unsigned timeout_ms; /* in all, with redirects */
	unsigned connect_timeout_ms; /* each connection, resolving included */
};

struct transfer_outcome {
	bool ok;
	struct bytes body; /* when ok; borrowed from the transfer */
	enum fetch_failure failure; /* when not ok: FETCH_FAILURE_NETWORK or FETCH_FAILURE_REFUSED */
	char detail[TRANSFER_MAX_DETAIL]; /* when not ok; as fetch_result's */
};

struct transfer;

/* transfer_check_url says in words why `url` cannot be fetched, by its form alone; NULL when it can. */
const char *transfer_check_url(const char *url);

/* transfer_new: NULL when out of memory. */
struct transfer *transfer_new(struct curl_loop *curl_loop, const struct transfer_rules *rules, const char *url);

/* transfer_start: `on_ended` comes once, from the loop; it may free the transfer. False: it has ended already, and
 * on_ended does not come. */
bool transfer_start(struct transfer *transfer, void *context, void (*on_ended)(void *context));

/* transfer_outcome is valid once the transfer has ended. */
const struct transfer_outcome *transfer_outcome(const struct transfer *transfer);

/* transfer_free ends it, where it is still under way. NULL is fine. */
void transfer_free(struct transfer *transfer);

#endif
