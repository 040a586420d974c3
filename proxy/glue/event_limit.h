/* event_limit - at most one worker_event a second of a kind, a site and an alert, with the count of those in
 * between. */
#ifndef PROXY_GLUE_EVENT_LIMIT_H
#define PROXY_GLUE_EVENT_LIMIT_H

#include "proxy/glue/worker_event.h"

#define EVENT_LIMIT_MS 1000
#define EVENT_LIMIT_MAX_ENTRIES 256 /* kinds, sites and alerts of one second; more are not told */

struct event_limit_entry {
	enum worker_event_kind kind;
	struct snapshot *snapshot; /* one reference */
	size_t site;
	uint8_t alert;
	uint64_t sent_ms;
	uint64_t held; /* since then */
	char text[sizeof(((struct worker_event *)NULL)->text)]; /* of the last one */
};

struct event_limit {
	unsigned worker;
	struct mailbox *control;
	struct event_limit_entry *entries; /* made at the first event */
	size_t num_entries;
};

/* event_limit_report sends the event, or counts it. `snapshot` may be NULL. */
void event_limit_report(struct event_limit *limit, const struct event_limit_entry *report, uint64_t now_ms);

/* event_limit_flush sends what was held for a second; false when nothing is left to look after. `all` waits for
 * nothing. */
bool event_limit_flush(struct event_limit *limit, uint64_t now_ms, bool all);
void event_limit_cleanup(struct event_limit *limit);

#endif
