/* time_text - prints and parses times in the form of RFC 3339; prints them in UTC. */
#ifndef PROXY_LOG_TIME_TEXT_H
#define PROXY_LOG_TIME_TEXT_H

#include <stdint.h>

#include "chaincache/base/error.h"

#define TIME_TEXT_MAX 40 /* with the terminating NUL */

/* time_text_print writes "2026-11-20T10:35:41Z"; returns `out`. Years outside 0 to 9999 are clamped. */
const char *time_text_print(int64_t seconds, char out[TIME_TEXT_MAX]);

/* time_text_print_ms writes "2026-11-20T10:35:41.007Z". */
const char *time_text_print_ms(int64_t milliseconds, char out[TIME_TEXT_MAX]);

/* time_text_print_day writes "2026-11-20". */
const char *time_text_print_day(int64_t seconds, char out[TIME_TEXT_MAX]);

/* time_text_parse reads an RFC 3339 time ("2026-11-20T10:35:41Z", "... 10:35:41.5+01:00") or a day ("2026-11-20",
 * midnight UTC), into seconds since 1970; a fraction of a second is cut. ERROR_FORMAT says what is wrong. */
MUST_USE struct error time_text_parse(const char *text, int64_t *out_seconds);

/* time_text_now_ms is the wall clock in milliseconds since 1970. */
int64_t time_text_now_ms(void);

#endif
