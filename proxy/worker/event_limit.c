#include "proxy/worker/event_limit.h"

#include <stdlib.h>
#include <string.h>

enum full_policy { FULL_DROP, FULL_FOLD, FULL_EVICT };

/* Which events of a kind are the same thing, and what happens when there are too many. */
static const struct kind_rule {
	bool by_text;
	bool by_client; /* network, certificate, late or not */
	enum full_policy when_full;
	size_t max;
} rules[WORKER_STOPPED + 1] = {
    [WORKER_VERIFY_BACKEND] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_CLIENT_ALERT] = {true, true, FULL_FOLD, EVENT_LIMIT_MAX_REJECTIONS},
    [WORKER_CLIENT_VANISHED] = {true, true, FULL_FOLD, EVENT_LIMIT_MAX_VANISHED},
    [WORKER_NAME_ASKED] = {true, false, FULL_DROP, EVENT_LIMIT_MAX_NAMES},
    [WORKER_NAME_NOT_COVERED] = {true, false, FULL_EVICT, EVENT_LIMIT_MAX_NAMES},
    [WORKER_NOTHING_IN_COMMON] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_NO_TLS] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_CLIENT_BROKE] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_REQUEST_REFUSED] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_ANSWER_REFUSED] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_BACKEND_FAILED] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_NO_CREDENTIAL] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_ACCEPT_PAUSED] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_FULL] = {.max = EVENT_LIMIT_MAX_ENTRIES},
    [WORKER_STOPPED] = {.max = EVENT_LIMIT_MAX_ENTRIES},
};

/* The result of one walk through the entries. */
struct search {
	struct event_limit_entry *same; /* NULL: none */
	struct event_limit_entry *least; /* of the kind: the one with the fewest held; NULL: none */
	size_t num_of_kind; /* those that were folded apart */
};

static void send_entry(struct event_limit *limit, const struct event_limit_entry *entry, uint64_t count)
{
	struct worker_event *event = worker_event_new(entry->kind, limit->worker, entry->snapshot, entry->site);
	if (event == NULL)
		return; /* out of memory: a report is what can be done without */

	event->count = count;
	event->error = entry->error;
	event->alert = entry->alert;
	event->late = entry->late;
	event->network = entry->network;
	event->credential = entry->credential;
	memcpy(event->text, entry->text, sizeof(event->text));
	mailbox_post(limit->control, &event->mail);
}

static bool is_same(const struct event_limit_entry *entry, const struct event_limit_entry *report)
{
	const struct kind_rule *rule = &rules[report->kind];

	if (entry->site != report->site || entry->alert != report->alert || entry->snapshot != report->snapshot)
		return false;
	if (rule->by_client && (entry->network != report->network || entry->credential != report->credential ||
				entry->late != report->late))
		return false;
	return !rule->by_text || strcmp(entry->text, report->text) == 0;
}

static bool is_folded(const struct event_limit_entry *entry)
{
	return entry->text[0] == '\0' && entry->network == 0;
}

static struct search search(struct event_limit *limit, const struct event_limit_entry *report)
{
	struct search found = {0};

	for (size_t i = 0; i < limit->num_entries && found.same == NULL; i++) {
		struct event_limit_entry *entry = &limit->entries[i];

		if (entry->kind != report->kind)
			continue;
		if (is_same(entry, report))
			found.same = entry;
		if (found.least == NULL || entry->held < found.least->held)
			found.least = entry;
		found.num_of_kind += !is_folded(entry);
	}
	return found;
}

static void add(struct event_limit *limit, const struct event_limit_entry *report, uint64_t now_ms)
{
	if (limit->entries == NULL)
		limit->entries = calloc(EVENT_LIMIT_MAX_ENTRIES, sizeof(*limit->entries));
	if (limit->entries == NULL || limit->num_entries == EVENT_LIMIT_MAX_ENTRIES)
		return;
	struct event_limit_entry *entry = &limit->entries[limit->num_entries++];
	*entry = *report;
	entry->snapshot = report->snapshot != NULL ? snapshot_ref(report->snapshot) : NULL;
	entry->sent_ms = now_ms;
	entry->held = 0;
	entry->error = 0;
	send_entry(limit, entry, 1);
}

static void evict(struct event_limit_entry *least, const struct event_limit_entry *report)
{
	struct snapshot *former = least->snapshot;
	uint64_t held = least->held;
	uint64_t sent_ms = least->sent_ms;

	*least = *report;
	least->snapshot = report->snapshot != NULL ? snapshot_ref(report->snapshot) : NULL;
	least->sent_ms = sent_ms;
	least->error = held;
	least->held = held + 1;
	snapshot_unref(former);
}

static void fold(struct event_limit *limit, const struct event_limit_entry *report, uint64_t now_ms)
{
	struct event_limit_entry folded = *report;

	folded.text[0] = '\0';
	folded.network = 0;
	struct search found = search(limit, &folded);
	if (found.same != NULL)
		found.same->held++;
	else
		add(limit, &folded, now_ms);
}

void event_limit_report(struct event_limit *limit, const struct event_limit_entry *report, uint64_t now_ms)
{
	const struct kind_rule *rule = &rules[report->kind];
	struct search found = search(limit, report);

	if (found.same != NULL) {
		memcpy(found.same->text, report->text, sizeof(found.same->text));
		found.same->held++;
	} else if (found.num_of_kind < rule->max) {
		add(limit, report, now_ms);
	} else if (rule->when_full == FULL_FOLD) {
		fold(limit, report, now_ms);
	} else if (rule->when_full == FULL_EVICT && found.least != NULL) {
		evict(found.least, report);
	}
}

bool event_limit_flush(struct event_limit *limit, uint64_t now_ms, bool all)
{
	size_t kept = 0;

	for (size_t i = 0; i < limit->num_entries; i++) {
		struct event_limit_entry *entry = &limit->entries[i];
		bool due = all || now_ms >= entry->sent_ms + EVENT_LIMIT_MS;

		if (due && entry->held > 0) {
			send_entry(limit, entry, entry->held);
			entry->sent_ms = now_ms;
			entry->held = 0;
			entry->error = 0;
			due = all;
		}
		if (due)
			snapshot_unref(entry->snapshot);
		else
			limit->entries[kept++] = *entry;
	}
	limit->num_entries = kept;
	return kept > 0;
}

void event_limit_cleanup(struct event_limit *limit)
{
	for (size_t i = 0; i < limit->num_entries; i++)
		snapshot_unref(limit->entries[i].snapshot);
	free(limit->entries);
	limit->entries = NULL;
	limit->num_entries = 0;
}
