/* fetcher - fetches the bodies of http URLs, within limits that keep a hostile certificate's URL from doing harm.
 *
 * http alone; the policy judges each address before it is connected to, those of redirects too; at most
 * FETCH_MAX_REDIRECTS, FETCH_MAX_BODY_BYTES and FETCH_TIMEOUT_MS in all; no credentials, cookies or kept connections;
 * the environment's proxy variables are ignored. Requests for one URL share one transfer. A URL that failed is not asked
 * again for a while (fetch_pauses.h). One loop, one thread. Each configuration has a fetcher of its own, so that after a
 * reload nothing is remembered that came from the former rules.
 */
#ifndef PROXY_FETCH_FETCHER_H
#define PROXY_FETCH_FETCHER_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"
#include "chaincache/fetching/fetch_failure.h"
#include "chaincache/fetching/fetch_policy.h"

#define FETCHER_MAX_UNDER_WAY 32 /* transfers; further ones wait for their turn, and their time has not begun */
#define FETCHER_MAX_REQUESTS 1000 /* not answered yet; further ones fail at once */
#define FETCHER_MAX_DETAIL 384

struct loop;
struct fetcher;
struct fetch_request; /* valid until its callback begins, or it is cancelled */

struct fetcher_options {
	/* NULL: public addresses alone. Owned by fetcher_new, on errors too. */
	struct fetch_policy *take_policy;
	const char *proxy; /* an HTTP proxy, "http://host:port" or "host:port"; NULL or "": none (copied) */
	const char *no_proxy; /* hosts asked without it, in the form of the variable NO_PROXY; may be NULL (copied) */
	const char *user_agent; /* NULL: "chainmend" (copied) */
	unsigned timeout_ms; /* 0: FETCH_TIMEOUT_MS */
	unsigned connect_timeout_ms; /* 0: FETCH_CONNECT_TIMEOUT_MS */
	unsigned first_pause_ms; /* 0: FETCH_PAUSE_FIRST_MS */
};

struct fetch_result {
	bool ok;
	struct bytes body; /* when ok; borrowed while the callback runs */
	enum fetch_failure failure; /* when not ok */
	/* When not ok: the reason in words ("timed out after 5 s", "HTTP status 404"); for FETCH_FAILURE_REFUSED the
	 * line that would allow it ("fetch_allow = 127.0.0.1"). */
	const char *detail;
};

/* fetcher_new: ERROR_FORMAT for a proxy that cannot be used. */
MUST_USE struct error fetcher_new(struct loop *loop, const struct fetcher_options *options, struct fetcher **out);

/* fetcher_get asks for `url` (copied). `on_done` comes exactly once, never before this returns, unless the request is
 * cancelled or the fetcher closed; it may call every function here. NULL when out of memory: no callback comes. */
MUST_USE struct fetch_request *fetcher_get(struct fetcher *fetcher, const char *url, void *context,
					   void (*on_done)(void *context, const struct fetch_result *result));

/* fetcher_cancel: the callback does not come. A transfer that nobody waits for any more is ended. */
void fetcher_cancel(struct fetcher *fetcher, struct fetch_request *request);

/* fetcher_close ends all transfers and drops open requests without an answer. The fetcher is freed from the loop; then
 * `on_closed` (may be NULL) comes. */
void fetcher_close(struct fetcher *fetcher, void *context, void (*on_closed)(void *context));

#endif
