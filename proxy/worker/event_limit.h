/* event_limit - sends at most one worker_event a second about the same thing, with the count of those in between.
 *
 * Each kind has a rule for which events are the same, and for what happens when no place is free. For most kinds, those
 * with the same site and alert are the same; the text is that of the last event, and an event without a place is
 * dropped. For rejections, the certificate, the client's network and the name count too; those without a place are
 * counted together, without network and name. Names that are not covered are counted by name; a name without a place
 * takes that of the least frequent one and inherits its count as its error, so that a frequent one cannot be missed
 * (see name_sketch.h).
 */
#ifndef PROXY_WORKER_EVENT_LIMIT_H
#define PROXY_WORKER_EVENT_LIMIT_H

#include "proxy/shared/worker_event.h"

#define EVENT_LIMIT_MS 1000
#define EVENT_LIMIT_MAX_ENTRIES 512 /* of one second */
#define EVENT_LIMIT_MAX_REJECTIONS 128 /* with their network and name */
#define EVENT_LIMIT_MAX_VANISHED 32
#define EVENT_LIMIT_MAX_NAMES 64

struct event_limit_entry {
	enum worker_event_kind kind;
	struct snapshot *snapshot; /* one reference */
	size_t site;
	uint8_t alert;
	bool late;
	uint64_t network;
	const struct credential *credential; /* borrowed from snapshot */
	uint64_t sent_ms;
	uint64_t held; /* since then */
	uint64_t error; /* of held */
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
