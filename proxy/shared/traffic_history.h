/* traffic_history - one site's handshakes of the last hour, minute by minute: a ring that does not grow.
 *
 * Fed with totals that only rise; it keeps the differences. Pure: its owner calls it at the end of each minute. A
 * zeroed one is empty and complete: minutes before the start are minutes without traffic.
 */
#ifndef PROXY_SHARED_TRAFFIC_HISTORY_H
#define PROXY_SHARED_TRAFFIC_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define TRAFFIC_HISTORY_MINUTES ((size_t)60)
#define TRAFFIC_HISTORY_MINUTE_MS 60000

/* Totals since the start, or what one minute had. */
struct traffic_sample {
	uint64_t handshakes; /* that were complete */
	uint64_t rejected; /* by a client's alert about the certificate */
	uint64_t failed; /* that were not complete, be it by an alert, an error or a time-out */
};

struct traffic_history {
	struct traffic_sample minutes[TRAFFIC_HISTORY_MINUTES]; /* a ring */
	struct traffic_sample last; /* the totals at the end of the last minute */
	size_t next; /* where the next minute goes */
};

/* traffic_history_end_minute: `total` is the count up to now. */
void traffic_history_end_minute(struct traffic_history *history, struct traffic_sample total);

/* traffic_history_get returns the minute that ended `age` minutes before the last one, below
 * TRAFFIC_HISTORY_MINUTES. */
struct traffic_sample traffic_history_get(const struct traffic_history *history, size_t age);

/* traffic_history_continue takes over the minutes of a history whose totals ended; those to come begin at zero. */
void traffic_history_continue(struct traffic_history *history, const struct traffic_history *former);

/* traffic_history_running returns what the present minute has had up to now. */
struct traffic_sample traffic_history_running(const struct traffic_history *history, struct traffic_sample total);

#endif
