/* admin - the admin page, the metrics and the two answers for load balancers, over HTTP; of the control thread.
 *
 *	/               a page for a person, with /page.css and /page.js
 *	/api/status     its data as JSON (docs/admin.md)
 *	/metrics        Prometheus' text format (docs/metrics.md)
 *	/healthz        200 while the process works
 *	/readyz         200 while it listens and serves, 503 while it starts or drains, or no site can be served
 *	/readyz?sites   503 besides while any site cannot be served
 *
 * Read-only. However often it is asked, and for whatever parts, making metrics takes a tenth of the thread's time at
 * the most, and making the page's data another one (time_budget.h): an answer that took long to make is sent again for
 * nine times as long, and a client that keeps asking for other parts has to wait (503).
 */
#ifndef PROXY_ADMIN_ADMIN_H
#define PROXY_ADMIN_ADMIN_H

#include "proxy/admin/admin_listener.h"
#include "proxy/admin/overview.h"

#define ADMIN_MAX_ANSWER_BYTES ((size_t)128 * 1024 * 1024)
#define ADMIN_KEPT_ANSWERS 16 /* of a kind: 1,600 sites, for those who look at all of them */
#define ADMIN_REST_FACTOR 9 /* of the time that making an answer took */

struct admin_options {
	struct loop *loop;
	const struct program_log *log; /* borrowed */
	void *context;
	/* Fills in the state of this moment; admin adds the times. */
	void (*look)(void *context, struct overview *out);
};

struct admin;

struct admin *admin_new(const struct admin_options *options); /* NULL when out of memory */
void admin_free(struct admin *admin); /* NULL is fine */

/* admin_tick ends a minute of the sites' traffic when it is over. Call it each second; `now_s` is monotonic. */
void admin_tick(struct admin *admin, uint64_t now_s);

/* admin_use serves at this listener from now on (NULL: the page is off). Failures are logged. */
void admin_use(struct admin *admin, struct admin_listener *take_listener);
const struct admin_listener *admin_listener(const struct admin *admin); /* NULL: none */

#endif
