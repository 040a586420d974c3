#include "proxy/worker/worker_thread.h"

#include <stdio.h>
#include <stdlib.h>

#include "proxy/shared/verdict_memory.h"

struct snapshot_lease *snapshot_lease_new(struct snapshot *snapshot)
{
	struct snapshot_lease *lease = calloc(1, sizeof(*lease));
	if (lease == NULL)
		return NULL;
	lease->snapshot = snapshot_ref(snapshot);
	lease->users = 1;
	return lease;
}

void snapshot_lease_unref(struct snapshot_lease *lease)
{
	if (lease == NULL || --lease->users > 0)
		return;
	snapshot_unref(lease->snapshot);
	verdict_memory_free(lease->verdicts);
	free(lease);
}

void worker_thread_report(struct worker_thread *thread, enum worker_event_kind kind, struct snapshot *snapshot,
			  size_t site, uint8_t alert, const char *text)
{
	struct event_limit_entry report = {.kind = kind, .snapshot = snapshot, .site = site, .alert = alert};

	snprintf(report.text, sizeof(report.text), "%s", text);
	worker_thread_report_entry(thread, &report);
}

void worker_thread_report_entry(struct worker_thread *thread, const struct event_limit_entry *report)
{
	event_limit_report(&thread->limit, report, thread->now_ms);
	if (!timer_is_armed(&thread->limit_timer))
		timer_arm(&thread->timers, &thread->limit_timer, thread->now_ms + EVENT_LIMIT_MS);
}
