/* event_lines - lines of the program log about what happens again and again: at most one a minute of a kind, with
 * a count.
 */
#ifndef PROXY_CONTROL_EVENT_LINES_H
#define PROXY_CONTROL_EVENT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_LINES_MAX 1000 /* kinds remembered; the one that was quiet for longest makes room */
#define EVENT_LINES_PAUSE_MS 60000

struct event_lines;

struct event_lines *event_lines_new(void); /* NULL when out of memory */
void event_lines_free(struct event_lines *lines);

/* event_lines_count adds `count` events of the kind `key`. Returns how many to log now, with those that were held
 * back, and in *out_again whether there was a line of them before; 0 when that is less than a pause ago. `now_ms` is
 * monotonic. */
uint64_t event_lines_count(struct event_lines *lines, const char *key, uint64_t count, uint64_t now_ms,
			   bool *out_again);

#endif
