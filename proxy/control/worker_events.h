/* worker_events - handles what the workers report: makes findings about clients, lines of the program log, and
 * questions of trust. */
#ifndef PROXY_CONTROL_WORKER_EVENTS_H
#define PROXY_CONTROL_WORKER_EVENTS_H

#include "proxy/clients/client_findings.h"
#include "proxy/control/event_lines.h"
#include "proxy/mending/backend_trust.h"
#include "proxy/shared/worker_event.h"

/* All borrowed. */
struct worker_events {
	struct loop *loop;
	const struct program_log *log;
	struct client_findings *clients;
	struct chain_watch *watch;
	struct event_lines *lines;
	struct backend_trust *trust;
};

/* worker_events_take handles every kind but WORKER_STOPPED; the event stays the caller's. */
void worker_events_take(const struct worker_events *events, const struct worker_event *event);

#endif
