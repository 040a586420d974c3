#include "proxy/glue/event_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void send_entry(struct event_limit *limit, const struct event_limit_entry *entry, uint64_t count)
{
	struct worker_event *event = worker_event_new(entry->kind, limit->worker, entry->snapshot, entry->site);
	if (event == NULL)
		return; /* out of memory: a report is what can be done without */

	event->count = count;
	event->alert = entry->alert;
	memcpy(event->text, entry->text, sizeof(event->text));
	mailbox_post(limit->control, &event->mail);
}

static struct event_limit_entry *find(struct event_limit *limit, const struct event_limit_entry *report)
{
	for (size_t i = 0; i < limit->num_entries; i++) {
		struct event_limit_entry *entry = &limit->entries[i];

		if (entry->kind == report->kind && entry->site == report->site && entry->alert == report->alert &&
		    entry->snapshot == report->snapshot)
			return entry;
	}
	return NULL;
}

static struct event_limit_entry *make_place(struct event_limit *limit)
{
	if (limit->entries == NULL)
		limit->entries = calloc(EVENT_LIMIT_MAX_ENTRIES, sizeof(*limit->entries));
	if (limit->entries == NULL || limit->num_entries == EVENT_LIMIT_MAX_ENTRIES)
		return NULL;
	return &limit->entries[limit->num_entries++];
}

void event_limit_report(struct event_limit *limit, const struct event_limit_entry *report, uint64_t now_ms)
{
	struct event_limit_entry *entry = find(limit, report);

	if (entry != NULL) {
		memcpy(entry->text, report->text, sizeof(entry->text));
		entry->held++;
		return;
	}
	entry = make_place(limit);
	if (entry == NULL)
		return;
	*entry = *report;
	entry->snapshot = report->snapshot != NULL ? snapshot_ref(report->snapshot) : NULL;
	entry->sent_ms = now_ms;
	entry->held = 0;
	send_entry(limit, entry, 1);
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
