/* recent_lines - keeps the last lines of the fix log, without their chains, for the admin page. */
#ifndef PROXY_LOG_RECENT_LINES_H
#define PROXY_LOG_RECENT_LINES_H

#include <jansson.h>
#include <stddef.h>

#include "proxy/log/known_findings.h"

#define RECENT_LINES_MAX 50

/* Zero-initialised is a valid empty one. */
struct recent_lines {
	json_t *items[RECENT_LINES_MAX]; /* a ring; NULL: nothing yet */
	size_t next;
};

/* recent_lines_add: a line is left out when out of memory. */
void recent_lines_add(struct recent_lines *lines, const struct finding_group *group,
		      const struct finding_change *change, int64_t now_ms);
void recent_lines_cleanup(struct recent_lines *lines);

/* recent_lines_json is a list of them, the latest first; a new reference, NULL when out of memory. */
json_t *recent_lines_json(const struct recent_lines *lines);

#endif
