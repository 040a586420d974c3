#include "proxy/control/worker_events.h"

#include <stdio.h>

#include <openssl/ssl.h>

#include "proxy/io/loop.h"
#include "proxy/log/time_text.h"

enum { MAX_KEY = 300, MAX_TIMES = 64 };

static const char *site_of(const struct worker_event *event)
{
	return event->snapshot != NULL ? event->snapshot->sites[event->site].config->name : "";
}

/* Writes a line for this kind of event at this site, unless one was written a short while ago. */
static void log_event(const struct worker_events *events, const struct worker_event *event, enum config_log_level level,
		      const char *what)
{
	char key[MAX_KEY];
	const char *site = site_of(event);

	snprintf(key, sizeof(key), "%d/%d/%s", (int)event->kind, (int)event->alert, site);
	bool again;
	uint64_t count = event_lines_count(events->lines, key, event->count, loop_now_ms(events->loop), &again);
	if (count == 0)
		return;
	char times[MAX_TIMES] = "";
	if (again)
		snprintf(times, sizeof(times), " (%llu since the last such line)", (unsigned long long)count);
	else if (count > 1)
		snprintf(times, sizeof(times), " (%llu times)", (unsigned long long)count);
	program_log_write(events->log, level, site, "%s%s%s%s", what, event->text[0] != '\0' ? ": " : "", event->text,
			  times);
}

static void watch_rejection(const struct worker_events *events, const struct worker_event *event,
			    enum tally_alert alert)
{
	const struct rejection rejection = {
	    .name = event->text,
	    .network = event->network,
	    .alert = alert,
	    .late = event->late,
	    .count = event->count,
	};

	if (event->credential != NULL)
		chain_watch_add(events->watch, site_of(event), event->credential, &rejection);
}

static void take_alert(const struct worker_events *events, const struct worker_event *event)
{
	char what[96];
	enum tally_alert alert = tally_alert_of(event->alert);

	if (tally_alert_is_rejection(alert))
		watch_rejection(events, event, alert);

	const struct client_alert seen = {.number = event->alert, .count = event->count, .network = event->network};
	if (client_findings_alert(events->clients, site_of(event), &seen, time_text_now_ms())) {
		snprintf(what, sizeof(what), "clients reject the certificate, alert \"%s\"",
			 SSL_alert_desc_string_long(event->alert));
		log_event(events, event, LOG_LEVEL_WARNING, what);
		return;
	}
	snprintf(what, sizeof(what), "clients ended handshakes with the alert \"%s\"",
		 SSL_alert_desc_string_long(event->alert));
	log_event(events, event, LOG_LEVEL_INFO, what);
}

static void take_name(const struct worker_events *events, const struct worker_event *event)
{
	const struct missed_name missed = {
	    .name = event->text,
	    .count = event->count,
	    .error = event->error,
	    .leaf = event->credential != NULL ? event->credential->chain.items[0].certificate : NULL,
	};
	client_findings_name(events->clients, site_of(event), &missed, time_text_now_ms());
}

void worker_events_take(const struct worker_events *events, const struct worker_event *event)
{
	switch (event->kind) {
	case WORKER_VERIFY_BACKEND:
		backend_trust_ask(events->trust, site_of(event), event->text, &event->chain, event->worker,
				  event->connection);
		break;
	case WORKER_CLIENT_ALERT:
		take_alert(events, event);
		break;
	case WORKER_CLIENT_VANISHED:
		watch_rejection(events, event, NUM_TALLY_ALERTS);
		break;
	case WORKER_NAME_ASKED: /* for the site, in server.c */
		break;
	case WORKER_NAME_NOT_COVERED:
		take_name(events, event);
		log_event(events, event, LOG_LEVEL_INFO, "clients ask for a name that no certificate covers");
		break;
	case WORKER_NOTHING_IN_COMMON:
		log_event(events, event, LOG_LEVEL_WARNING, "clients offer nothing that this site takes");
		break;
	case WORKER_NO_TLS:
		log_event(events, event, LOG_LEVEL_INFO, "clients send something other than TLS");
		break;
	case WORKER_CLIENT_BROKE:
		log_event(events, event, LOG_LEVEL_INFO, "TLS handshakes with clients failed");
		break;
	case WORKER_REQUEST_REFUSED:
		log_event(events, event, LOG_LEVEL_INFO, "requests were refused, since they break a rule of HTTP");
		break;
	case WORKER_ANSWER_REFUSED:
		log_event(events, event, LOG_LEVEL_WARNING,
			  "answers of the backend were refused, since they break a rule of HTTP");
		break;
	case WORKER_BACKEND_FAILED:
		log_event(events, event, LOG_LEVEL_WARNING, "connections failed at their backend");
		break;
	case WORKER_NO_CREDENTIAL:
		log_event(events, event, LOG_LEVEL_WARNING, "clients came while there is no certificate to serve");
		break;
	case WORKER_TRACE:
		program_log_write(events->log, LOG_LEVEL_DEBUG, site_of(event), "%s", event->text);
		break;
	case WORKER_ACCEPT_PAUSED:
	case WORKER_FULL:
		log_event(events, event, LOG_LEVEL_ERROR, "new connections are not accepted for a while");
		break;
	case WORKER_STOPPED:
		break;
	}
}
