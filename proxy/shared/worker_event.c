#include "proxy/shared/worker_event.h"

#include <stdlib.h>

struct worker_event *worker_event_new(enum worker_event_kind kind, unsigned worker, struct snapshot *snapshot,
				      size_t site)
{
	struct worker_event *event = calloc(1, sizeof(*event));
	if (event == NULL)
		return NULL;

	event->kind = kind;
	event->worker = worker;
	event->snapshot = snapshot != NULL ? snapshot_ref(snapshot) : NULL;
	event->site = site;
	event->count = 1;
	return event;
}

void worker_event_free(struct worker_event *event)
{
	if (event == NULL)
		return;
	snapshot_unref(event->snapshot);
	certificate_list_cleanup(&event->chain);
	free(event);
}
